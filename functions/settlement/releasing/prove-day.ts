import type { BusinessDate } from '#kernel/business-date.ts';
import { isMoney } from '#payments/attempt.ts';
import { channelOrderNo, type Payment } from '#payments/payment.ts';
import { byChannel, refundRef, type Refund } from '#refunds/refund.ts';
import { holdOfOrder, type Hold } from '#wallets/hold.ts';

import type { Judgement } from './settle-account.ts';

interface Deps {
  readonly flowOf: (
    channelAccountId: string,
    date: BusinessDate,
  ) => Promise<{ readonly payments: readonly Payment[]; readonly refunds: readonly Refund[] }>;
  readonly holds: (ids: readonly string[]) => Promise<readonly Hold[]>;
}

/** One thing that the day's payments or refunds claim, and what our own books of accounts must say of it. */
interface Claim {
  readonly paymentId: string;
  readonly hold: string;
  readonly holdsTrue: (hold: Hold | undefined) => boolean;
}

const ofPayment = (payment: Payment, channelAccountId: string, date: BusinessDate): Claim[] =>
  payment.attempts
    .filter(
      (attempt) =>
        isMoney(attempt) && attempt.channel_account_id === channelAccountId && attempt.receipt?.flow_date === date,
    )
    .map((attempt) => ({
      paymentId: payment.id,
      hold: holdOfOrder(channelOrderNo(payment, attempt)),
      holdsTrue: (hold) => hold?.status === 'posted' && hold.posted === attempt.receipt?.amount,
    }));

const ofRefund = (refund: Refund): Claim => ({
  paymentId: refund.payment_id,
  hold: holdOfOrder(refund.channel_order_no),
  holdsTrue: (hold) =>
    hold?.refunds.some(({ no, amount }) => no === refundRef(refund).channelRefundNo && amount === byChannel(refund)) ===
    true,
});

/**
 * 内部证明: a day of the internal channel has no statement. It is proved by comparing each payment and refund with what the
 * account that paid shows of it; what cannot be proved is withheld.
 */
export const proveDay =
  ({ flowOf, holds }: Deps) =>
  async (channelAccountId: string, date: BusinessDate): Promise<Judgement> => {
    const { payments, refunds } = await flowOf(channelAccountId, date);
    const claims = [
      ...payments.flatMap((payment) => ofPayment(payment, channelAccountId, date)),
      ...refunds.map(ofRefund),
    ];
    const found = await holds([...new Set(claims.map(({ hold }) => hold))]);
    const byId = new Map(found.map((hold): [string, Hold] => [hold.id, hold]));
    const unproved = claims.filter(({ hold, holdsTrue }) => !holdsTrue(byId.get(hold)));
    return {
      kind: 'released',
      batchId: null,
      withheld: new Set(unproved.map(({ paymentId }) => paymentId)),
      payments: payments.length,
    };
  };
