import { businessDate } from '#kernel/business-date.ts';
import { tail } from '#kernel/id.ts';
import type { LateTransfer } from '#payouts/late-transfer.ts';
import type { Payout } from '#payouts/payout.ts';
import { lateDifferenceId, type Difference } from '#reconciliation/differences/difference.ts';

const differenceOf = (payout: Payout, { at, channel_trade_no = '' }: LateTransfer, no: number): Difference => {
  const { id, merchant_id, amount, currency, channel_account_id, time_zone } = payout;
  const day = businessDate(at, time_zone);
  return {
    id: lateDifferenceId(id, no),
    version: 0,
    status: 'open',
    kind: 'payout_late',
    amount,
    currency,
    day: { channel_account_id, bill_date: day, kind: 'fund' },
    batch_id: null,
    seen_on: day,
    record_id: null,
    time_zone,
    opened_on: day,
    platform: {
      id,
      kind: 'payout',
      merchantId: merchant_id,
      channelOrderNo: tail(id),
      channelTradeNo: channel_trade_no,
      amount,
      currency,
      fee: 0n,
      status: payout.status,
      at,
    },
    channel: null,
  };
};

/** 迟到出款: a payout whose money left although it had ended is a difference at once: somebody must bear it, or get it back. */
export const lateDifferences = (before: Payout | undefined, after: Payout): Difference[] =>
  (after.late ?? []).flatMap((late, no) =>
    before?.late?.[no] || late.returned ? [] : [differenceOf(after, late, no)],
  );

/** Those whose money has come back: nobody bears it any more. */
export const endedDifferences = (before: Payout | undefined, after: Payout): { id: Difference['id']; at: Date }[] =>
  (after.late ?? []).flatMap(({ returned }, no) =>
    returned && before?.late?.[no] && !before.late[no]?.returned
      ? [{ id: lateDifferenceId(after.id, no), at: returned.at }]
      : [],
  );
