import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { derivedId } from '#kernel/id.ts';
import { accountId, change, chart, type Subject } from '#ledger/account.ts';
import { changesOf } from '#ledger/balance.ts';
import { credit, debit, journal, type Journal } from '#ledger/journal.ts';
import { listEntries } from '#ledger/list-entries.ts';
import { post } from '#ledger/post.ts';
import { ledgerStore } from '#ledger/store.ts';
import { trialBalance } from '#ledger/view.ts';
import { committer, type Write } from '#platform/commit.ts';
import { shards } from '#platform/table.ts';

import * as given from '../given.ts';
import { patiently } from '../shop.ts';
import { tables } from '../tables.ts';

let the: Awaited<ReturnType<typeof tables>>;
beforeAll(async () => (the = await tables()));
afterAll(() => the.stop());

const books = () => ({ ledger: ledgerStore(the.db, 'books'), commit: committer(the.db) });
const owner = (name: string) => derivedId('mch', name);
const channel = (name: string) => derivedId('chn', name);

/** Money in: `amount` for the merchant, a fee of one fen. */
const receipt = (of: string, cause: string, amount = 100n, account = 'one', accounting_date = given.today): Journal[] =>
  journal({ cause: `${of}#${cause}`, owner: owner(of), accounting_date, currency: 'CNY' }, [
    debit('channel_clearing', amount, channel(account)),
    credit('merchant_pending', amount),
    debit('merchant_pending', 1n),
    credit('fee_income', 1n),
  ]);

const name = (of: string, subject: Subject, account?: string) => ({
  owner: owner(of),
  subject,
  currency: 'CNY',
  channelAccountId: account && channel(account),
});
const balance = async (of: string, subject: Subject, account?: string) =>
  (await books().ledger.findAccount(accountId(name(of, subject, account))))?.balance ?? 0n;

describe('posting', () => {
  test('twice is posting once, alone, at the same time, and within one call', async () => {
    const journals = receipt('twice', 'a');
    expect(await post(books(), journals)).toBe(1);
    expect(await post(books(), journals)).toBe(0);
    const more = receipt('twice', 'b');
    const counts = await Promise.all([1, 2, 3].map(() => post(books(), [...journals, ...more])));
    expect(counts.reduce((a, b) => a + b)).toBe(1);
    const last = receipt('twice', 'c');
    expect(await post(books(), [...last, ...last])).toBe(1);
    expect(await balance('twice', 'merchant_pending')).toBe(297n);
  });

  test('sixty at once to one merchant leaves every balance the sum of its entries', async () => {
    const all = Array.from({ length: 60 }, (_, n) => receipt('busy', String(n), BigInt(n + 2)));
    // Each is posted by two who do not know of each other.
    const counts = await Promise.all([...all, ...all].map((journals) => patiently(() => post(books(), journals))));
    expect(counts.reduce((a, b) => a + b)).toBe(60);
    for (const { name: account, by } of changesOf(all.flat()))
      expect((await books().ledger.findAccount(accountId(account)))?.balance).toBe(by);
  }, 40_000);

  test('two hundred at once in one call are all booked, however many channel accounts they touch', async () => {
    const all = Array.from({ length: 200 }, (_, n) => receipt('wide', String(n), 100n, `wide${n % 40}`)).flat();
    expect(await post(books(), all)).toBe(200);
    expect(await balance('wide', 'merchant_pending')).toBe(19_800n);
    expect(await balance('wide', 'channel_clearing', 'wide7')).toBe(500n);
  });

  test('never asks for more than a hundred writes, nor for one row twice', async () => {
    const asked: (readonly Write[])[] = [];
    const commit = async (writes: readonly Write[]) => (asked.push(writes), []);
    await post(
      { ...books(), commit },
      Array.from({ length: 300 }, (_, n) => receipt('many', String(n), 100n, `many${n % 45}`)).flat(),
    );
    for (const writes of asked) {
      expect(writes.length).toBeLessThanOrEqual(100);
      const keys = writes.map(({ Put, Update }) => String(Put?.Item?.['pk'] ?? Update?.Key?.['pk']));
      expect(new Set(keys).size).toBe(keys.length);
    }
    expect(asked.length).toBeLessThan(12);
  });

  test('books what is new when a part is there already', async () => {
    const [a, b] = [receipt('part', 'a'), receipt('part', 'b')];
    await post(books(), a);
    expect(await post(books(), [...a, ...b])).toBe(1);
    expect(await balance('part', 'fee_income')).toBe(2n);
  });

  test('of nothing writes nothing', async () => expect(await post(books(), [])).toBe(0));
});

