import { businessDate } from '#kernel/business-date.ts';
import { Failure, invariant } from '#kernel/failure.ts';
import { derivedId, tail } from '#kernel/id.ts';
import type { Guard } from '#ledger/balance.ts';
import type { Journal } from '#ledger/journal.ts';
import { isWaiting, type Attempt, type Receipt } from '#payments/attempt.ts';
import { receiptsOf } from '#payments/journals.ts';
import { channelOrderNo, earned, refundable, winner, type Payment } from '#payments/payment.ts';
import type { Write } from '#platform/commit.ts';
import { walletOf } from '#wallets/make-hold.ts';

import type { Deps as OutcomeDeps } from '../apply-refund-outcome.ts';
import { bucketOf } from '../bucket.ts';
import { reserveJournal } from '../journals.ts';
import { legsOf, type Legs } from '../legs.ts';
import { debited, type Bucket, type Refund } from '../refund.ts';
import * as totals from '../totals.ts';

export type Deps = Pick<OutcomeDeps, 'refunds' | 'payments' | 'ledger' | 'open' | 'now'>;

/** A refund that is worked out and not yet written. */
export interface Reservation {
  readonly refund: Refund;
  /** As it becomes. */
  readonly payment: Payment;
  readonly journals: readonly Journal[];
  /** One transaction: the refund, its payment, then the journal and the balances under their conditions. */
  readonly writes: readonly Write[];
  /** What the balance that pays may lack while the stream lags behind. */
  readonly behind: readonly Journal[];
}

export type Asked = Pick<Refund, 'id' | 'merchant_refund_id' | 'amount' | 'reason' | 'desk' | 'payee'>;

/** The channel account that pays out to the payee, found only when the money cannot go back as it came. */
export type PayingAccount = () => Promise<Refund['channel_account_id']>;

const day = 86_400_000;

/** Why the channel does not take back money of this age, or a part of it. */
const objection = async (deps: Deps, attempt: Attempt, receipt: Receipt, isPart: boolean) => {
  const { kind } = await deps.open(attempt.channel_account_id);
  const { maxAgeDays, partial } = kind.capabilities.refund;
  if (maxAgeDays === 0)
    return new Failure('unsupported', { detail: 'this channel cannot give money back: it goes back by a payout' });
  if (deps.now().getTime() - receipt.paid_at.getTime() > maxAgeDays * day) return new Failure('refund_window_closed');
  return !partial && isPart ? new Failure('unsupported', { detail: 'the channel refunds in full only' }) : undefined;
};

interface Part extends Legs {
  readonly bucket: Bucket;
  readonly fee_returned: bigint;
  /** The day of the receipt that decides when the payment is released. */
  readonly flow_date: string;
}

/** The refund of an attempt's money, at the channel that took it. */
const drafted = (
  deps: Deps,
  payment: Payment,
  asked: Asked,
  { attempt, bucket, fee_returned, flow_date, ...back }: Part,
): Refund => {
  const { receipt } = attempt;
  const now = deps.now();
  return {
    ...asked,
    version: 0,
    app_id: payment.app_id,
    merchant_id: payment.merchant_id,
    payment_id: payment.id,
    currency: receipt.currency,
    notify_url: payment.notify_url,
    status: 'processing',
    fee_returned,
    bucket,
    ...back,
    channel_account_id: attempt.channel_account_id,
    channel_order_no: channelOrderNo(payment, attempt),
    channel_trade_no: receipt.trade_no,
    paid_amount: receipt.amount,
    flow_date_of_payment: flow_date,
    time_zone: attempt.time_zone,
    created_at: now,
    reserved_on: businessDate(now, attempt.time_zone),
  };
};

const reservation = (deps: Deps, before: Payment, refund: Refund, guard: Guard | undefined): Reservation => {
  const payment = totals.reserved(before, refund);
  const journals = reserveJournal(refund);
  const account = { owner: refund.merchant_id, subject: refund.bucket, currency: refund.currency };
  return {
    refund,
    payment,
    journals,
    writes: [
      deps.refunds.write(refund),
      deps.payments.write(payment),
      ...deps.ledger.writes(journals, [{ ...guard, account, atLeast: debited(refund) }]),
    ],
    behind: receiptsOf(before),
  };
};

/** Whose account a part of a composite payment goes back to. */
const walletBehind = async (deps: Deps, { prepaid, app_id }: Payment) =>
  prepaid && walletOf(await deps.ledger.findAccount(prepaid.account), app_id);

/** Of money that is the merchant's, within its channel's window, up to what is left of it. */
export const prepareRefund = async (
  deps: Deps,
  payment: Payment,
  asked: Asked,
  payer?: PayingAccount,
): Promise<Reservation> => {
  const paid = payment.beneficiary ? undefined : earned(payment);
  const receipt = paid?.receipt;
  if (!paid || !receipt)
    throw new Failure('payment_not_refundable', {
      detail:
        'only a paid payment is refunded here; late, duplicate and mismatched money waits for the difference desk',
    });
  if (asked.amount <= 0n || asked.amount > refundable(payment)) throw new Failure('refund_exceeds_refundable');
  const cameIn = winner(payment) ? payment.amount : receipt.amount;
  const against = await objection(deps, paid, receipt, asked.amount !== cameIn);
  const legs = winner(payment)
    ? legsOf(payment, asked.amount, await walletBehind(deps, payment))
    : { attempt: { ...paid, receipt } };
  invariant(legs !== undefined, `${payment.id} is paid by nothing`);
  // 退款路由: the way it came, where that is open; else to the payee. What a wallet paid goes back to it, and nowhere else.
  const account = against && legs.by_wallet === undefined ? await payer?.() : undefined;
  if (against && !account) throw against;
  // A payment is released with what was charged: that day decides, also for what was held.
  const { bucket, guard } = await bucketOf(deps, payment, paid, receipt.flow_date);
  const fee_returned = totals.feeShare(payment, asked.amount);
  const part = { ...legs, bucket, fee_returned, flow_date: receipt.flow_date };
  const refund = drafted(deps, payment, asked, part);
  return reservation(
    deps,
    payment,
    account ? { ...refund, route: 'payout', channel_account_id: account } : refund,
    guard,
  );
};

/** Of money that waits in suspense: the whole of it, once. Neither the merchant's balances nor its totals move. */
export const prepareHeldRefund = async (
  deps: Deps,
  payment: Payment,
  attempt: Attempt,
  differenceId: NonNullable<Refund['desk']>['difference_id'],
): Promise<Reservation> => {
  const { receipt, no } = attempt;
  if (!receipt || !isWaiting(attempt))
    throw new Failure('action_not_possible', { detail: 'nothing of this attempt waits in suspense any more' });
  const against = await objection(deps, attempt, receipt, false);
  if (against) throw against;
  // One number for each try: what a channel has failed to give back is asked for again under another.
  const id = derivedId('rfd', payment.id, 'held', String(no), String(payment.version));
  const desk = { difference_id: differenceId, attempt: no };
  const asked = { id, merchant_refund_id: `desk-${tail(id)}`, amount: receipt.amount, reason: undefined, desk };
  const part = { attempt: { ...attempt, receipt }, fee_returned: 0n, flow_date: receipt.flow_date };
  return reservation(deps, payment, drafted(deps, payment, asked, { ...part, bucket: 'suspense' }), undefined);
};
