import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { Outcome } from '#channels/channel.ts';
import { sum } from '#kernel/money.ts';
import { change } from '#ledger/account.ts';
import { attempts, isMoney, isWaiting, isWinner, type AttemptStatus } from '#payments/attempt.ts';
import { giveBack, keep } from '#payments/decide.ts';
import { journalsOf } from '#payments/journals.ts';
import { isLookedAt, nextAge, nextLook } from '#payments/following/next-look.ts';
import {
  channelOrderNo,
  hear,
  isFinal,
  loseAnswer,
  Payment,
  placeOf,
  refundable,
  requestClose,
  statusOf,
} from '#payments/payment.ts';
import { eventsOf } from '#payments/events.ts';
import { PaymentView, paymentView } from '#payments/view.ts';
import * as z from 'zod';

import * as given from '../given.ts';

describe('an attempt', () => {
  const states: AttemptStatus[] = ['pending', 'unknown', 'succeeded', 'failed', 'closed'];
  const allowed: Record<string, AttemptStatus> = {
    'pending succeed': 'succeeded',
    'pending fail': 'failed',
    'pending close': 'closed',
    'pending lose': 'unknown',
    'unknown succeed': 'succeeded',
    'unknown fail': 'failed',
    'unknown close': 'closed',
    'unknown know': 'pending',
    'failed succeed': 'succeeded',
    'closed succeed': 'succeeded',
  };
  test.each(
    states.flatMap((from) => (['succeed', 'fail', 'close', 'lose', 'know'] as const).map((event) => ({ from, event }))),
  )('that is $from, when it hears $event', ({ from, event }) =>
    expect(attempts.next(from, event)).toBe(allowed[`${from} ${event}`]),
  );
});

type Step =
  | { readonly kind: 'hear'; readonly no: number; readonly outcome: Outcome; readonly app?: string }
  | { readonly kind: 'close' }
  | { readonly kind: 'lose'; readonly no: number };

const succeeded = fc
  .record({
    channelTradeNo: fc.constantFrom('T1', 'T2', 'T3'),
    amount: fc.constantFrom(10_000n, 10_000n, 10_000n, 9_999n, 1n),
    currency: fc.constantFrom('CNY', 'CNY', 'CNY', 'HKD'),
    merchantAtChannel: fc.constantFrom(
      given.identity.merchant,
      given.identity.merchant,
      given.identity.merchant,
      'another',
    ),
    paidAt: fc.integer({ min: -10, max: 5_000 }).map((count) => given.minutes(count)),
  })
  .map((over): Outcome => ({ kind: 'succeeded', receipt: given.money(over) }));

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({ kind: fc.constant('hear' as const), no: fc.constantFrom(1, 2), outcome: succeeded }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('hear' as const),
        no: fc.constantFrom(1, 2),
        outcome: fc.constantFrom<Outcome>(
          { kind: 'pending' },
          { kind: 'closed' },
          { kind: 'absent' },
          { kind: 'failed', failure: { code: 'PAYERROR', message: 'no' } },
        ),
      }),
    },
    { weight: 1, arbitrary: fc.constant({ kind: 'close' as const }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('lose' as const), no: fc.constantFrom(1, 2) }) },
  ),
  { maxLength: 25 },
);

const start = () => given.payment({ attempts: [given.attempt(), given.attempt({ no: 2, method: 'wechat_jsapi' })] });

const take = (payment: Payment, step: Step, now: Date): Payment => {
  if (step.kind === 'close') return requestClose(payment, 'by_app', now);
  if (step.kind === 'lose') return loseAnswer(payment, step.no);
  return hear(payment, step.no, step.outcome, { identity: given.identity, now });
};

/** Plays a history, showing every step to who looks. */
const play = (
  history: readonly Step[],
  look: (before: Payment, step: Step, after: Payment, now: Date) => void = () => undefined,
) =>
  history.reduce((before, step, index) => {
    const now = given.minutes(index * 7 + 1);
    const after = take(before, step, now);
    look(before, step, after, now);
    return after;
  }, start());

/** Every success that was told, by the order it was told of and its trade number. */
const told = (history: readonly Step[]) =>
  new Set(
    history.flatMap((step) =>
      step.kind === 'hear' && step.outcome.kind === 'succeeded'
        ? [`${step.no} ${step.outcome.receipt.channelTradeNo}`]
        : [],
    ),
  );