const take = (amount: bigint, guard: { atLeast: bigint }) => {
  const { ledger, commit } = books();
  const journals = journal(
    {
      cause: `guarded#${Math.random()}`,
      owner: owner('guarded'),
      accounting_date: given.today,
      currency: 'CNY',
    },
    [debit('merchant_pending', amount), credit('merchant_held', amount)],
  );
  return commit(ledger.writes(journals, [{ account: name('guarded', 'merchant_pending'), ...guard }]));
};

describe('a guard', () => {
  test('lets no debit through that the balance does not carry, and nothing of it is written', async () => {
    expect(await take(1n, { atLeast: 1n })).toMatchObject([{ reason: 'condition' }]);
    await post(books(), receipt('guarded', 'a', 101n));
    expect(await take(101n, { atLeast: 101n })).toMatchObject([{ reason: 'condition' }]);
    expect(await balance('guarded', 'merchant_held')).toBe(0n);
    expect(await take(100n, { atLeast: 100n })).toEqual([]);
    expect(await balance('guarded', 'merchant_pending')).toBe(0n);
  });

  test('of thirty debits at once lets exactly those through that the balance carries', async () => {
    await post(books(), receipt('guarded', 'b', 11n));
    const tries = await Promise.all(
      Array.from({ length: 30 }, async () => {
        for (;;) {
          const refusals = await take(1n, { atLeast: 1n });
          if (refusals.every(({ reason }) => reason === 'condition')) return refusals.length === 0;
        }
      }),
    );
    expect(tries.filter(Boolean)).toHaveLength(10);
    expect(await balance('guarded', 'merchant_pending')).toBe(0n);
  }, 40_000);

  test('of a watermark refuses a debit of a released day, and a release that a debit has overtaken', async () => {
    const { ledger, commit } = books();
    const account = name('marked', 'merchant_pending');
    const [one, two] = [channel('one'), channel('two')];
    await post(books(), receipt('marked', 'a', 101n));
    const move = (cause: string, guard: object) =>
      commit(
        ledger.writes(
          journal({ cause, owner: owner('marked'), accounting_date: given.today, currency: 'CNY' }, [
            debit('merchant_pending', 10n),
            credit('merchant_available', 10n),
          ]),
          [{ account, ...guard }],
        ),
      );
    const read = await ledger.pendingState(account, one);
    expect(read).toEqual({ debits: 0, releasedThrough: undefined });
    const unreleased = { channelAccountId: one, date: given.today };
    expect(await move('debit', { unreleased })).toEqual([]);
    const release = { channelAccountId: one, date: given.today, read };
    expect(await move('release', { release })).toMatchObject([{ reason: 'condition' }]);
    const again = await ledger.pendingState(account, one);
    expect(again.debits).toBe(1);
    expect(await move('release', { release: { ...release, read: again } })).toEqual([]);
    expect(await move('late', { unreleased })).toMatchObject([{ reason: 'condition' }]);
    expect(await move('next day', { unreleased: { ...unreleased, date: '2026-03-03' } })).toEqual([]);
    // Another channel account has a watermark of its own.
    expect(await move('other', { unreleased: { ...unreleased, channelAccountId: two } })).toEqual([]);
    expect((await ledger.pendingState(account, two)).releasedThrough).toBeUndefined();
    // A watermark moves without money too.
    const now = await ledger.pendingState(account, two);
    await commit([ledger.watermark({ account, release: { channelAccountId: two, date: given.today, read: now } })]);
    expect((await ledger.pendingState(account, two)).releasedThrough).toBe(given.today);
  });
});

