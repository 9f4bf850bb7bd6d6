import { isWaiting, toSign, type Agreement } from '#agreements/agreement.ts';
import type { AgreementToSign } from '#channels/agreement.ts';
import type { Placing } from '#channels/channel.ts';
import type { OpenAccount } from '#channels/open.ts';
import type { FeePlan } from '#clearing/fee-plan.ts';
import type { Deps as RouteDeps } from '#routing/choose-account.ts';

import { afterOutcome, attempts, type Attempt } from '../attempt.ts';
import { changePayment } from '../following/apply-outcome.ts';
import { askChannel, holdsFor } from '../following/ask-channel.ts';
import type { RiskDeps } from './judge-payment.ts';
import { isScanned } from '../in-store.ts';
import type { Deps as LookDeps } from '../following/look-again.ts';
import { isLookedAt } from '../following/next-look.ts';
import { changeAttempt, hear, isFinal, loseAnswer, orderRef, signedWith, type Payment } from '../payment.ts';
import { isHold } from '../stages.ts';

export type Deps = LookDeps &
  RouteDeps &
  RiskDeps & {
    readonly feePlan: (id: string) => Promise<FeePlan | undefined>;
    readonly callbackUrl: (account: OpenAccount['account'], kind?: '/agreements') => string;
    readonly agreement: (id: string) => Promise<Agreement>;
    /** Has the payment looked at soon, and often where a payer was scanned: an answer is missing. */
    readonly lookSoon: (id: string, isScan?: boolean) => Promise<void>;
  };

/** Without an answer the same order, under the same number, may be sent again: channels answer it alike. */
export const isUnanswered = ({ status, action, mismatch }: Attempt) =>
  !mismatch && (status === 'unknown' || (status === 'pending' && !action));

/** What there was to do has run out while the order lives on: an address of minutes, a signature for one use. */
const isRunOut = ({ status, action_until, mismatch }: Attempt, now: Date) =>
  !mismatch && status === 'pending' && action_until !== undefined && action_until <= now;

/** A charge is sent only once its hold stands: one whose hold was refused was never sent, and never will be. */
const dropCharge = (payment: Payment, hold: number): Payment => {
  const charge = payment.attempts.find((each) => each.no > hold && !isHold(each));
  if (!charge) return payment;
  const failure = { code: 'hold_refused', message: 'nothing was charged: the part that is held first was refused' };
  return changeAttempt(payment, charge.no, (attempt) => afterOutcome(attempt, { kind: 'failed', failure }));
};

const afterPlacing = (payment: Payment, no: number, placing: Placing | undefined, now: Date): Payment => {
  if (!placing) return loseAnswer(payment, no);
  if (placing.kind === 'ask') return payment;
  if (placing.kind === 'refused') {
    const refused = hear(
      payment,
      no,
      { kind: 'failed', failure: placing.failure },
      { identity: { merchant: '', app: '' }, now },
    );
    return payment.attempts.some((each) => each.no === no && isHold(each)) ? dropCharge(refused, no) : refused;
  }
  return changeAttempt(payment, no, (attempt) =>
    // Money of another amount came before the answer to the placing: it waits for a person, and nobody pays again.
    attempt.mismatch
      ? attempt
      : {
          ...attempt,
          status: attempts.next(attempt.status, 'know') ?? attempt.status,
          action: placing.action,
          action_until: placing.goodUntil,
        },
  );
};

/** 签约并支付: what is still to be signed; what has been, or shall not be any more, is not asked for with a further attempt. */
const signingFor = async (
  deps: Deps,
  payment: Payment,
  { method }: Attempt,
  account: OpenAccount['account'],
): Promise<AgreementToSign | undefined> => {
  const signed = signedWith(payment);
  const agreement = signed && (await deps.agreement(signed.id));
  if (!agreement || !isWaiting(agreement)) return undefined;
  const notifyUrl = deps.callbackUrl(account, '/agreements');
  return { ...toSign(agreement, method), notifyUrl, returnUrl: payment.return_url };
};

