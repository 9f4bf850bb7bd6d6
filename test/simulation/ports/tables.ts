import { marshall } from '@aws-sdk/util-dynamodb';

import type { Database } from '#platform/database.ts';

import type { Clock } from './clock.ts';
import type * as code from '../code.ts';
import { holds, updated, type Row } from './expressions.ts';

export type { Row } from './expressions.ts';

/** One row of one table, as it was and as it is. */
export interface Changed {
  readonly table: string;
  readonly pk: string;
  readonly before: Row | undefined;
  readonly after: Row | undefined;
}

interface Input {
  readonly TableName: string;
  readonly IndexName?: string;
  readonly Key: { pk: string };
  readonly Item: Row;
  readonly ConsistentRead?: boolean;
  readonly ConditionExpression?: string;
  readonly KeyConditionExpression?: string;
  readonly UpdateExpression: string;
  readonly ExpressionAttributeNames?: Record<string, string>;
  readonly ExpressionAttributeValues?: Record<string, unknown>;
  readonly ReturnValuesOnConditionCheckFailure?: string;
  readonly ScanIndexForward?: boolean;
  readonly Limit?: number;
  readonly ExclusiveStartKey?: { pk: string };
  readonly RequestItems: Record<string, { Keys: { pk: string }[]; ConsistentRead?: boolean }>;
  readonly TransactItems: { Put?: Input; Update?: Input; ConditionCheck?: Input }[];
}

