import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { derivedId } from '#kernel/id.ts';
import type { Batch } from '#reconciliation/batch.ts';
import { noRefunds, type Payment } from '#payments/payment.ts';
import { judgeDay } from '#settlement/releasing/judge-day.ts';
import { itemOf, releaseJournal, totalsOf, type Settlement } from '#settlement/settlement.ts';
import { statementOf } from '#settlement/statement.ts';
import { settlementView, SettlementView } from '#settlement/view.ts';

import * as given from '../given.ts';

const day = { channelAccountId: given.channelAccount().id, date: given.today };

const settlement = (payments: readonly Payment[]): Settlement => ({
  id: derivedId('stl', 'x'),
  version: 0,
  app_id: given.app().id,
  merchant_id: given.merchant().id,
  channel_account_id: given.channelAccount().id,
  business_date: given.today,
  currency: 'CNY',
  ...totalsOf(payments.flatMap((payment) => itemOf(payment, day))),
  withheld: [],
  status: 'released',
  released_at: given.days(1),
  accounting_date: '2026-03-03',
  statement_key: 'settlements/x.csv',
});

const payments = fc
  .array(
    fc.record({
      amount: fc.bigInt({ min: 1n, max: 10_000_000_000n }),
      fee: fc.nat(1_000),
      refunded: fc.nat(1_000),
      returned: fc.nat(1_000),
    }),
    { maxLength: 20 },
  )
  .map((some) =>
    some.map(({ amount, fee, refunded, returned }, index): Payment => {
      const paidFee = (amount * BigInt(fee)) / 1_000n;
      const taken = (amount * BigInt(refunded)) / 1_000n;
      const back = taken < paidFee ? 0n : (paidFee * BigInt(returned)) / 1_000n;
      const refunds = { ...noRefunds, amount_from_pending: taken, from_pending: taken - back, count_from_pending: 1 };
      return given.paid({ amount, merchant_order_id: `o${index}`, refunds }, { fee: paidFee });
    }),
  );

describe('a settlement', () => {
  test('adds up: payments less refunds less fees is what is released, and its statement says the same', () => {
    fc.assert(
      fc.property(payments, (some) => {
        const made = settlement(some);
        expect(made.payments.amount - made.refunds.amount - made.fees.amount).toBe(made.net);
        const items = some.flatMap((payment) => itemOf(payment, day));
        const rows = statementOf(made, items)
          .trimEnd()
          .split('\r\n')
          .map((line) => line.split(','))
          // What nets to nothing says so below.
          .filter(([first]) => first !== 'carried');
        expect(rows).toHaveLength(items.length + 2);
        for (const column of [3, 4, 5, 6]) {
          const lines = rows.slice(1, -1).map((row) => BigInt(row[column]!));
          expect(lines.reduce((a, b) => a + b, 0n)).toBe(BigInt(rows.at(-1)![column]!));
        }
        expect(rows.at(-1)?.[6]).toBe(String(made.net));
      }),
    );
  });

  test('shows its wire form and nothing of our own keeping', () => {
    const view = settlementView(settlement([given.paid()]), 'https://s3.example/x');
    expect(SettlementView.safeParse(view).success).toBe(true);
    expect(Object.keys(view)).not.toEqual(expect.arrayContaining(['version', 'accounting_date', 'statement_key']));
    expect(JSON.stringify(view)).not.toContain('settlements/x.csv');
  });

  test('counts only what was paid on that day of that account', () => {
    expect(itemOf(given.paid(), day)).toHaveLength(1);
    expect(itemOf(given.paid(), { ...day, date: '2026-03-03' })).toEqual([]);
    expect(itemOf(given.paid(), { ...day, channelAccountId: derivedId('chn', 'other') })).toEqual([]);
    expect(itemOf(given.payment(), day)).toEqual([]);
  });

  test('books what it releases', () => {
    expect(releaseJournal(settlement([given.paid()]))).toMatchObject([
      {
        accounting_date: '2026-03-03',
        legs: [
          { subject: 'merchant_pending', side: 'debit', amount: 9_900n },
          { subject: 'merchant_available', side: 'credit', amount: 9_900n },
        ],
      },
    ]);
    expect(releaseJournal(settlement([]))).toEqual([]);
  });
});

test.each(['-2+3', '-cmd', '=1+1', '+1', '@x', '\tx'])(
  'a number %j is a text in the statement, never a formula',
  (no) => {
    const [item] = itemOf(given.paid({ merchant_order_id: no }), day);
    const [, line] = statementOf(settlement([]), [item!]).split('\r\n');
    expect(line?.split(',')[1]).toBe(`'${no}`);
  },
);

const judged = (batch: Partial<Batch> | undefined, open: string[] = [], some: Payment[] = [given.paid()]) =>
  judgeDay({
    latestBatch: async () => batch as Batch | undefined,
    openDifferences: async () => open,
    paymentsOf: async () => some,
  })(day.channelAccountId, day.date);

describe('a day', () => {
  test.each(['reconciled', 'reconciled_with_pending', 'breaks'] as const)(
    'that is %s is released but for what differs',
    async (verdict) =>
      expect(await judged({ status: 'completed', verdict }, ['pay_1'])).toEqual({
        kind: 'released',
        withheld: new Set(['pay_1']),
      }),
  );
  test.each([
    ['whose statement has not come', undefined],
    ['that is incomplete', { status: 'completed', verdict: 'incomplete' }],
    ['whose statement is abnormal', { status: 'abnormal' }],
    ['that is still being matched', { status: 'matching' }],
    ['that has no verdict', { status: 'completed' }],
  ] as const)('%s is blocked', async (_, batch) => expect(await judged(batch)).toEqual({ kind: 'blocked' }));
  test('on which nothing happened blocks nothing', async () =>
    expect(await judged(undefined, [], [])).toEqual({ kind: 'released', batchId: null, withheld: new Set() }));
});