const place = async (deps: Deps, payment: Payment, attempt: Attempt): Promise<Placing | undefined> => {
  try {
    const { account, channel } = await deps.open(attempt.channel_account_id);
    return await channel.place({
      ...orderRef(payment, attempt),
      appId: payment.app_id,
      subject: payment.subject,
      expiresAt: payment.expires_at,
      notifyUrl: deps.callbackUrl(account),
      returnUrl: payment.return_url,
      channelAgreementNo: payment.agreement?.no,
      signing: await signingFor(deps, payment, attempt, account),
      payer: isHold(attempt)
        ? { account: payment.prepaid?.account }
        : { ...payment.payer, terminal: attempt.terminal_id },
      ...(isHold(attempt) && { hold: true }),
    });
  } catch (error) {
    deps.noteOutage(`placing attempt ${attempt.no} of ${payment.id}`, error);
    return undefined;
  }
};

/** Says how long the first try took: by that, and by how it ended, the account is judged. */
const timed = (payment: Payment, no: number, took: number): Payment =>
  changeAttempt(payment, no, (attempt) =>
    attempt.placing_ms === undefined ? { ...attempt, placing_ms: Math.max(0, took) } : attempt,
  );

/** Nothing follows from the absence of an order as young as this, nor of one sent in the meantime. */
const youngFor = 20_000;

const mayBeSent = (payment: Payment, now: Date) =>
  !isFinal(payment) && !payment.close_requested_at && payment.expires_at > now;

/**
 * Before an order is sent once more that is written down: whoever asks about it meanwhile, and is told that it is not there,
 * must not conclude that it never will be. A renewed one stands there already.
 */
const noteSending = (deps: Deps, payment: Payment, no: number): Promise<Payment> =>
  changePayment(
    deps,
    payment.id,
    (read) => {
      const now = deps.now();
      if (!mayBeSent(read, now)) return read;
      return changeAttempt(read, no, (attempt) =>
        isUnanswered(attempt) && now.getTime() - attempt.created_at.getTime() > youngFor
          ? { ...attempt, sent_again_at: now }
          : attempt,
      );
    },
    payment,
  );

/**
 * Sends an attempt's order to its channel, once, and writes what it answered; again when its action has run out. Whatever
 * it answered, how the attempt ends is not known yet: it is looked at after 10 s and 30 s, because payers pay within seconds
 * and callbacks get lost; if even those messages are lost, the due index has it within a minute.
 */
export const sendOrder = async (deps: Deps, seen: Payment, no: number): Promise<Payment> => {
  const payment = await noteSending(deps, seen, no);
  const attempt = payment.attempts.find((other) => other.no === no);
  const isRenewal = attempt !== undefined && isRunOut(attempt, deps.now());
  if (!attempt || !mayBeSent(payment, deps.now()) || !(isRenewal || isUnanswered(attempt))) return payment;
  const began = deps.now();
  const placing = await place(deps, payment, attempt);
  const took = deps.now().getTime() - began.getTime();
  const learnt = placing?.kind === 'ask' ? await askChannel(deps, payment, attempt, { closing: false }) : undefined;
  const now = deps.now();
  const told = await changePayment(
    deps,
    payment.id,
    (read) => {
      // An order that is known to stand there still stands, whatever a further try of it met.
      if (isRenewal && !learnt && placing?.kind !== 'placed') return read;
      // An order that was sent once more meanwhile may be there by now.
      if (learnt && !holdsFor(learnt, read)) return read;
      const after = learnt
        ? hear(read, no, learnt.outcome, { identity: learnt.identity, now })
        : afterPlacing(read, no, placing?.kind === 'ask' ? undefined : placing, now);
      return timed(after, no, took);
    },
    payment,
  );
  if (told.attempts.some((other) => other.no === no && isLookedAt(other)))
    await deps.lookSoon(payment.id, isScanned(attempt.method));
  return told;
};
