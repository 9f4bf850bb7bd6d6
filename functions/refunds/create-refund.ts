import { businessDate } from '#kernel/business-date.ts';
import { Failure, invariant } from '#kernel/failure.ts';
import { post } from '#ledger/post.ts';
import type { App } from '#merchants/app.ts';
import { paymentOf } from '#payments/add-attempt.ts';
import { journalsOf } from '#payments/journals.ts';
import { channelOrderNo, refundable, winner, type Payment } from '#payments/payment.ts';
import { contend, lost } from '#platform/contend.ts';
import { walletOf } from '#wallets/make-hold.ts';

import { bucketOf } from './apply-refund-outcome.ts';
import { reserveJournal } from './journals.ts';
import { legsOf } from './legs.ts';
import type { RefundToCreate } from './operations.ts';
import { debited, isUnderWay, refundId, type Refund } from './refund.ts';
import { sendRefund, type Deps } from './send-refund.ts';
import * as totals from './totals.ts';

const day = 86_400_000;

/** What can be refunded at all: a payment that pays for its order, within its channel's window, up to what is left. */
const checkRefundable = async (deps: Deps, payment: Payment, amount: bigint) => {
  const paid = payment.beneficiary ? undefined : winner(payment);
  if (!paid?.receipt)
    throw new Failure('payment_not_refundable', {
      detail:
        'only a paid payment is refunded here; late, duplicate and mismatched money waits for the difference desk',
    });
  if (amount > refundable(payment)) throw new Failure('refund_exceeds_refundable');
  const { kind } = await deps.open(paid.channel_account_id);
  const { maxAgeDays, partial } = kind.capabilities.refund;
  if (deps.now().getTime() - paid.receipt.paid_at.getTime() > maxAgeDays * day)
    throw new Failure('refund_window_closed');
  if (!partial && amount !== payment.amount)
    throw new Failure('unsupported', { detail: 'the channel refunds in full only' });
  return { ...paid, receipt: paid.receipt };
};

/** Whose account a part of a composite payment goes back to. */
const walletBehind = async (deps: Deps, { prepaid, app_id }: Payment) =>
  prepaid && walletOf(await deps.ledger.findAccount(prepaid.account), app_id);

const prepare = async (deps: Deps, app: App, payment: Payment, input: RefundToCreate) => {
  const charge = await checkRefundable(deps, payment, input.amount);
  const legs = legsOf(payment, input.amount, await walletBehind(deps, payment));
  invariant(legs !== undefined, `${payment.id} is paid by nothing`);
  const { attempt, ...back } = legs;
  const { receipt } = attempt;
  // A payment is released with what was charged: that day decides, also for what was held.
  const { bucket, guard } = await bucketOf(deps, { ...payment, ...charge, flow_date: charge.receipt.flow_date });
  const now = deps.now();
  const refund: Refund = {
    id: refundId(app.id, input.merchant_refund_id),
    version: 0,
    app_id: app.id,
    merchant_id: payment.merchant_id,
    payment_id: payment.id,
    merchant_refund_id: input.merchant_refund_id,
    amount: input.amount,
    currency: payment.currency,
    reason: input.reason,
    notify_url: payment.notify_url,
    status: 'processing',
    fee_returned: totals.feeShare(payment, input.amount),
    bucket,
    ...back,
    channel_account_id: attempt.channel_account_id,
    channel_order_no: channelOrderNo(payment, attempt),
    channel_trade_no: receipt.trade_no,
    paid_amount: receipt.amount,
    flow_date_of_payment: charge.receipt.flow_date,
    time_zone: attempt.time_zone,
    created_at: now,
    reserved_on: businessDate(now, attempt.time_zone),
  };
  const account = { owner: payment.merchant_id, subject: bucket, currency: payment.currency };
  return { refund, guard: { ...guard, account, atLeast: debited(refund) } };
};

const sameAgain = (existing: Refund, input: RefundToCreate): Refund => {
  const same =
    existing.payment_id === input.payment_id && existing.amount === input.amount && existing.reason === input.reason;
  if (!same) throw new Failure('idempotency_conflict');
  return existing;
};

/**
 * One transaction: the refund, the payment's refundable less its amount, and the merchant's debit under the condition that
 * the balance suffices. Forty at once take their turns; none can exceed.
 */
const reserve = async (deps: Deps, app: App, input: RefundToCreate): Promise<{ refund: Refund; isNew: boolean }> => {
  let caughtUp = false;
  return contend(async () => {
    const payment = await paymentOf({ find: deps.payments.find }, app, input.payment_id);
    const { refund, guard } = await prepare(deps, app, payment, input);
    const refusals = await deps.commit([
      deps.refunds.write(refund),
      deps.payments.write(totals.reserved(payment, refund)),
      ...deps.ledger.writes(reserveJournal(refund), [guard]),
    ]);
    if (refusals.length === 0) return { refund: { ...refund, version: 1 }, isNew: true };
    const refused = (index: number) =>
      refusals.find((refusal) => refusal.index === index && refusal.reason === 'condition');
    const existing = refused(0);
    if (existing) return { refund: sameAgain(deps.refunds.parse(existing.row), input), isNew: false };
    const isShort =
      refused(1) === undefined && refusals.some(({ reason, index }) => reason === 'condition' && index > 1);
    // The balance is folded from the stream and may lag behind: what this payment itself brought in is posted first.
    if (isShort && caughtUp) throw new Failure('insufficient_balance');
    if (isShort) {
      await post(deps, journalsOf(payment));
      caughtUp = true;
    }
    return lost;
  });
};

/** Creates a refund. A number that was used answers as it did; a call that crashed half-way is finished by the next. */
export const createRefund = async (
  deps: Deps,
  app: App,
  input: RefundToCreate,
): Promise<{ refund: Refund; isNew: boolean }> => {
  const reserved = await reserve(deps, app, input).catch(async (refusal: unknown) => {
    const existing =
      refusal instanceof Failure ? await deps.refunds.find(refundId(app.id, input.merchant_refund_id)) : undefined;
    if (!existing) throw refusal;
    return { refund: sameAgain(existing, input), isNew: false };
  });
  const { refund } = reserved;
  return isUnderWay(refund) && !refund.accepted ? { ...reserved, refund: await sendRefund(deps, refund) } : reserved;
};

/** An app sees its own refunds; another's does not exist. */
export const refundOf = async ({ refunds }: Pick<Deps, 'refunds'>, app: App, id: string): Promise<Refund> => {
  const refund = await refunds.find(id);
  if (!refund || refund.app_id !== app.id) throw new Failure('not_found');
  return refund;
};
