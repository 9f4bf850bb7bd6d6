import { Failure } from '#kernel/failure.ts';
import type { App } from '#merchants/app.ts';
import { contend, lost } from '#platform/contend.ts';
import { answersAtMost, challengedAnew, codesAtMost, isRight, type Challenge } from '#risk/challenge.ts';

import { checkOpen, merchantOf, paymentOf } from './add-attempt.ts';
import { savePayment } from '../following/apply-outcome.ts';
import { newAttempts } from './new-attempts.ts';
import { requestClose, type Payment } from '../payment.ts';
import type { Deps } from './place-payment.ts';
import { sendStages } from './send-stages.ts';

const challengeOf = (payment: Payment, now: Date): Challenge => {
  checkOpen(payment, now);
  if (!payment.challenge) throw new Failure('payment_not_challenged');
  return payment.challenge;
};

/** One more wrong answer; the last that there may be closes the payment. */
const afterWrong = (payment: Payment, challenge: Challenge, now: Date): Payment => {
  const wrong = challenge.wrong + 1;
  const told = { ...payment, challenge: { ...challenge, wrong } };
  return wrong < answersAtMost ? told : requestClose(told, 'risk_blocked', now);
};

/** The attempt that was waiting begins, in the write that takes the answer in. */
const afterRight = async (deps: Deps, payment: Payment, { method }: Challenge): Promise<Payment> => {
  const attempts = await newAttempts(deps, await merchantOf(deps, payment), payment, method);
  const { challenge: _, risk, ...rest } = payment;
  return {
    ...rest,
    ...(risk && { risk: { ...risk, passed_at: deps.now() } }),
    attempts: [...payment.attempts, ...attempts],
  };
};

/**
 * Takes the payer's answer. How it was is written before anybody is told, over the version that was read: however many guess at
 * the same time, five wrong answers are all that there are. Asked again after a right one, it finishes what that began.
 */
export const answerChallenge = (
  deps: Deps,
  app: App,
  { id, answer }: { readonly id: string; readonly answer: string },
): Promise<Payment> =>
  contend(async () => {
    const read = await paymentOf(deps, app, id);
    if (!read.challenge && read.risk?.passed_at) return sendStages(deps, read);
    const now = deps.now();
    const challenge = challengeOf(read, now);
    if (challenge.expires_at <= now) throw new Failure('challenge_expired');
    const right = isRight(challenge, answer, { paymentId: read.id, key: await deps.risk.key() });
    const after = right ? await afterRight(deps, read, challenge) : afterWrong(read, challenge, now);
    const saved = await savePayment(deps, read, after);
    if (!saved) return lost;
    if (right) return sendStages(deps, saved);
    const left = answersAtMost - challenge.wrong - 1;
    throw new Failure('challenge_failed', {
      detail: left === 0 ? 'that was the last answer: the payment is closed' : `${left} more answers are taken`,
    });
  });

/** Sends another code, in the place of the last: that one was lost, or has run out. */
export const sendCodeAgain = async (deps: Deps, app: App, id: string): Promise<Payment> => {
  const read = await paymentOf(deps, app, id);
  const now = deps.now();
  const challenge = challengeOf(read, now);
  if (challenge.sent >= codesAtMost)
    throw new Failure('too_many_requests', { detail: `${codesAtMost} codes are all that are sent for a payment` });
  const code = deps.risk.newCode();
  const anew = challengedAnew(challenge, { paymentId: read.id, key: await deps.risk.key(), code, now });
  const saved = await savePayment(deps, read, { ...read, challenge: anew });
  if (!saved) throw new Failure('conflict');
  await deps.risk.tellCode(saved, code);
  return saved;
};
