import * as z from 'zod';

import { lookAtAgreement } from '#agreements/look-at-agreement.ts';
import { agreementDeps } from '#agreements/wire.ts';
import { attachCallbacks } from '#callbacks/attach-callbacks.ts';
import { callbackDeps } from '#callbacks/wire.ts';
import { refundLate } from '#desks/refund-late.ts';
import { lookAgain } from '#payments/following/look-again.ts';
import { paymentDeps, wire } from '#payments/wire.ts';
import { lookAtPayout } from '#payouts/sending/send-payout.ts';
import { payoutDeps } from '#payouts/wire.ts';
import { database } from '#platform/database.ts';
import { env } from '#platform/env.ts';
import { count, log } from '#platform/log.ts';
import { consume } from '#platform/queue.ts';
import { reconciliationStore } from '#reconciliation/store.ts';
import { lookAtRefund } from '#refunds/making/send-refund.ts';
import { refundDeps } from '#refunds/wire.ts';
import { expireHold } from '#wallets/end-hold.ts';
import { holdDeps } from '#wallets/wire.ts';

import { isAgreementStuck, isMoneyUnknown, isPayoutUnconfirmed, isPayoutUnknown, isRefundStuck } from './at-risk.ts';

const db = database();
const wired = wire(db);
const payments = paymentDeps(wired);
const refunds = refundDeps(wired, db);
const payouts = payoutDeps(wired, db);
const agreements = agreementDeps(wired);

const holds = holdDeps(db, wired.now);
const callbacks = callbackDeps(wired, db);
const desk = { ...refunds, differences: reconciliationStore(db, env('BOOKS_TABLE')).differences };

/**
 * `due`: found by the sweep, so its next look must move on even when nothing was learnt. `awaited`: callbacks about it came
 * before it. `late`: money came too late, and its app has that refunded without asking.
 */
const Look = z.strictObject({
  id: z.string(),
  due: z.boolean().default(false),
  awaited: z.boolean().default(false),
  late: z.boolean().default(false),
});

/** Counted each time it is looked at, so that the alarm goes on for as long as there is one. */
const lookAtThePayment = async (id: string, moveOn: boolean) => {
  const payment = await lookAgain(payments, id, { moveOn });
  if (!isMoneyUnknown(payment, wired.now())) return;
  log.warn('it is not known whether there is money', { payment_id: id });
  count('MoneyUnknown');
};

const lookAtTheRefund = async (id: string, moveOn: boolean) => {
  const refund = await lookAtRefund(refunds, id, { moveOn });
  if (!isRefundStuck(refund, wired.now())) return;
  log.warn('a refund does not end', { refund_id: id, status: refund.status });
  count('RefundStuck');
};

const lookAtThePayout = async (id: string, moveOn: boolean) => {
  const payout = await lookAtPayout(payouts, id, { moveOn });
  if (isPayoutUnconfirmed(payout, wired.now())) {
    log.warn('nobody has confirmed a transfer by hand', { payout_id: id });
    count('PayoutUnconfirmed');
  }
  if (!isPayoutUnknown(payout, wired.now())) return;
  log.warn('it is not known whether a payout has arrived', { payout_id: id, status: payout.status });
  count('MoneyUnknown');
};

const lookAtTheAgreement = async (id: string, moveOn: boolean) => {
  const agreement = await lookAtAgreement(agreements, id, { moveOn });
  if (!isAgreementStuck(agreement, wired.now())) return;
  log.warn('an agreement does not end', { agreement_id: id, status: agreement.status });
  count('AgreementStuck');
};

/** Looks at a payment, refund, payout or agreement whose end is not known: the active query, expiry, and the closings that were not confirmed. */
export const handler = consume(Look, ({ id, due, awaited, late }) => {
  if (awaited) return attachCallbacks(callbacks, id);
  if (late) return refundLate(desk, id);
  if (id.startsWith('hld_')) return expireHold(holds, id);
  if (id.startsWith('agr_')) return lookAtTheAgreement(id, due);
  if (id.startsWith('pyt_')) return lookAtThePayout(id, due);
  return id.startsWith('rfd_') ? lookAtTheRefund(id, due) : lookAtThePayment(id, due);
});