describe('the books', () => {
  test('balance on trial, whatever was posted', async () => {
    const rows = await Promise.all(shards.map((shard) => books().ledger.allAccounts(shard)));
    const trial = trialBalance(rows.flat(), 'CNY');
    expect(trial).toMatchObject({ currency: 'CNY', difference: 0 });
    expect(trial.debit).toBe(trial.credit);
    expect(trial.debit).toBeGreaterThan(0);
    const pending = trial.accounts.find(({ subject }) => subject === 'merchant_pending');
    expect(pending).toMatchObject({ kind: 'liability', debit: 0 });
    expect(trialBalance(rows.flat(), 'HKD')).toEqual({
      currency: 'HKD',
      debit: 0,
      credit: 0,
      difference: 0,
      accounts: [],
    });
  });

  test('show a merchant its own accounts, and none of another', async () => {
    const accounts = await books().ledger.accountsOf(owner('wide'));
    expect(accounts).toHaveLength(42);
    expect(accounts.every((account) => account.owner === owner('wide'))).toBe(true);
    expect(accounts.find(({ subject }) => subject === 'fee_income')).toMatchObject({ kind: 'income', currency: 'CNY' });
  });

  test('keep a journal as it was posted, and find it by its cause', async () => {
    const [kept] = receipt('twice', 'a');
    expect(await books().ledger.findJournal(derivedId('jnl', 'twice#a'))).toMatchObject({
      ...kept,
      legs: kept?.legs.map(({ channel_account_id, ...leg }) => ({
        ...leg,
        ...(channel_account_id && { channel_account_id }),
      })),
    });
  });
});

describe('the entries of an account', () => {
  test.each([1, 3, 100])('are listed whole in pages of %i, the newest day first, each once', async (limit) => {
    const of = 'listed';
    for (const [n, date] of ['2026-03-02', '2026-03-02', '2026-03-02', '2026-02-27', '2026-01-05'].entries())
      await post(books(), receipt(of, String(n), BigInt(n + 2), 'one', date));
    const account = await books().ledger.findAccount(accountId(name(of, 'merchant_pending')));
    const found: { accounting_date: string; amount: number; journal_id: string; side: string }[] = [];
    let cursor: string | null | undefined;
    for (let pages = 0; cursor !== null; pages += 1) {
      expect(pages).toBeLessThan(20);
      const page = await listEntries({ ledger: books().ledger, shards, today: '2026-03-02' }, account!, {
        limit,
        cursor: cursor ?? undefined,
      });
      found.push(...page.data);
      cursor = page.next_cursor;
    }
    expect(found).toHaveLength(10);
    expect(new Set(found.map(({ journal_id, side }) => journal_id + side)).size).toBe(10);
    expect(found.reduce((sum, { amount }) => sum + amount, 0)).toBe(Number(account!.balance));
    expect(found.map(({ accounting_date }) => accounting_date)).toEqual(
      found
        .map(({ accounting_date }) => accounting_date)
        .toSorted()
        .toReversed(),
    );
  });

  test.each(['x', 'e30', Buffer.from('["2026-03-02","jnl_x"]').toString('base64url')])(
    '%s is not a cursor',
    async (cursor) => {
      const account = await books().ledger.findAccount(accountId(name('busy', 'merchant_pending')));
      await expect(
        listEntries({ ledger: books().ledger, shards, today: given.today }, account!, { limit: 5, cursor }),
      ).rejects.toMatchObject({ code: 'invalid_request' });
    },
  );
});

describe('a journal', () => {
  const fields = { cause: 'x', owner: owner('x'), accounting_date: given.today, currency: 'CNY' };
  test('leaves out what does not move, and is none when nothing does', () => {
    expect(journal(fields, [debit('suspense', 0n), credit('fee_income', 0n)])).toEqual([]);
    const [made] = journal(fields, [
      debit('suspense', 5n),
      credit('fee_income', 5n),
      debit('channel_cost', 0n, channel('c')),
    ]);
    expect(made?.legs).toHaveLength(2);
  });
  test('that does not balance, or has a negative leg, is a bug', () => {
    expect(() => journal(fields, [debit('suspense', 5n), credit('fee_income', 4n)])).toThrow('does not balance');
    expect(() => journal(fields, [debit('suspense', -5n), credit('fee_income', -5n)])).toThrow('is negative');
  });
  test('moves an account up on its natural side and down on the other', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...(Object.keys(chart) as Subject[])),
        fc.bigInt({ min: 1n, max: 9n }),
        (subject, amount) => {
          const debitSide = ['asset', 'expense'].includes(chart[subject].kind);
          expect(change(subject, 'debit', amount)).toBe(debitSide ? amount : -amount);
          expect(change(subject, 'debit', amount) + change(subject, 'credit', amount)).toBe(0n);
        },
      ),
    );
  });
});