const plain = (value: unknown): unknown => {
  if (typeof value === 'bigint') return Number(value);
  if (typeof value !== 'object' || value === null || value instanceof Set || value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value.map(plain);
  const kept: Row = {};
  for (const name in value) {
    const member = (value as Row)[name];
    if (member !== undefined) kept[name] = plain(member);
  }
  return kept;
};

const rowOf = (item: unknown) => plain(item) as Row;

const boundBy = ({ ExpressionAttributeNames: names = {}, ExpressionAttributeValues: values = {} }: Input) => ({
  names,
  values: rowOf(values),
});

const indexes: Readonly<Record<string, { partition: string; sort?: string }>> = {
  due: { partition: 'due_shard', sort: 'due_at' },
  flow: { partition: 'flow' },
  list: { partition: 'list', sort: 'listed_at' },
};

const $metadata = {};

/** What a write comes to: the row afterwards, or the row that refused it. */
type Judged =
  | { table: string; pk: string; before: Row | undefined; after: Row | undefined }
  | { refused: Row | undefined };

/**
 * DynamoDB behind the `send` of the SDK's client: conditional writes, transactions that name each refusal with the row that
 * refused, consistent reads, batches that succeed in part, and indexes that lag.
 */
export class Tables {
  readonly #rows = new Map<string, Map<string, Row>>();
  readonly #clock: Clock;
  readonly #sdk: typeof code.dynamo;
  readonly #log: Changed[] = [];
  /** Sees every commit, whole. */
  onCommit: (changes: readonly Changed[]) => void = () => undefined;
  /** How many of the latest commits an index may not have seen yet. */
  lag: () => number = () => 0;
  /** Whether a batch is answered in part, or a cancelled transaction names one reason only. */
  inPart: () => boolean = () => false;
  writes = 0;
  transactions = 0;
  refusedWrites = 0;

  constructor(clock: Clock, sdk: typeof code.dynamo) {
    this.#clock = clock;
    this.#sdk = sdk;
  }

  table(name: string): Map<string, Row> {
    let rows = this.#rows.get(name);
    if (!rows) this.#rows.set(name, (rows = new Map<string, Row>()));
    return rows;
  }

  readonly db = {
    send: (command: { constructor: { name: string }; input: Input }) =>
      this.#send(command.constructor.name, command.input),
  } as unknown as Database;

  #send(command: string, input: Input): Promise<unknown> {
    const name = command.replace('Command', '');
    if (name === 'Put' || name === 'Update' || name === 'TransactWrite') return this.#write(name, input);
    const read = { Get: this.#get, BatchGet: this.#batchGet, Query: this.#query }[name];
    if (!read) throw new Error(`${command} is not known here`);
    return this.#clock.call({
      kind: 'read',
      name: `${name} ${input.IndexName ?? input.Key?.pk ?? ''}`,
      perform: () => read(input),
      refuse: () => this.#throttled(),
    });
  }

  #throttled = () => new this.#sdk.ProvisionedThroughputExceededException({ message: 'throttled', $metadata });

  #cancelled = (reasons: { Code: string; Item?: unknown }[]) =>
    new this.#sdk.TransactionCanceledException({
      message: 'cancelled',
      $metadata,
      CancellationReasons: reasons as never,
    });

  #get = ({ TableName, Key }: Input) => ({ Item: this.table(TableName).get(Key.pk) });

  #batchGet = ({ RequestItems }: Input) => {
    const [[table, { Keys }]] = Object.entries(RequestItems) as [[string, { Keys: { pk: string }[] }]];
    if (new Set(Keys.map(({ pk }) => pk)).size !== Keys.length || Keys.length === 0 || Keys.length > 100)
      throw new Error('a batch of no keys, too many, or the same twice');
    const read = this.inPart() ? Math.ceil(Keys.length / 2) : Keys.length;
    const found = Keys.slice(0, read).flatMap(({ pk }) => this.table(table).get(pk) ?? []);
    const left = Keys.slice(read);
    return { Responses: { [table]: found }, UnprocessedKeys: left.length > 0 ? { [table]: { Keys: left } } : {} };
  };

  #query = (input: Input) => {
    const { partition, sort } = indexes[input.IndexName ?? ''] ?? { partition: '' };
    const seen = this.#seenBy(input.TableName, this.lag());
    const keyOf = (row: Row) => `${String(row[sort ?? 'pk'])} ${String(row['pk'])}`;
    const found = [...seen.values()]
      .filter((row) => row[partition] !== undefined && (!sort || row[sort] !== undefined))
      .filter((row) => holds(input.KeyConditionExpression, row, boundBy(input)))
      .toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
    if (input.ScanIndexForward === false) found.reverse();
    const from = input.ExclusiveStartKey ? found.findIndex((row) => row['pk'] === input.ExclusiveStartKey?.pk) + 1 : 0;
    const Items = found.slice(from, from + (input.Limit ?? 1_000));
    return { Items, ...(from + Items.length < found.length && { LastEvaluatedKey: { pk: Items.at(-1)?.['pk'] } }) };
  };

  /** A table as an index sees it that has missed the latest commits. */
  #seenBy(table: string, missed: number): Map<string, Row> {
    if (missed === 0) return this.table(table);
    const seen = new Map(this.table(table));
    for (const { table: of, pk, before } of this.#log.slice(-missed).toReversed()) {
      if (of !== table) continue;
      if (before) seen.set(pk, before);
      else seen.delete(pk);
    }
    return seen;
  }

  #judge({ Put, Update, ConditionCheck }: Input['TransactItems'][number]): Judged {
    const input = Put ?? Update ?? ConditionCheck;
    if (!input) throw new Error('a write of nothing');
    const pk = Put ? String(Put.Item['pk']) : input.Key.pk;
    const before = this.table(input.TableName).get(pk);
    const bound = boundBy(input);
    if (!holds(input.ConditionExpression, before, bound)) return { refused: before };
    const after = Put ? rowOf(Put.Item) : Update ? updated(before ?? { pk }, Update.UpdateExpression, bound) : before;
    return { table: input.TableName, pk, before, after };
  }

  #commit(judged: readonly Judged[]): void {
    const changes = judged.filter((each) => 'pk' in each).filter(({ before, after }) => before !== after);
    for (const { table, pk, after } of changes) if (after) this.table(table).set(pk, after);
    this.#log.push(...changes);
    this.onCommit(changes);
  }

  #write(name: string, input: Input): Promise<unknown> {
    const items =
      name === 'TransactWrite' ? input.TransactItems : [name === 'Put' ? { Put: input } : { Update: input }];
    const keys = items.map(({ Put, Update, ConditionCheck }) =>
      String(Put ? (Put.Item['pk'] as string) : (Update ?? ConditionCheck)?.Key.pk),
    );
    if (new Set(keys).size !== keys.length || keys.length > 100)
      throw new Error('one row twice, or too many, in a transaction');
    const single = name !== 'TransactWrite';
    const perform = () => {
      this.writes += 1;
      if (!single) this.transactions += 1;
      const judged = items.map((item) => this.#judge(item));
      const refused = judged.flatMap((each, at) => ('refused' in each ? [at] : []));
      if (refused.length === 0) return this.#commit(judged);
      this.refusedWrites += 1;
      throw this.#refusal(judged, this.inPart() ? refused.slice(0, 1) : refused, single, items);
    };
    return this.#clock.call({
      kind: 'write',
      name: `${name} ${keys.join(', ')}`,
      perform,
      refuse: (fault) => this.#refused(fault, items.length, single),
      // The SDK sends a transaction again under the same token: it is the same transaction.
      ...(!single && {
        retried: () => {
          if (!this.inPart()) return;
          throw new this.#sdk.TransactionInProgressException({ message: 'in progress', $metadata });
        },
      }),
    });
  }

  #refused(fault: 'throttled' | 'conflict', count: number, single: boolean): unknown {
    if (single)
      return fault === 'throttled'
        ? this.#throttled()
        : new this.#sdk.TransactionConflictException({ message: fault, $metadata });
    const Code = fault === 'throttled' ? 'ThrottlingError' : 'TransactionConflict';
    const at = this.#clock.chance.below(count);
    return this.#cancelled(Array.from({ length: count }, (_, index) => ({ Code: index === at ? Code : 'None' })));
  }

  #refusal(
    judged: readonly Judged[],
    named: readonly number[],
    single: boolean,
    items: Input['TransactItems'],
  ): unknown {
    const itemAt = (at: number) => {
      const each = judged[at];
      const { Put, Update, ConditionCheck } = items[at]!;
      const wants = (Put ?? Update ?? ConditionCheck)?.ReturnValuesOnConditionCheckFailure === 'ALL_OLD';
      const row = wants && each && 'refused' in each ? each.refused : undefined;
      return row && { Item: marshall(row) };
    };
    if (single) return new this.#sdk.ConditionalCheckFailedException({ message: 'refused', $metadata, ...itemAt(0) });
    return this.#cancelled(
      judged.map((_, at) =>
        named.includes(at) ? { Code: 'ConditionalCheckFailed', ...itemAt(at) } : { Code: 'None' },
      ),
    );
  }
}
