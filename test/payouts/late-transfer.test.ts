import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { TransferOutcome } from '#channels/transfer.ts';
import { businessDate } from '#kernel/business-date.ts';
import { derivedId } from '#kernel/id.ts';
import { sum } from '#kernel/money.ts';
import { change, type Subject } from '#ledger/account.ts';
import { decideLate, isOwed } from '#payouts/late-transfer.ts';
import { journalsOf } from '#payouts/journals.ts';
import { flowOf, markersOf, movementsOf } from '#payouts/movements.ts';
import { decided, failPayout, heard, loseAnswer, sentByStatement, type Payout } from '#payouts/payout.ts';

import { hasEnded } from '#settlement/try.ts';

import * as given from '../given.ts';

const account = given.channelAccount().id;
const amount = 4_000n;

const payout = (over: Partial<Payout> = {}): Payout => ({
  id: derivedId('pyt', 'a'),
  version: 1,
  app_id: derivedId('app', 'a'),
  merchant_id: derivedId('mch', 'a'),
  merchant_payout_id: 'a',
  amount,
  currency: 'CNY',
  payee: { kind: 'alipay_account', account: 'someone@example.com', name: '某人' },
  status: 'processing',
  channel: 'alipay',
  channel_account_id: account,
  time_zone: 'Asia/Shanghai',
  created_at: given.noon,
  sent_at: given.noon,
  reserved_on: given.today,
  ...over,
});

const balances = (noun: Payout) => {
  const of = (subject: Subject) =>
    sum(
      journalsOf(noun)
        .flatMap(({ legs }) => legs)
        .filter((leg) => leg.subject === subject)
        .map((leg) => change(subject, leg.side, leg.amount)),
    );
  return {
    available: of('merchant_available'),
    transit: of('payout_in_transit'),
    clearing: of('channel_clearing'),
    owed: of('payout_receivable'),
    borne: of('write_off'),
  };
};

const failure = { code: 'PAYER_BALANCE_NOT_ENOUGH', message: '' };
const sent = (channelTradeNo: string): TransferOutcome => ({ kind: 'succeeded', channelTradeNo, at: given.noon });
const back = (channelTradeNo: string): TransferOutcome => ({
  kind: 'returned',
  channelTradeNo,
  failure,
  at: given.noon,
});
const refused: TransferOutcome = { kind: 'failed', failure };

const after = (start: Payout, ...outcomes: TransferOutcome[]) =>
  outcomes.reduce((noun, outcome) => heard(noun, outcome, given.noon), start);

describe('money that left for a payout that had ended', () => {
  test('is kept although the payout has failed: it is owed, and the merchant keeps what it was given back', () => {
    const noun = after(payout(), refused, sent('T1'), sent('T1'));
    expect(noun).toMatchObject({ status: 'failed', late: [{ channel_trade_no: 'T1' }] });
    expect(balances(noun)).toEqual({ available: 0n, transit: 0n, clearing: -amount, owed: amount, borne: 0n });
  });

  test('is kept when it had come back and went again, and when it went a second time under another trade', () => {
    expect(after(payout(), sent('T1'), back('T1'), sent('T1')).late).toBeUndefined();
    const again = after(payout(), sent('T1'), back('T1'), sent('T2'));
    expect([again.status, balances(again).owed, balances(again).clearing]).toEqual(['returned', amount, -amount]);
    const twice = after(payout(), sent('T1'), sent('T2'));
    expect([twice.status, balances(twice).owed, balances(twice).clearing]).toEqual(['succeeded', amount, -2n * amount]);
  });

  test('is of the payout itself where that waits for a person: it is not sent again', () => {
    const noun = after(payout({ status: 'pending_approval', sent_at: undefined }), sent('T1'));
    expect([noun.status, decided(noun).status, balances(noun).clearing]).toEqual(['succeeded', 'succeeded', -amount]);
  });

  test('is nobody’s debt once it has come back, and goes to whoever bore it', () => {
    const late = after(payout(), refused, sent('T1'));
    expect(balances(after(late, back('T1')))).toMatchObject({ clearing: 0n, owed: 0n, available: 0n });
    const charged = decideLate(late, 0, 'charged', given.noon);
    expect(balances(charged)).toMatchObject({ clearing: -amount, owed: 0n, available: -amount });
    expect(balances(after(charged, back('T1')))).toMatchObject({ clearing: 0n, owed: 0n, available: 0n });
    const borne = decideLate(late, 0, 'written_off', given.noon);
    expect(balances(borne)).toMatchObject({ owed: 0n, borne: amount });
    expect(balances(after(borne, back('T1')))).toMatchObject({ clearing: 0n, borne: 0n });
    expect(decideLate(after(late, back('T1')), 0, 'charged', given.noon).late?.[0]?.decided).toBeUndefined();
  });
});

