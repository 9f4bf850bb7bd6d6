import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { feeOn } from '#clearing/fee-plan.ts';
import { sum } from '#kernel/money.ts';
import type { Journal } from '#ledger/journal.ts';
import { change } from '#ledger/account.ts';
import { noRefunds, refundable, type Payment } from '#payments/payment.ts';
import { journalsOf as receiptsOf } from '#payments/journals.ts';
import { journalsOf, reserveJournal, reversalJournal, successJournal } from '#refunds/journals.ts';
import { accept, debited, fail, isUnderWay, loseAnswer, refunds, succeed, type Refund } from '#refunds/refund.ts';
import * as totals from '#refunds/totals.ts';

import * as given from '../given.ts';

const refused = { code: 'USER_ACCOUNT_ABNORMAL', message: 'the card is closed' };

/** A paid payment and its refunds, moved as the use cases move them. */
const desk = (amount: bigint, ratePpm: number, on_refund: 'pro_rata' | 'kept' = 'pro_rata') => {
  const rule = { rate_ppm: ratePpm, fixed: 0n, min: 0n };
  const before = given.paid(
    { amount },
    { fee: feeOn(amount, rule), cost: feeOn(amount, { ...rule, rate_ppm: 6_000 }) },
  );
  before.attempts[0]!.terms = { rule, on_refund };
  let payment: Payment = before;
  const all: Refund[] = [];
  const put = (refund: Refund) => (all[all.findIndex(({ id }) => id === refund.id)] = refund);
  return {
    before,
    all,
    payment: () => payment,
    reserve(part: bigint, bucket: Refund['bucket'] = 'merchant_pending') {
      const fee_returned = totals.feeShare(payment, part);
      const made = given.refund({ merchant_refund_id: `r${all.length}`, amount: part, fee_returned, bucket });
      payment = totals.reserved(payment, made);
      all.push(made);
      return made;
    },
    accept(refund: Refund) {
      const costReturned = totals.costShare(payment, refund.amount);
      const taken = accept(refund, { channelRefundNo: 'no', at: given.minutes(11), costReturned });
      if (!refund.accepted) payment = totals.accepted(payment, taken);
      return put(taken);
    },
    succeed(refund: Refund) {
      const done = succeed(this.accept(refund), given.minutes(12), given.minutes(13));
      payment = totals.succeeded(payment, done);
      return put(done);
    },
    fail(refund: Refund, returnedTo: Refund['bucket'] = 'merchant_pending') {
      payment = totals.failed(payment, refund);
      return put(fail(refund, refused, returnedTo, given.minutes(13)));
    },
  };
};

const steps = fc.array(
  fc.record({
    what: fc.constantFrom('reserve', 'reserve', 'accept', 'succeed', 'fail', 'fail'),
    which: fc.nat(50),
    share: fc.integer({ min: 1, max: 1_000 }),
  }),
  { maxLength: 40 },
);

/** Plays a history in a random order and looks at the figures after every step. */
const play = (
  amount: bigint,
  rate: number,
  history: readonly { what: string; which: number; share: number }[],
  look: (the: ReturnType<typeof desk>) => void,
) => {
  const the = desk(amount, rate);
  for (const { what, which, share } of history) {
    const left = refundable(the.payment());
    const underWay = the.all.filter(isUnderWay);
    const chosen = underWay[which % Math.max(1, underWay.length)];
    if (what === 'reserve') {
      const part = 1n + (left * BigInt(share)) / 1_500n;
      if (left > 0n) the.reserve(part < left ? part : left);
    } else if (chosen && what === 'accept') the.accept(chosen);
    else if (chosen && what === 'succeed') the.succeed(chosen);
    else if (chosen && what === 'fail') the.fail(chosen);
    look(the);
  }
  return the;
};

const amounts = fc.oneof(fc.bigInt({ min: 1n, max: 60n }), fc.bigInt({ min: 1n, max: 100_000n }));
const rates = fc.oneof(fc.constantFrom(6_000, 10_000), fc.integer({ min: 0, max: 1_000_000 }));

