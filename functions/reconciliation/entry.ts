import type { StatementKind, TradeKind } from '#channels/statement.ts';
import type { BusinessDate } from '#kernel/business-date.ts';

/** What we say happened at a channel account on a business date: one receipt or one refund that its statement must show. */
export interface PlatformEntry {
  /** `pay_…`, `rfd_…` or `pyt_…`. */
  readonly id: string;
  readonly kind: TradeKind;
  readonly merchantId: string;
  readonly channelOrderNo: string;
  readonly channelTradeNo: string;
  /** On refunds: the number by which the channel knows it as ours. */
  readonly refundNo?: string;
  readonly amount: bigint;
  readonly currency: string;
  /** The channel's cost as we booked it; negative when a refund gave a share of it back. */
  readonly fee: bigint;
  readonly status: string;
  /** The channel's instant: of success, for a refund of acceptance. */
  readonly at: Date;
}

/**
 * Reads our side of a day from the `flow` index: every receipt and refund of that channel account and business date. For a trade
 * statement as it was agreed with the payer, for a fund statement as our books have it in `channel_clearing`.
 */
export type ReadFlow = (channelAccountId: string, date: BusinessDate, kind: StatementKind) => Promise<PlatformEntry[]>;
