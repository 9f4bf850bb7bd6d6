import type { Method } from '#channels/channel.ts';
import { Failure } from '#kernel/failure.ts';
import type { App } from '#merchants/app.ts';
import { served, type Merchant } from '#merchants/merchant.ts';

import { applyOutcome, savePayment } from '../following/apply-outcome.ts';
import { askChannel } from '../following/ask-channel.ts';
import { assessPayment, judged } from './judge-payment.ts';
import { checkCode } from '../in-store.ts';
import { isFinal, signedWith, type KnownPayer, type Payment } from '../payment.ts';
import type { Deps } from './place-payment.ts';
import { newAttempts } from './new-attempts.ts';
import { sendStages } from './send-stages.ts';
import { liveCharge } from '../stages.ts';

const attemptsAtMost = 10;

/** An app sees its own payments; another's does not exist. */
export const paymentOf = async (deps: Pick<Deps, 'find'>, app: App, id: string): Promise<Payment> => {
  const payment = await deps.find(id);
  if (!payment || payment.app_id !== app.id) throw new Failure('not_found');
  return payment;
};

export const checkOpen = (payment: Payment, now: Date) => {
  if (isFinal(payment) || payment.close_requested_at || payment.expires_at <= now)
    throw new Failure('payment_not_open');
};

export const merchantOf = async (deps: Pick<Deps, 'merchant'>, { merchant_id }: Payment): Promise<Merchant> =>
  served(await deps.merchant(merchant_id), 'payment');

/** Two live attempts could both be paid: the one in flight is closed at its channel before another begins. */
const closeLive = async (deps: Deps, payment: Payment): Promise<Payment> => {
  const live = liveCharge(payment);
  if (!live) return payment;
  const learnt = live.mismatch ? undefined : await askChannel(deps, payment, live, { closing: true });
  if (!learnt) throw new Failure('attempt_in_flight');
  const heard = await applyOutcome(deps, payment, learnt);
  checkOpen(heard, deps.now());
  if (liveCharge(heard)) throw new Failure('attempt_in_flight');
  return heard;
};

/** Tries another method. The method of the attempt in flight answers that attempt, finishing it if it was never answered. */
export const addAttempt = async (
  deps: Deps,
  app: App,
  {
    id,
    method,
    payer,
    terminal_id,
  }: { id: string; method: Method; payer?: KnownPayer | undefined; terminal_id?: string | undefined },
): Promise<{ payment: Payment; isNew: boolean }> => {
  checkCode(method, payer);
  const read = await paymentOf(deps, app, id);
  checkOpen(read, deps.now());
  const live = liveCharge(read);
  if (live?.method === method) return { payment: await sendStages(deps, read), isNew: false };
  if (read.challenge?.method === method) return { payment: read, isNew: false };
  if (read.challenge) throw new Failure('challenge_pending');
  if (read.agreement && !signedWith(read))
    throw new Failure('method_not_available', { detail: 'a deduction is charged by its agreement, or not at all' });
  if (read.attempts.length >= attemptsAtMost) throw new Failure('too_many_attempts');

  const merchant = await merchantOf(deps, read);
  const paying = { ...read, payer: payer ?? read.payer, terminal_id: terminal_id ?? read.terminal_id };
  // What can be refused is refused before the attempt in flight is closed.
  await newAttempts(deps, merchant, paying, method);
  const risk = await (await assessPayment(deps, paying, method)).conclude();
  const free = { ...(await closeLive(deps, read)), payer: paying.payer, terminal_id: paying.terminal_id };
  // Somebody else may have added one meanwhile, or let the hold go: no two attempts share a number.
  const attempts = await newAttempts(deps, merchant, free, method);
  const { payment, code } = await judged(deps, free, risk, { method, attempts });
  const saved = await savePayment(deps, free, payment);
  if (!saved) throw new Failure('conflict');
  if (code !== undefined) await deps.risk.tellCode(saved, code);
  return { payment: await sendStages(deps, saved), isNew: true };
};