const kept = (payment: Payment) =>
  payment.attempts.flatMap((attempt) =>
    attempt.receipt ? [`${attempt.repeats ?? attempt.no} ${attempt.receipt.trade_no}`] : [],
  );

const runs = { numRuns: 3_000 };
const always = (look: Parameters<typeof play>[1]) =>
  fc.assert(
    fc.property(steps, (history) => void play(history, look)),
    runs,
  );

describe('whatever a payment hears, in whatever order', () => {
  test('money is never lost: every trade that was told leaves exactly one receipt', () => {
    fc.assert(
      fc.property(steps, (history) => {
        const receipts = kept(play(history));
        expect(new Set(receipts).size).toBe(receipts.length);
        expect(new Set(receipts)).toEqual(told(history));
      }),
      runs,
    );
  });

  test('a receipt stays as it was when it came', () =>
    always((before, _, after) => {
      for (const { no, receipt } of before.attempts)
        if (receipt) expect(after.attempts.find((attempt) => attempt.no === no)?.receipt).toEqual(receipt);
    }));

  test('at most one attempt pays for the order, and it is what was asked for', () =>
    always((_, __, after) => {
      const winners = after.attempts.filter(isWinner);
      expect(winners.length).toBeLessThanOrEqual(1);
      for (const { receipt } of winners) expect(receipt).toMatchObject({ amount: 10_000n, currency: 'CNY', fee: 100n });
      expect(statusOf(after) === 'paid').toBe(winners.length === 1);
    }));

  test('it is late exactly when its money reached a payment that was stored as closed', () =>
    always((before, step, after) => {
      const fresh = after.attempts.filter(
        ({ no, receipt }) => receipt && !before.attempts.find((attempt) => attempt.no === no)?.receipt,
      );
      expect(fresh.length).toBeLessThanOrEqual(1);
      for (const { late, duplicate, mismatch } of fresh) {
        expect(step.kind).toBe('hear');
        expect(late === true).toBe(!mismatch && statusOf(before) === 'closed');
        expect(duplicate === true).toBe(!mismatch && ['paid', 'paid_late'].includes(statusOf(before)));
      }
    }));

  test('what is final stays so, but that closed may become paid late', () =>
    always((before, _, after) => {
      if (!isFinal(before)) return;
      const [was, is] = [statusOf(before), statusOf(after)];
      expect(is === was || (was === 'closed' && is === 'paid_late')).toBe(true);
    }));

  test('it closes only when it was asked to and nothing may still bring money', () =>
    always((before, _, after) => {
      if (statusOf(after) !== 'closed' || statusOf(before) === 'closed') return;
      expect(after.close_requested_at).toBeDefined();
      for (const { status } of after.attempts) expect(['failed', 'closed']).toContain(status);
    }));

  test('hearing the same again changes nothing', () =>
    always((_, step, after, now) => {
      if (step.kind === 'lose') expect(loseAnswer(after, step.no)).toBe(after);
      else expect(take(after, step, now)).toBe(after);
    }));

  test('a mismatch waits for a person: it neither ends nor closes the payment, and it is not asked about', () =>
    always((before, _, after) => {
      for (const attempt of after.attempts.filter(({ mismatch }) => mismatch)) {
        expect(attempt.status).toBe('unknown');
        expect(isLookedAt(attempt)).toBe(false);
        if (!isFinal(before)) expect(statusOf(after)).not.toBe('closed');
      }
    }));

  test('its journals balance, one for each receipt that is ours, and clearing is what came in less what it cost', () => {
    fc.assert(
      fc.property(steps, (history) => {
        const payment = play(history);
        const ours = payment.attempts.filter(isMoney);
        const journals = journalsOf(payment);
        expect(journals.map(({ cause }) => cause)).toEqual(
          ours.map(({ no }) => `${payment.id}#receipt#${String(no).padStart(2, '0')}`),
        );
        const balance = (subject: string, currency: string) =>
          sum(
            journals
              .filter((journal) => journal.currency === currency)
              .flatMap(({ legs }) => legs.filter((leg) => leg.subject === subject))
              .map((leg) => change(leg.subject, leg.side, leg.amount)),
          );
        for (const currency of ['CNY', 'HKD']) {
          const received = ours.filter(({ receipt }) => receipt?.currency === currency);
          const amount = sum(received.map(({ receipt }) => receipt!.amount));
          const cost = sum(received.map(({ receipt }) => receipt!.cost));
          const wins = received.some(isWinner);
          expect(balance('channel_clearing', currency)).toBe(amount - cost);
          expect(balance('channel_cost', currency)).toBe(cost);
          expect(balance('fee_income', currency)).toBe(wins ? 100n : 0n);
          expect(balance('merchant_pending', currency)).toBe(wins ? 9_900n : 0n);
          expect(balance('suspense', currency)).toBe(amount - (wins ? 10_000n : 0n));
        }
      }),
      runs,
    );
  });

  test('a payment that must still be looked at always has a next look, and never one in the past', () =>
    always((_, __, after, now) => {
      for (const later of [0, 1, 59, 3_600, 400_000].map((seconds) => new Date(now.getTime() + seconds * 1_000))) {
        const next = nextLook(after, later);
        if (after.attempts.some(isLookedAt)) expect(next).toBeDefined();
        if (!isFinal(after)) {
          const waits = after.attempts.some(({ mismatch }) => mismatch) && !after.attempts.some(isLookedAt);
          expect(next === undefined).toBe(waits);
        }
        if (next) expect(next.getTime()).toBeGreaterThan(later.getTime());
      }
    }));

  test('it is kept and shown as its schemas say', () =>
    always((_, __, after) => {
      expect(Payment.parse(z.encode(Payment, after))).toEqual(after);
      const view = paymentView(after);
      expect(z.encode(PaymentView, PaymentView.parse(view))).toEqual(view);
      expect(view.status).toBe(statusOf(after));
      expect(view.amount_refundable).toBe(Number(refundable(after)));
    }));

  test('each end is told once, and a late success never as paid', () => {
    fc.assert(
      fc.property(steps, (history) => {
        const all: string[] = [];
        const payment = play(history, (before, _, after) => {
          all.push(...eventsOf(before, after).map(({ type, id }) => `${type} ${id}`));
        });
        expect(new Set(all).size).toBe(all.length);
        const types = all.map((each) => each.split(' ')[0]);
        expect(types.includes('payment.paid')).toBe(statusOf(payment) === 'paid');
        expect(types.includes('payment.paid_late')).toBe(statusOf(payment) === 'paid_late');
        expect(types.filter((type) => type === 'payment.duplicate')).toHaveLength(
          payment.attempts.filter(({ duplicate }) => duplicate).length,
        );
      }),
      runs,
    );
  });
});