describe('the shares of a fee, in any order of reserving, accepting, succeeding and failing', () => {
  test('are never negative, never more than the refund, never more than the fee', () => {
    fc.assert(
      fc.property(amounts, rates, steps, (amount, rate, history) => {
        play(amount, rate, history, (the) => {
          const fee = the.before.attempts[0]!.receipt!.fee;
          const kept = the.all.filter(({ status }) => status !== 'failed');
          const shares = sum(kept.map(({ fee_returned }) => fee_returned));
          expect(the.payment().refunds?.fee_returned ?? 0n).toBe(shares);
          expect(shares <= fee).toBe(true);
          for (const refund of the.all) expect(refund.fee_returned >= 0n && debited(refund) >= 0n).toBe(true);
        });
      }),
      { numRuns: 3_000 },
    );
  });

  test('make up exactly the fee once everything is refunded, and exactly the channel’s cost', () => {
    fc.assert(
      fc.property(amounts, rates, steps, (amount, rate, history) => {
        const the = play(amount, rate, history, () => undefined);
        while (refundable(the.payment()) > 0n) the.reserve(refundable(the.payment()));
        for (const refund of the.all.filter(isUnderWay)) the.succeed(refund);
        const { fee, cost } = the.before.attempts[0]!.receipt!;
        expect(the.payment().refunds).toMatchObject({
          succeeded: amount,
          in_flight: 0n,
          accepted: amount,
          fee_returned: fee,
          cost_returned: cost,
        });
        // The merchant is left with nothing, and owes nothing.
        expect(the.payment().refunds!.from_pending).toBe(amount - fee);
      }),
      { numRuns: 3_000 },
    );
  });

  test('and the totals are where they were before, when every refund has failed', () => {
    fc.assert(
      fc.property(amounts, rates, steps, (amount, rate, history) => {
        const the = play(
          amount,
          rate,
          history.filter(({ what }) => what !== 'succeed'),
          () => undefined,
        );
        for (const refund of the.all.filter(isUnderWay)) the.fail(refund);
        expect(the.payment().refunds ?? noRefunds).toEqual(noRefunds);
        expect(refundable(the.payment())).toBe(amount);
      }),
      { numRuns: 2_000 },
    );
  });

  test('leave the merchant’s balances where its refunds leave them, with every journal balanced', () => {
    fc.assert(
      fc.property(amounts, rates, steps, (amount, rate, history) => {
        const the = play(amount, rate, history, () => undefined);
        const balances = new Map<string, bigint>();
        const book = ({ legs }: Journal) =>
          legs.forEach((leg) =>
            balances.set(leg.subject, (balances.get(leg.subject) ?? 0n) + change(leg.subject, leg.side, leg.amount)),
          );
        [...receiptsOf(the.before), ...the.all.flatMap(journalsOf)].forEach(book);
        const of = (...statuses: string[]) => the.all.filter(({ status }) => statuses.includes(status));
        const { fee, cost } = the.before.attempts[0]!.receipt!;
        const inFlight = of('processing', 'unknown');
        expect(balances.get('merchant_held') ?? 0n).toBe(sum(inFlight.map(debited)));
        expect(balances.get('merchant_pending') ?? 0n).toBe(
          amount - fee - sum([...inFlight, ...of('succeeded')].map(debited)),
        );
        expect(balances.get('fee_income') ?? 0n).toBe(
          fee - sum(of('succeeded').map(({ fee_returned }) => fee_returned)),
        );
        const costBack = sum(of('succeeded').map(({ accepted }) => accepted!.cost_returned));
        expect(balances.get('channel_cost') ?? 0n).toBe(cost - costBack);
        expect(balances.get('channel_clearing') ?? 0n).toBe(
          amount - cost - sum(of('succeeded').map((refund) => refund.amount)) + costBack,
        );
      }),
      { numRuns: 1_500 },
    );
  });

  test('never exceed a refund even where failed refunds had taken what rounding gave to them', () => {
    const the = desk(100n, 100_000);
    for (const roundedUp of [5n, 6n, 7n]) {
      const first = the.reserve(roundedUp);
      expect(the.reserve(9n).fee_returned).toBe(0n);
      the.fail(first);
    }
    // Three fen of the fee are due for 27 of 100 refunded; a refund of one fen can carry one of them.
    const small = the.reserve(1n);
    expect(small.fee_returned).toBe(1n);
    expect(debited(small)).toBe(0n);
    expect(the.reserve(72n).fee_returned).toBe(9n);
  });

  test('a plan that keeps the fee gives none of it back', () => {
    const the = desk(10_000n, 10_000, 'kept');
    expect(the.reserve(10_000n).fee_returned).toBe(0n);
  });

  test('nothing goes back of a payment that nobody has paid', () => {
    expect(totals.feeShare(given.payment(), 100n)).toBe(0n);
    expect(totals.costShare(given.payment(), 100n)).toBe(0n);
  });
});