test('what a statement has and what its channel tells of afterwards are the same money', () => {
  const shown = (noun: Payout) => sentByStatement(noun, given.noon, given.noon);
  const late = after(shown(after(payout(), refused)), sent('T1'), sent('T1'));
  expect([late.late?.map(({ channel_trade_no }) => channel_trade_no), balances(late).clearing]).toEqual([
    ['T1'],
    -amount,
  ]);
  const underWay = after(shown(payout()), sent('T1'));
  expect([underWay.status, underWay.succeeded?.channel_trade_no, underWay.late]).toEqual([
    'succeeded',
    'T1',
    undefined,
  ]);
  const twice = after(shown(after(payout(), sent('T1'))), sent('T1'));
  expect([balances(twice).clearing, balances(twice).owed]).toEqual([-2n * amount, amount]);
  expect(balances(after(twice, sent('T2'))).clearing).toBe(-2n * amount);
});

test('what is known of late money is heard again, days later, without effect', () => {
  const later = given.days(2);
  const again = (noun: Payout, outcome: TransferOutcome) =>
    heard(noun, { ...outcome, at: later } as TransferOutcome, later);
  const late = after(payout(), refused, sent('T1'));
  expect(again(late, sent('T1'))).toBe(late);
  const returned = after(late, back('T1'));
  expect(again(returned, back('T1'))).toBe(returned);
  const came = after(payout(), sent('T1'), back('T1'));
  expect(again(came, back('T1'))).toBe(came);
});

test('a settlement whose payout left late is not paid a second time, until that has come back', () => {
  const failed = after(payout(), refused);
  const late = after(failed, sent('T1'));
  expect([failed, late, decideLate(late, 0, 'charged', given.noon), after(late, back('T1'))].map(hasEnded)).toEqual([
    true,
    false,
    false,
    true,
  ]);
});

test('whatever is heard in whatever order: what left is booked as sent or is an open difference, and nothing else', () => {
  const trade = fc.constantFrom('T1', 'T2', 'T3');
  const word = fc.oneof(
    trade.map(sent),
    trade.map(back),
    fc.constantFrom<TransferOutcome | 'lost'>(refused, { kind: 'processing' }, { kind: 'absent' }, 'lost'),
  );
  const step = fc.oneof({ weight: 5, arbitrary: word }, fc.constantFrom('charged' as const, 'written_off' as const));
  const start = fc.constantFrom<Payout>(
    payout(),
    payout({ status: 'pending_approval' }),
    failPayout(decided(payout({ status: 'pending_approval' })), { code: 'approval_refused', message: '' }, given.noon),
  );
  fc.assert(
    fc.property(start, fc.array(step, { maxLength: 14 }), (from, steps) => {
      let noun = from;
      const out = new Set<string>();
      const returned = new Set<string>();
      let first: string[] | undefined;
      const known = new Map(journalsOf(noun).map((journal) => [journal.id, journal]));
      for (const each of steps) {
        if (each === 'lost') noun = loseAnswer(noun);
        else if (each === 'charged' || each === 'written_off')
          noun = (noun.late ?? []).reduce((now, _, no) => decideLate(now, no, each, given.noon), noun);
        else {
          noun = heard(noun, each, given.noon);
          if (each.kind === 'succeeded') out.add(each.channelTradeNo);
          // What came back had left.
          if (each.kind === 'returned') [out, returned].forEach((set) => set.add(each.channelTradeNo ?? ''));
        }
        // What was posted stays as it was posted.
        const journals = new Map(journalsOf(noun).map((journal) => [journal.id, journal]));
        for (const [id, journal] of known) expect(journals.get(id)).toEqual(journal);
        for (const [id, journal] of journals) known.set(id, journal);

        const left = amount * BigInt(out.size - returned.size);
        const { available, transit, clearing, owed, borne } = balances(noun);
        expect(clearing).toBe(-left);
        // What the fund statement must show is what the books have, movement by movement.
        const movements = movementsOf(noun);
        expect(sum(movements.map(({ kind }) => (kind === 'payout' ? -amount : amount)))).toBe(clearing);
        expect(movements.slice(0, 1).map(({ name }) => name)).toEqual(first ?? [movements[0]?.name].filter(Boolean));
        if (movements.length > 0) first = [movements[0]!.name];
        expect(owed).toBe(amount * BigInt((noun.late ?? []).filter(isOwed).length));
        expect(available + transit + borne * -1n - owed).toBe(-left);
        const ended = !['processing', 'unknown', 'pending_approval'].includes(noun.status);
        expect(transit).toBe(ended ? 0n : amount);
      }
    }),
    { numRuns: 500 },
  );
});

test('each day on which its money moved finds it: the first by its own key, others by a marker', () => {
  expect([flowOf(payout()), flowOf(after(payout(), refused))]).toEqual([undefined, undefined]);
  const went = after(payout(), sent('T1'));
  expect(flowOf(went)).toContain(`${account}#${given.today}#`);
  expect(markersOf(heard(went, back('T1'), given.noon))).toEqual([]);
  const tomorrow = given.days(1);
  const home = heard(went, { kind: 'returned', failure, at: tomorrow }, tomorrow);
  expect(markersOf(home)).toEqual([
    {
      pk: `flow#${home.id}#returned`,
      flow: flowOf(went)!.replace(given.today, businessDate(tomorrow, 'Asia/Shanghai')),
    },
  ]);
});
