import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { addDays } from '#kernel/business-date.ts';
import { derivedId } from '#kernel/id.ts';
import { sum } from '#kernel/money.ts';
import { takenOf, type BankReceipt } from '#remittances/receipt.ts';
import { together } from '#remittances/together.ts';

import * as given from '../given.ts';

const receipt = (no: number, amount: bigint, day: number): BankReceipt => ({
  id: derivedId('brc', String(no)),
  version: 3,
  channel_account_id: given.channelAccount().id,
  merchant_id: derivedId('mch', 'one'),
  status: 'open',
  amount,
  currency: 'CNY',
  booked_on: addDays(given.today, day),
  value_on: given.today,
  is_reversal: false,
  bank_reference: String(no),
  text: 'a part',
  payer: { name: 'Payer', account: '6222' },
  match: 'partial',
  by_advice: true,
  time_zone: 'Asia/Shanghai',
  object_key: 'statements/x',
  line: 1,
  received_at: given.noon,
});

const entries = fc
  .array(fc.tuple(fc.bigInt(1n, 5n), fc.integer({ min: 0, max: 3 })), { maxLength: 6 })
  .map((all) => all.map(([amount, day], no) => receipt(no, amount, day)));

describe('several entries', () => {
  test('pay exactly what is asked for, or nothing; what they are more is one entry of its own', () => {
    fc.assert(
      fc.property(entries, fc.bigInt(1n, 16n), (receipts, asked) => {
        const total = sum(receipts.map(({ amount }) => amount));
        const made = together(receipts, asked);
        if (made.kind !== 'whole') {
          const others = receipts.filter(({ id }) => made.kind === 'needless' && id !== made.id);
          const isEnough = sum(others.map(({ amount }) => amount)) >= asked;
          expect(made.kind === 'short' ? total + made.missing === asked && made.missing > 0n : isEnough).toBe(true);
          return;
        }
        const { parts, lead, rest } = made;
        expect(sum(parts.map(takenOf))).toBe(asked);
        expect(asked + (rest?.amount ?? 0n)).toBe(total);
        for (const part of parts) {
          expect(takenOf(part) > 0n && takenOf(part) <= part.amount).toBe(true);
          // Only the last is taken in part, and only when something is left of it.
          expect(part.taken !== undefined).toBe(part.id === lead.id && rest !== undefined);
          expect(part.booked_on <= lead.booked_on).toBe(true);
        }
        if (rest) expect(rest).toMatchObject({ version: 0, status: 'open', rest_of: lead.id });
        expect(new Set([...parts.map(({ id }) => id), rest?.id]).size).toBe(parts.length + 1);
      }),
    );
  });

  test('are the same whichever is named first', () => {
    fc.assert(
      fc.property(entries, fc.bigInt(1n, 16n), (receipts, asked) => {
        expect(together(receipts.toReversed(), asked)).toEqual(together(receipts, asked));
      }),
    );
  });
});