describe('a refund', () => {
  test.each([
    ['processing', 'accept', 'processing'],
    ['processing', 'succeed', 'succeeded'],
    ['processing', 'fail', 'failed'],
    ['processing', 'lose', 'unknown'],
    ['unknown', 'accept', 'processing'],
    ['unknown', 'succeed', 'succeeded'],
    ['unknown', 'fail', 'failed'],
    ['unknown', 'lose', 'unknown'],
  ] as const)('that is %s and hears %s is %s', (from, event, to) => expect(refunds.next(from, event)).toBe(to));

  test('that has ended stays as it ended, whatever is said after', () => {
    const ended = [
      given.refund({ status: 'succeeded' }),
      given.refund({ status: 'failed' }),
      given.refund({ status: 'pending_approval' }),
    ];
    for (const refund of ended) {
      expect(succeed(refund, given.noon, given.noon)).toBe(refund);
      expect(fail(refund, refused, 'merchant_pending', given.noon)).toBe(refund);
      expect(loseAnswer(refund)).toBe(refund);
    }
  });

  test('whose answer is lost twice is unknown once', () => {
    const unknown = loseAnswer(given.refund());
    expect(unknown.status).toBe('unknown');
    expect(loseAnswer(unknown)).toBe(unknown);
  });

  test('keeps the first acceptance: its date decides which statement shows it', () => {
    const first = accept(given.refund(), { channelRefundNo: 'a', at: given.noon, costReturned: 6n });
    const again = accept(first, { channelRefundNo: 'b', at: given.days(1), costReturned: 7n });
    expect(again.accepted).toEqual({
      channel_refund_no: 'a',
      at: given.noon,
      flow_date: given.today,
      cost_returned: 6n,
    });
  });

  test('that fails gives the money back where it is needed on that day, not where it came from', () => {
    const failed = fail(given.refund(), refused, 'merchant_available', given.days(2));
    const [reserve] = reserveJournal(failed);
    const [reversal] = reversalJournal(failed);
    expect(reserve).toMatchObject({
      accounting_date: '2026-03-02',
      legs: [{ subject: 'merchant_pending', side: 'debit', amount: 990n }, { subject: 'merchant_held' }],
    });
    expect(reversal).toMatchObject({
      accounting_date: '2026-03-04',
      legs: [
        { subject: 'merchant_held', side: 'debit', amount: 990n },
        { subject: 'merchant_available', side: 'credit' },
      ],
    });
    expect(successJournal(failed)).toEqual([]);
    expect(new Set(journalsOf(failed).map(({ id }) => id)).size).toBe(2);
  });

  test('has journals only for what has happened', () => {
    expect(journalsOf(given.refund()).map(({ cause }) => cause.split('#')[1])).toEqual(['reserve']);
    const taken = accept(given.refund(), { channelRefundNo: 'a', at: given.noon, costReturned: 6n });
    expect(journalsOf(taken)).toHaveLength(1);
    expect(journalsOf(succeed(taken, given.noon, given.noon)).map(({ cause }) => cause.split('#')[1])).toEqual([
      'reserve',
      'success',
    ]);
  });
});
