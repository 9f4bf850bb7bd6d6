import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { addDays } from '#kernel/business-date.ts';
import { derivedId } from '#kernel/id.ts';
import { changedSince, confirmedBy, dismissed, noAdvices, type Advice, type Advices } from '#remittances/advice.ts';
import { isToldBy } from '#remittances/match.ts';

import * as given from '../given.ts';

const account = given.channelAccount().id;
const payment = { id: derivedId('pay', 'told'), app_id: derivedId('app', 'shop') };

const advice = (over: Partial<Advice> = {}): Advice => ({
  no: 1,
  merchant_remittance_id: 'one',
  amount: 1_000n,
  currency: 'CNY',
  payer: { name: '买方（上海）有限公司', account: '6222 0000-1' },
  paid_on: given.today,
  proof: {
    id: derivedId('doc', 'one'),
    key: 'documents/x/y',
    name: 'proof.pdf',
    content_type: 'application/pdf',
    size: 1,
    sha256: '0'.repeat(64),
    asked_at: given.noon,
    asked_by: payment.app_id,
  },
  channel_account_id: account,
  said_by: payment.app_id,
  said_as: 'app',
  said_at: given.noon,
  status: 'waiting',
  ...over,
});

const entry = {
  channel_account_id: account,
  amount: 1_000n,
  currency: 'CNY',
  booked_on: given.today,
  payer: { name: '买方(上海)有限公司', account: '622200001' },
};

describe('an entry is told of', () => {
  test.each<[string, Partial<Advice>, Partial<typeof entry>]>([
    ['by the account of its payer, however it is spaced', {}, {}],
    ['by the account alone, whatever the bank calls the payer', {}, { payer: { name: 'OTHER', account: '622200001' } }],
    ['by name, where the bank shows no account', {}, { payer: { name: '买方(上海) 有限公司', account: '' } }],
    ['by name, where nobody has said an account', { payer: { name: '买方（上海）有限公司' } }, {}],
    ['ten days later', {}, { booked_on: addDays(given.today, 10) }],
  ])('%s', (_, said, shown) => {
    expect(isToldBy(advice(said), { ...entry, ...shown })).toBe(true);
  });

  test.each<[string, Partial<Advice>, Partial<typeof entry>]>([
    ['of another amount', { amount: 1_001n }, {}],
    ['of another currency', {}, { currency: 'USD' }],
    ['at another account of ours', {}, { channel_account_id: derivedId('chn', 'other') }],
    ['of another payer’s account', {}, { payer: { name: '买方(上海)有限公司', account: '622200002' } }],
    ['of another payer', { payer: { name: 'Somebody' } }, {}],
    ['of nobody knows whom', {}, { payer: { name: '', account: '' } }],
    ['before it was made', {}, { booked_on: addDays(given.today, -1) }],
    ['long after it was made', {}, { booked_on: addDays(given.today, 11) }],
    ['when it was confirmed by another', { status: 'confirmed' }, {}],
    ['when it was dismissed', { status: 'dismissed' }, {}],
  ])('not %s', (_, said, shown) => {
    expect(isToldBy(advice(said), { ...entry, ...shown })).toBe(false);
  });
});

const file = (...advices: Advice[]): Advices => ({ ...noAdvices(payment), advices });
const receipt = (name: string, amount: bigint) => ({ id: derivedId('brc', name), amount });

describe('what was told of', () => {
  test('is confirmed by an entry of its amount, each by one and one by each', () => {
    fc.assert(
      fc.property(
        fc.array(fc.bigInt(1n, 4n), { maxLength: 8 }),
        fc.array(fc.bigInt(1n, 4n), { maxLength: 8 }),
        (told, came) => {
          const before = file(...told.map((amount, at) => advice({ no: at + 1, amount })));
          const after = confirmedBy(
            before,
            came.map((amount, at) => receipt(String(at), amount)),
            given.noon,
          );
          const confirmed = changedSince(before, after);
          expect(new Set(confirmed.map(({ receipt_id }) => receipt_id)).size).toBe(confirmed.length);
          for (const amount of [1n, 2n, 3n, 4n]) {
            const of = (all: readonly bigint[]) => all.filter((each) => each === amount).length;
            const expected = Math.min(of(told), of(came));
            expect(confirmed.filter((each) => each.amount === amount)).toHaveLength(expected);
          }
          expect(confirmedBy(after, [], given.noon)).toEqual(after);
        },
      ),
    );
  });

  test('and dismissed is confirmed by nothing', () => {
    const ended = dismissed(file(advice()), 1, 'a slip', given.noon);
    expect(confirmedBy(ended, [receipt('late', 1_000n)], given.noon)).toEqual(ended);
  });
});
