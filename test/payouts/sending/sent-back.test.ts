import { describe, expect, test } from 'vitest';

import { derivedId } from '#kernel/id.ts';
import { eventsOf } from '#payouts/events.ts';
import { journalsOf } from '#payouts/journals.ts';
import type { Payout } from '#payouts/payout.ts';
import { standingOf } from '#payouts/sending/sent-back.ts';

import * as given from '../../given.ts';

const booked = { at: given.noon, booked_on: given.today };

const payout = (over: Partial<Payout> = {}): Payout => ({
  id: derivedId('pyt', 'back'),
  version: 1,
  app_id: derivedId('app', 'one'),
  merchant_id: derivedId('mch', 'one'),
  merchant_payout_id: 'back-1',
  receipt_id: derivedId('brc', 'one'),
  by_hand: true,
  amount: 500n,
  currency: 'CNY',
  payee: { kind: 'bank_account', account: '62220001', name: 'Payer', bank: 'Bank' },
  status: 'processing',
  channel: 'bank',
  channel_account_id: derivedId('chn', 'bank'),
  time_zone: 'Asia/Shanghai',
  created_at: given.noon,
  reserved_on: given.today,
  ...over,
});

describe('money that goes back to whom it came from', () => {
  test.each<[string, Partial<Payout>]>([
    ['sending_back', {}],
    ['sent_back', { status: 'succeeded' }],
    ['open', { status: 'failed' }],
    ['open', { status: 'returned' }],
    ['open', { status: 'failed', late: [booked] }],
    ['open', { status: 'failed', late: [{ ...booked, decided: { ...booked, as: 'written_off' } }] }],
    ['sent_back', { status: 'failed', late: [{ ...booked, decided: { ...booked, as: 'charged' } }] }],
    ['open', { status: 'failed', late: [{ ...booked, decided: { ...booked, as: 'charged' }, returned: booked }] }],
  ])('is %s by its payout %o', (standing, over) => {
    expect(standingOf(payout(over))).toBe(standing);
  });

  test('leaves suspense, and is in suspense again when it could not be paid or came back', () => {
    const suspense = (over: Partial<Payout>) =>
      journalsOf(payout(over))
        .flatMap(({ legs }) => legs)
        .filter(({ subject }) => subject === 'suspense')
        .reduce((total, { side, amount }) => total + (side === 'credit' ? amount : -amount), 0n);
    expect(suspense({})).toBe(-500n);
    expect(suspense({ status: 'succeeded', succeeded: booked })).toBe(-500n);
    expect(suspense({ status: 'failed', failed: booked })).toBe(0n);
    expect(suspense({ status: 'returned', succeeded: booked, returned: booked })).toBe(0n);
  });

  test('is no app’s to hear of', () => {
    const arrived = payout({ status: 'succeeded', succeeded: booked });
    expect(eventsOf(payout(), arrived)).toEqual([]);
    expect(eventsOf(payout({ receipt_id: undefined }), { ...arrived, receipt_id: undefined })).toHaveLength(1);
  });
});
