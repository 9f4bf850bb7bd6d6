import { describe, expect, test } from 'vitest';

import { derivedId } from '#kernel/id.ts';
import type { Payment } from '#payments/payment.ts';
import type { BankReceipt } from '#remittances/receipt.ts';
import { proveTransfers } from '#settlement/releasing/prove-transfers.ts';

import * as given from '../../given.ts';

const account = given.channelAccount().id;
const entry = derivedId('brc', account, 'one');

const transferred = (no: string, tradeNo: string = entry): Payment =>
  given.paid({ id: derivedId('pay', no), merchant_order_id: no }, { trade_no: tradeNo, flow_date: given.today });

const attached = (payment: Payment, over: Partial<BankReceipt> = {}): BankReceipt => ({
  id: entry,
  version: 1,
  channel_account_id: account,
  merchant_id: payment.merchant_id,
  status: 'attached',
  amount: payment.amount,
  currency: 'CNY',
  booked_on: given.today,
  value_on: given.today,
  is_reversal: false,
  bank_reference: 'NTRF-1',
  text: 'tea',
  payer: { name: 'Payer', account: '6222' },
  match: 'exact',
  payment_id: payment.id,
  time_zone: 'Asia/Shanghai',
  object_key: 'statements/x',
  line: 1,
  received_at: given.noon,
  attached_at: given.noon,
  ...over,
});

const withheld = async (payments: readonly Payment[], receipts: readonly BankReceipt[]) => {
  const asked: string[] = [];
  const judgement = await proveTransfers({
    paymentsOf: async () => payments,
    receipts: async (ids) => {
      asked.push(...ids);
      return receipts.filter(({ id }) => ids.includes(id));
    },
  })(account, given.today);
  expect(judgement).toMatchObject({ kind: 'released', batchId: null });
  return judgement.kind === 'released' ? [...judgement.withheld] : undefined;
};

describe('a day of a bank account', () => {
  test('releases what an entry of the bank’s statement has brought', async () => {
    const payment = transferred('a');
    expect(await withheld([payment], [attached(payment)])).toEqual([]);
  });

  test('releases what several entries have brought together, by the last of them', async () => {
    const payment = transferred('a');
    const lead = attached(payment, { amount: payment.amount - 1n, told: payment.amount });
    expect(await withheld([payment], [lead])).toEqual([]);
    // Of one that was more than was asked for, what the payment took.
    expect(await withheld([payment], [{ ...lead, amount: payment.amount + 1n }])).toEqual([]);
    expect(await withheld([payment], [{ ...lead, told: payment.amount - 1n }])).toEqual([payment.id]);
  });

  const payment = transferred('a');
  test.each<[string, BankReceipt[]]>([
    ['no entry', []],
    ['an entry that waits for a second person', [attached(payment, { status: 'pending_review' })]],
    ['an entry that is nobody’s', [attached(payment, { status: 'open', match: 'unknown' })]],
    ['an entry of another payment', [attached(payment, { payment_id: transferred('b').id })]],
    ['an entry of another amount', [attached(payment, { amount: payment.amount - 1n })]],
    ['money that went', [attached(payment, { status: 'other', amount: -payment.amount })]],
  ])('withholds what is proved by %s', async (_, receipts) => {
    expect(await withheld([payment], receipts)).toEqual([payment.id]);
  });

  test('is not asked about money of another day or of another account', async () => {
    const [yesterday, elsewhere] = [transferred('c'), transferred('d')].map((one, at) => ({
      ...one,
      attempts: one.attempts.map((attempt) =>
        at === 0
          ? { ...attempt, receipt: { ...attempt.receipt!, flow_date: '2026-03-01' } }
          : { ...attempt, channel_account_id: derivedId('chn', 'other') },
      ),
    }));
    expect(await withheld([yesterday!, elsewhere!], [])).toEqual([]);
  });
});
