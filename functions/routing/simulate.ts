import { feeOn } from '#clearing/fee-plan.ts';
import { Failure } from '#kernel/failure.ts';
import type { Id } from '#kernel/id.ts';
import type { Attempt } from '#payments/attempt.ts';
import type { Payment } from '#payments/payment.ts';
import { askedOf } from '#payments/stages.ts';

import type { Candidate } from './candidate.ts';
import { decide } from './decide.ts';
import type { RoutingRules } from './rules.ts';

/** A payment of that day, by the attempt that brought its money. */
export interface Played {
  readonly payment: Payment;
  readonly attempt: Attempt;
  readonly businessType: string | undefined;
}

interface Side {
  readonly payments: number;
  readonly amount: bigint;
  readonly cost: bigint;
}

interface AccountTold {
  readonly channel_account_id: Id<'chn'>;
  /** Of its placings of that day; null when nothing is known of them. */
  readonly success_ppm: number | null;
  readonly before: Side;
  readonly after: Side;
}

interface Expectation {
  readonly cost: bigint;
  /** Of the payments of which it is known for both; null when there are none. */
  readonly expected_success_ppm: number | null;
}

export interface Simulated {
  readonly payments: number;
  /** How many would go to another account, and how many to none. */
  readonly moved: number;
  readonly refused: number;
  readonly before: Expectation;
  readonly after: Expectation;
  readonly difference: Expectation;
  readonly accounts: readonly AccountTold[];
}

interface World {
  readonly rules: Pick<RoutingRules, 'rules'>;
  readonly candidatesOf: (merchantId: string) => readonly Candidate[];
  readonly successOf: (accountId: string) => number | null;
}

interface Move {
  readonly amount: bigint;
  readonly from: { readonly account: Id<'chn'>; readonly cost: bigint };
  /** Nothing when these rules leave no account. */
  readonly to: { readonly account: Id<'chn'>; readonly cost: bigint } | undefined;
}

/** Where a payment would have gone by these rules, when every account was well. */
const moveOf = ({ payment, attempt, businessType }: Played, { rules, candidatesOf }: World): Move => {
  const amount = askedOf(payment, attempt);
  const { merchant_id: merchantId, product_code: productCode, currency, payer } = payment;
  const { method, created_at: at, channel_account_id: account } = attempt;
  const facts = { method, amount, currency, merchantId, productCode, businessType, at };
  const from = { account, cost: feeOn(amount, attempt.cost) };
  // No rule moves what is paid by an agreement, or while signing one.
  if (payment.agreement) return { amount, from, to: from };
  try {
    const asked = { method, amount, currency, payer, facts, lot: `${payment.id}#${attempt.no}` };
    const { id, cost } = decide(candidatesOf(merchantId), asked, rules, () => undefined).chosen.account;
    // Who stays pays what was agreed then; only who moves pays what the other takes today.
    return { amount, from, to: id === account ? from : { account: id, cost: feeOn(amount, cost) } };
  } catch (error) {
    if (error instanceof Failure) return { amount, from, to: undefined };
    throw error;
  }
};

const sideOf = (moves: readonly Move[], which: 'from' | 'to', accountId: string): Side =>
  moves
    .filter((move) => move[which]?.account === accountId)
    .reduce<Side>(
      (sum, move) => ({
        payments: sum.payments + 1,
        amount: sum.amount + move.amount,
        cost: sum.cost + (move[which]?.cost ?? 0n),
      }),
      { payments: 0, amount: 0n, cost: 0n },
    );

const expected = (moves: readonly Move[], which: 'from' | 'to', successOf: World['successOf']): Expectation => {
  const known = moves.filter(
    ({ from, to }) => to && successOf(from.account) !== null && successOf(to.account) !== null,
  );
  const sum = known.reduce((total, move) => total + (successOf(move[which]?.account ?? '') ?? 0), 0);
  return {
    cost: moves.reduce((total, move) => total + (move[which]?.cost ?? 0n), 0n),
    expected_success_ppm: known.length === 0 ? null : Math.round(sum / known.length),
  };
};

/** 试算: what these rules would have made of the payments of a day. */
export const simulated = (played: readonly Played[], world: World): Simulated => {
  const moves = played.map((each) => moveOf(each, world));
  const [before, after] = [expected(moves, 'from', world.successOf), expected(moves, 'to', world.successOf)];
  const accounts = [...new Set(moves.flatMap(({ from, to }) => (to ? [from.account, to.account] : [from.account])))];
  return {
    payments: moves.length,
    moved: moves.filter(({ from, to }) => to && to.account !== from.account).length,
    refused: moves.filter(({ to }) => to === undefined).length,
    before,
    after,
    difference: {
      cost: after.cost - before.cost,
      expected_success_ppm:
        before.expected_success_ppm === null || after.expected_success_ppm === null
          ? null
          : after.expected_success_ppm - before.expected_success_ppm,
    },
    accounts: accounts.toSorted().map((id) => ({
      channel_account_id: id,
      success_ppm: world.successOf(id),
      before: sideOf(moves, 'from', id),
      after: sideOf(moves, 'to', id),
    })),
  };
};
