import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import type { DynamoDBBatchResponse, DynamoDBStreamEvent, StreamRecord } from 'aws-lambda';

/** The stream's images are attribute values under another name of the same shape. */
type Image = NonNullable<StreamRecord['NewImage']>;

const isBytes = (value: unknown): value is { B: string } =>
  typeof value === 'object' && value !== null && 'B' in value && typeof value.B === 'string';

const attributesOf = (image: Image): Record<string, AttributeValue> =>
  JSON.parse(JSON.stringify(image), (_, value: unknown) =>
    isBytes(value) ? { B: Buffer.from(value.B, 'base64') } : value,
  );

const rowOf = (image: Image | undefined): Record<string, unknown> | undefined =>
  image && unmarshall(attributesOf(image));

/**
 * Reads a batch of changes in order. A record that cannot be understood is named as failed, with everything before it done:
 * the event source tries again from there, and gives it to the failure queue in the end.
 */
export const fold =
  <Consequence>(
    understand: (change: { pk: string; before: unknown; after: unknown }) => Consequence,
    follow: (consequences: readonly Consequence[]) => Promise<void>,
    noteFailure: (error: unknown) => void,
  ) =>
  async ({ Records }: DynamoDBStreamEvent): Promise<DynamoDBBatchResponse> => {
    const understood: Consequence[] = [];
    let failed: string | undefined;
    for (const { dynamodb } of Records) {
      try {
        const [before, after] = [rowOf(dynamodb?.OldImage), rowOf(dynamodb?.NewImage)];
        understood.push(understand({ pk: String((after ?? before)?.['pk']), before, after }));
      } catch (error) {
        noteFailure(error);
        failed = dynamodb?.SequenceNumber;
        break;
      }
    }
    await follow(understood);
    return { batchItemFailures: failed === undefined ? [] : [{ itemIdentifier: failed }] };
  };
