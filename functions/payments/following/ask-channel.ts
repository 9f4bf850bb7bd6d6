import type { Closing, OrderRef, Outcome } from '#channels/channel.ts';
import type { OpenAccount, OpenChannel } from '#channels/open.ts';
import { invariant } from '#kernel/failure.ts';

import type { Attempt } from '../attempt.ts';
import { orderRef, type Payment } from '../payment.ts';

interface Deps {
  readonly open: OpenChannel;
  readonly now: () => Date;
  readonly noteOutage: (what: string, error: unknown) => void;
}

/** What was learnt of an attempt. */
export interface Learnt {
  readonly no: number;
  readonly outcome: Outcome;
  readonly identity: { readonly merchant: string; readonly app: string };
  /** The only version of the payment of which it was learnt: what was sent since may have arrived since. */
  readonly ofVersion?: number;
}

/** Whether what was learnt is true of a payment that somebody else may have changed meanwhile. */
export const holdsFor = ({ ofVersion }: Learnt, { version }: Payment) =>
  ofVersion === undefined || ofVersion === version;

/** An order sent a moment ago may still be on its way: that the channel does not know it yet proves nothing. */
const absentForSureAfter = 60_000;

const query = async (
  { channel }: OpenAccount,
  order: OrderRef,
  closing: boolean,
  canClose: boolean,
): Promise<Outcome> => {
  const outcome = await channel.query(order);
  // Where a channel cannot close, confirmed unpaid is as good as it gets.
  return closing && !canClose && outcome.kind === 'pending' ? { kind: 'closed' } : outcome;
};

/**
 * Whether an order that its channel does not know may still arrive there. One that was placed, and told what its payer must do,
 * does not: where a channel makes orders when their payers open them (Alipay), nobody has, and closing it now is all there is.
 */
const mayStillArrive = (
  { action, created_at, sent_again_at = created_at }: Attempt,
  { closing }: Wanted,
  now: Date,
): boolean => !(closing && action) && now.getTime() - sent_again_at.getTime() < absentForSureAfter;

/** What is wanted of the order: how it stands, that it brings no more money, or that what it holds is taken. */
export interface Wanted {
  readonly closing: boolean;
  readonly capture?: boolean;
}

const outcomeOf = async (account: OpenAccount, order: OrderRef, { closing, capture }: Wanted): Promise<Outcome> => {
  if (capture) {
    invariant(account.channel.capture !== undefined, `${account.kind.name} cannot hold`);
    return account.channel.capture(order);
  }
  const { canClose } = account.kind.capabilities;
  if (!closing || !canClose) return query(account, order, closing, canClose);
  const answer: Closing = await account.channel.close(order);
  return answer.kind === 'ask' ? account.channel.query(order) : answer;
};

/**
 * Asks the channel about one attempt, closing it there first when it must bring no more money. Nothing is learnt when the
 * channel does not answer, or does not know an order that may still arrive.
 */
export const askChannel = async (
  { open, now, noteOutage }: Deps,
  payment: Payment,
  attempt: Attempt,
  wanted: Wanted,
): Promise<Learnt | undefined> => {
  try {
    const account = await open(attempt.channel_account_id);
    const outcome = await outcomeOf(account, orderRef(payment, attempt), wanted);
    const learnt = { no: attempt.no, identity: account.channel.identity };
    if (outcome.kind !== 'absent') return { ...learnt, outcome };
    if (mayStillArrive(attempt, wanted, now())) return undefined;
    const failure = { code: 'absent', message: 'the channel has never received this order' };
    return {
      ...learnt,
      ofVersion: payment.version,
      outcome: wanted.closing ? { kind: 'closed' } : { kind: 'failed', failure },
    };
  } catch (error) {
    noteOutage(`asking about attempt ${attempt.no} of ${payment.id}`, error);
    return undefined;
  }
};