const paidBy = (channelTradeNo: string, over = {}): Outcome => ({
  kind: 'succeeded',
  receipt: given.money({ channelTradeNo, ...over }),
});

describe('a payment', () => {
  const listening = { identity: given.identity, now: given.minutes(5) };

  test('is paid by the first of two successes; the second is a duplicate, whichever order they come in', () => {
    for (const [first, second] of [
      [1, 2],
      [2, 1],
    ] as const) {
      const both = hear(hear(start(), first, paidBy('A'), listening), second, paidBy('B'), listening);
      expect(both.attempts.find(isWinner)?.no).toBe(first);
      expect(both.attempts.find(({ no }) => no === second)?.duplicate).toBe(true);
    }
  });

  test('whose order number is paid twice keeps the second trade as an attempt of its own, under the same number', () => {
    const twice = hear(hear(start(), 1, paidBy('A'), listening), 1, paidBy('B'), listening);
    expect(twice.attempts).toHaveLength(3);
    const [first, , third] = twice.attempts;
    expect(third).toMatchObject({ no: 3, repeats: 1, duplicate: true });
    expect(channelOrderNo(twice, third!)).toBe(channelOrderNo(twice, first!));
    expect(placeOf(channelOrderNo(twice, third!))).toEqual({ id: twice.id, no: 1 });
  });

  test('whose late money a desk has decided about has decided nothing about what the same order brings after it', () => {
    const late = hear(
      requestClose(hear(given.payment(), 1, { kind: 'closed' }, listening), 'by_app', listening.now),
      1,
      paidBy('A'),
      listening,
    );
    expect(statusOf(late)).toBe('paid_late');
    for (const decide of [keep, giveBack]) {
      const again = hear(decide(late, 1, listening.now), 1, paidBy('B'), listening);
      expect(again.attempts[0]?.decided).toBeDefined();
      expect(again.attempts[1]).toMatchObject({ no: 2, repeats: 1 });
      expect(isWaiting(again.attempts[1]!)).toBe(true);
      expect(giveBack(again, 2, listening.now).attempts[1]?.decided?.as).toBe('refund');
      const suspense = journalsOf(again)
        .flatMap(({ legs }) => legs)
        .filter(({ subject }) => subject === 'suspense');
      expect(suspense.filter(({ side }) => side === 'credit')).toHaveLength(2);
      expect(suspense.filter(({ side }) => side === 'debit')).toHaveLength(decide === keep ? 1 : 0);
    }
  });

  test('that failed and is paid all the same is paid: money that arrived is never refused', () => {
    const failed = hear(given.payment(), 1, { kind: 'failed', failure: { code: 'X', message: 'x' } }, listening);
    const paid = hear(failed, 1, paidBy('A'), listening);
    expect(statusOf(paid)).toBe('paid');
    expect(paid.attempts[0]?.failure).toBeUndefined();
  });

  test('that expired but was paid before its channel closed it is paid in time', () => {
    const closing = requestClose(given.payment(), 'expired', given.minutes(121));
    expect(statusOf(closing)).toBe('paying');
    expect(statusOf(hear(closing, 1, paidBy('A', { paidAt: given.minutes(122) }), listening))).toBe('paid');
  });

  test('that is paid is not ended by a failure heard late', () => {
    const paid = hear(given.payment(), 1, paidBy('A'), listening);
    for (const kind of ['pending', 'closed', 'absent'] as const) expect(hear(paid, 1, { kind }, listening)).toBe(paid);
    expect(hear(paid, 1, { kind: 'failed', failure: { code: 'X', message: 'x' } }, listening)).toBe(paid);
  });

  test.each([
    ['amount', { amount: 9_999n }, '10000', '9999'],
    ['currency', { currency: 'HKD' }, 'CNY', 'HKD'],
    ['merchant', { merchantAtChannel: 'b' }, given.identity.merchant, 'b'],
    ['app', { appAtChannel: 'b' }, given.identity.app, 'b'],
  ] as const)('that is paid with another %s is not paid, and says what differs', (field, over, expected, received) => {
    const heard = hear(given.payment(), 1, paidBy('A', over), listening);
    expect(statusOf(heard)).toBe('paying');
    expect(heard.attempts[0]?.mismatch).toEqual({ field, expected, received });
    expect(requestClose(heard, 'expired', given.days(1)).closed_at).toBeUndefined();
    expect(journalsOf(heard)).toHaveLength(field === 'merchant' || field === 'app' ? 0 : 1);
  });

  test('belongs to the business day of the channel’s instant, and is booked on the day on which we heard of it', () => {
    const heard = hear(given.payment(), 1, paidBy('A', { paidAt: new Date('2026-03-02T15:59:59Z') }), {
      ...listening,
      now: new Date('2026-03-02T16:00:01Z'),
    });
    expect(heard.attempts[0]?.receipt).toMatchObject({ flow_date: '2026-03-02', booked_on: '2026-03-03' });
  });

  test.each(['', 'abc', 'I000000000000000000000000001', '0'.repeat(26), '0'.repeat(26) + '1x'])(
    'is not found behind the number %j',
    (no) => expect(placeOf(no)).toBeUndefined(),
  );

  test('of an attempt it does not have hears nothing: that is a bug', () =>
    expect(() => hear(given.payment(), 7, { kind: 'pending' }, listening)).toThrow('invariant'));
});

test('looks come after 1, 2, 5, 10, 30 minutes, 1, 2, 4, 8, 12 hours, then every twelve', () => {
  const ages: number[] = [];
  let now = given.noon;
  while (ages.length < 13) {
    now = nextAge(given.noon, now);
    ages.push((now.getTime() - given.noon.getTime()) / 60_000);
  }
  expect(ages).toEqual([1, 2, 5, 10, 30, 60, 120, 240, 480, 720, 1_440, 2_160, 2_880]);
});
