import { isDeepStrictEqual } from 'node:util';

import * as z from 'zod';

import type { Database } from '../machine/database.ts';
import type { TableEngine } from './engine.ts';

const StreamRecord = z.looseObject({
  eventID: z.string(),
  eventName: z.string(),
  dynamodb: z.looseObject({ SequenceNumber: z.string(), ApproximateCreationDateTime: z.unknown() }),
});
export type StreamRecord = z.infer<typeof StreamRecord>;

const Described = z.object({ StreamDescription: z.object({ Shards: z.array(z.object({ ShardId: z.string() })) }) });
const Iterator = z.object({ ShardIterator: z.string() });
const Records = z.object({ Records: z.array(StreamRecord), NextShardIterator: z.string().nullish() });
const Position = z.object({ sequence: z.string() });
const beginning = 'beginning';

/** Milliseconds. Where nothing is written the engine is asked all the same, as an iterator that is never used expires. */
const staleAfter = 60_000;

const api = 'DynamoDBStreams_20120810';

const epochSeconds = (value: unknown): number =>
  typeof value === 'number' ? value : Math.floor(Date.parse(String(value)) / 1000);

/** DynamoDB says nothing of a write that changes nothing; the engine does. */
export const isChange = ({ eventName, dynamodb }: StreamRecord): boolean => {
  const { OldImage: before, NewImage: after } = dynamodb;
  return eventName !== 'MODIFY' || before === undefined || after === undefined || !isDeepStrictEqual(before, after);
};

/** One reader of one table's stream. Its position is kept, so that after a restart it goes on where it was. */
export class StreamReader {
  readonly #engine: TableEngine;
  readonly #database: Database;
  readonly #name: string;
  readonly #stream: string;
  readonly #region: string;
  #iterator: string | undefined;
  #next: string | undefined;
  /** Of the tables, when the last read began that found nothing. */
  #nothingAt: { readonly version: number; readonly millis: number } | undefined;

  constructor(engine: TableEngine, database: Database, of: { name: string; stream: string; region: string }) {
    this.#engine = engine;
    this.#database = database;
    this.#name = of.name;
    this.#stream = of.stream;
    this.#region = of.region;
  }

  /** A reader without a position: `LATEST` skips what was written before the first start, and only before that. */
  async begin(at: 'TRIM_HORIZON' | 'LATEST'): Promise<void> {
    if (this.#position() !== undefined) return;
    let last = beginning;
    if (at === 'LATEST') {
      for (let records = await this.read(1000); records.length > 0; records = await this.read(1000)) {
        last = records.at(-1)?.dynamodb.SequenceNumber ?? last;
        this.#iterator = this.#next;
      }
    }
    this.#write(last);
  }

  /** The same records again until they are kept. */
  async read(most: number): Promise<StreamRecord[]> {
    const at = { version: this.#engine.version(), millis: performance.now() };
    if (at.version === this.#nothingAt?.version && at.millis - this.#nothingAt.millis < staleAfter) return [];
    try {
      this.#iterator ??= await this.#find();
      const input = { ShardIterator: this.#iterator, Limit: Math.min(1000, most) };
      const { Records: records, NextShardIterator: next } = await this.#engine.call(
        `${api}.GetRecords`,
        input,
        Records,
      );
      this.#next = next ?? undefined;
      if (records.length === 0) this.#iterator = this.#next;
      this.#nothingAt = records.length === 0 ? at : undefined;
      return records.map((record) => this.#asOnAws(record));
    } catch (error) {
      // Iterators expire; the position does not.
      this.#iterator = undefined;
      throw error;
    }
  }

  keep(records: readonly StreamRecord[]): void {
    const last = records.at(-1);
    if (last === undefined) return;
    this.#iterator = this.#next;
    this.#write(last.dynamodb.SequenceNumber);
  }

  async #find(): Promise<string> {
    const described = await this.#engine.call(`${api}.DescribeStream`, { StreamArn: this.#stream }, Described);
    const ShardId = described.StreamDescription.Shards[0]?.ShardId;
    const sequence = this.#position() ?? beginning;
    const from =
      sequence === beginning
        ? { ShardIteratorType: 'TRIM_HORIZON' }
        : { ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', SequenceNumber: sequence };
    const input = { StreamArn: this.#stream, ShardId, ...from };
    return (await this.#engine.call(`${api}.GetShardIterator`, input, Iterator)).ShardIterator;
  }

  #asOnAws(record: StreamRecord): StreamRecord {
    const { dynamodb } = record;
    const created = epochSeconds(dynamodb.ApproximateCreationDateTime);
    return { ...record, awsRegion: this.#region, dynamodb: { ...dynamodb, ApproximateCreationDateTime: created } };
  }

  #position(): string | undefined {
    return this.#database.first(Position, 'SELECT sequence FROM positions WHERE reader = ?', this.#name)?.sequence;
  }

  #write(sequence: string): void {
    this.#database.run('INSERT OR REPLACE INTO positions VALUES (?, ?)', this.#name, sequence);
  }
}
