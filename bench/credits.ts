import { randomUUID } from 'node:crypto';

import { TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import { GetCommand, TransactWriteCommand } from '@aws-sdk/lib-dynamodb';

import { derivedId } from '#kernel/id.ts';
import { credit, debit, journal, type Journal } from '#ledger/journal.ts';
import { post } from '#ledger/post.ts';
import { ledgerStore } from '#ledger/store.ts';
import { committer } from '#platform/commit.ts';

import { tables } from '../test/tables.ts';
import { publish, say } from './print.ts';

const seconds = 8;
const writers = 16;
/** What a stream hands to one function at a time. */
const batch = 90;

type Tables = Awaited<ReturnType<typeof tables>>;

/** As many credits as the writers can make in the time, all to one merchant. */
const during = async (work: () => Promise<number>): Promise<number> => {
  const end = performance.now() + seconds * 1_000;
  let made = 0;
  await Promise.all(
    Array.from({ length: writers }, async () => {
      while (performance.now() < end) {
        // Added after the wait: `made += await …` would add to what was there before it.
        const more = await work();
        made += more;
      }
    }),
  );
  return made / seconds;
};

/** Idempotency row, three entries and three accounts in one transaction for each payment; whoever meets a conflict tries again. */
const textbook = async ({
  db,
}: Tables): Promise<{ rate: number; conflicts: number; made: number; balance: number }> => {
  let [conflicts, made] = [0, 0];
  const account = (name: string) => ({
    Update: {
      TableName: 'books',
      Key: { pk: `textbook#${name}` },
      UpdateExpression: 'ADD balance :by',
      ExpressionAttributeValues: { ':by': 1 },
    },
  });
  const row = (pk: string) => ({
    Put: { TableName: 'books', Item: { pk, amount: 1 }, ConditionExpression: 'attribute_not_exists(pk)' },
  });
  const rate = await during(async () => {
    const id = randomUUID();
    const accounts = ['merchant', 'clearing', 'fees'];
    const TransactItems = [
      row(`idempotency#${id}`),
      ...accounts.map((name) => row(`entry#${id}#${name}`)),
      ...accounts.map(account),
    ];
    for (;;) {
      try {
        await db.send(new TransactWriteCommand({ TransactItems }));
        made += 1;
        return 1;
      } catch (error) {
        if (!(error instanceof TransactionCanceledException)) throw error;
        conflicts += 1;
      }
    }
  });
  const { Item } = await db.send(new GetCommand({ TableName: 'books', Key: { pk: 'textbook#merchant' } }));
  return { rate, conflicts, made, balance: Number(Item?.['balance']) };
};

const receipt = (owner: Journal['owner']): Journal[] =>
  journal({ cause: randomUUID(), owner, accounting_date: '2026-03-02', currency: 'CNY' }, [
    debit('channel_clearing', 10_000n, derivedId('chn', 'bench')),
    credit('merchant_pending', 10_000n),
    debit('merchant_pending', 100n),
    credit('fee_income', 100n),
    debit('channel_cost', 60n, derivedId('chn', 'bench')),
    credit('channel_clearing', 60n, derivedId('chn', 'bench')),
  ]);

/** Journals folded from the stream: many in one transaction, one change for each balance. One reader for each merchant. */
const folded = async ({ db }: Tables) => {
  const deps = { ledger: ledgerStore(db, 'books'), commit: committer(db) };
  const owner = derivedId('mch', randomUUID());
  let made = 0;
  const start = performance.now();
  while (performance.now() - start < seconds * 1_000)
    made += await post(deps, Array.from({ length: batch }, () => receipt(owner)).flat());
  const rate = made / ((performance.now() - start) / 1_000);
  const accounts = await deps.ledger.accountsOf(owner);
  const pending = accounts.find(({ subject }) => subject === 'merchant_pending')?.balance ?? 0n;
  return { rate, made, balance: pending };
};

/** Credits to one merchant: ours beside the design of textbooks, on the same engine in the same run. */
export const credits = async (): Promise<void> => {
  const the = await tables();
  try {
    say(`  ${seconds} s of ${writers} writers by the textbook, then ${seconds} s of one reader of the stream …`);
    const book = await textbook(the);
    const ours = await folded(the);
    if (book.balance !== book.made) throw new Error('the textbook has lost a credit');
    if (ours.balance !== BigInt(ours.made) * 9_900n) throw new Error('ours has lost a credit');
    publish(
      'Credits to one merchant',
      `Same engine, same run. Textbook: ${writers} writers, each payment one transaction of an idempotency row, three entries and ` +
        `three accounts. Ours: one reader posts ${batch} journals of six legs at a time, each at most once. Both balances are checked.`,
      [
        { what: 'textbook', value: book.rate, unit: 'credits/s' },
        { what: 'textbook: transactions that met a conflict', value: book.conflicts, unit: 'conflicts' },
        { what: 'ours', value: ours.rate, unit: 'credits/s' },
        { what: 'ours, beside the textbook', value: ours.rate / book.rate, unit: 'times' },
        { what: 'write units for each credit, textbook (1 KB rows)', value: 14, unit: 'WRU' },
        { what: 'write units for each credit, ours', value: (2 * (batch + 5)) / batch, unit: 'WRU' },
      ],
    );
  } finally {
    await the.stop();
  }
};
