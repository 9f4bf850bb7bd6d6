import { PutEventsCommand, type EventBridgeClient, type PutEventsRequestEntry } from '@aws-sdk/client-eventbridge';

export interface Publication {
  readonly type: string;
  readonly at: Date;
  readonly detail: unknown;
}

export type Publish = (publications: readonly Publication[]) => Promise<void>;

const bytesPerCall = 256 * 1024;

/** As EventBridge counts: the texts in UTF-8, and 14 for the time. */
const sizeOf = ({ Source = '', DetailType = '', Detail = '' }: PutEventsRequestEntry): number =>
  14 + Buffer.byteLength(Source) + Buffer.byteLength(DetailType) + Buffer.byteLength(Detail);

/** At most ten entries and 256 KB a call. */
const calls = (entries: readonly PutEventsRequestEntry[]): PutEventsRequestEntry[][] => {
  const all: PutEventsRequestEntry[][] = [];
  let bytes = Infinity;
  for (const entry of entries) {
    const size = sizeOf(entry);
    const last = all.at(-1);
    if (last && last.length < 10 && bytes + size <= bytesPerCall) {
      last.push(entry);
      bytes += size;
    } else {
      all.push([entry]);
      bytes = size;
    }
  }
  return all;
};

/** Publishes to one bus. A call can succeed with failed entries: those are sent again, then it throws. */
export const publisher =
  (client: EventBridgeClient, bus: string): Publish =>
  async (publications) => {
    let waiting = publications.map(({ type, at, detail }): PutEventsRequestEntry => ({
      EventBusName: bus,
      Source: 'suanpan',
      DetailType: type,
      Time: at,
      Detail: JSON.stringify(detail),
    }));
    for (let tries = 0; waiting.length > 0; tries += 1) {
      if (tries === 4) throw new Error(`${waiting.length} events could not be published`);
      const failed: PutEventsRequestEntry[] = [];
      for (const entries of calls(waiting)) {
        const { Entries = [] } = await client.send(new PutEventsCommand({ Entries: entries }));
        failed.push(...entries.filter((_, index) => Entries[index]?.ErrorCode !== undefined));
      }
      waiting = failed;
    }
  };
