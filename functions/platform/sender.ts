import { SendMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs';

export interface Message {
  readonly body: unknown;
  readonly delaySeconds?: number;
}

export type Send = (messages: readonly Message[]) => Promise<void>;

/** Sends to one queue, ten a call. A batch can succeed with failed entries: those are sent again, then it throws. */
export const sender =
  (sqs: SQSClient, queueUrl: string): Send =>
  async (messages) => {
    let waiting = messages.map(({ body, delaySeconds = 0 }, index) => ({
      Id: String(index),
      MessageBody: JSON.stringify(body),
      DelaySeconds: Math.min(900, Math.max(0, delaySeconds)),
    }));
    for (let tries = 0; waiting.length > 0; tries += 1) {
      if (tries === 4) throw new Error(`${waiting.length} messages could not be sent`);
      const failed = new Set<string | undefined>();
      for (let at = 0; at < waiting.length; at += 10) {
        const Entries = waiting.slice(at, at + 10);
        const answer = await sqs.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
        for (const { Id } of answer.Failed ?? []) failed.add(Id);
      }
      waiting = waiting.filter(({ Id }) => failed.has(Id));
    }
  };
