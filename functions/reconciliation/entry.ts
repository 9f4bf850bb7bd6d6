import type { StatementKind, TradeKind } from '#channels/statement.ts';
import type { BusinessDate } from '#kernel/business-date.ts';

/**
 * What we say happened at a channel account on a business date: one receipt, one refund or one movement of a payout that its
 * statement must show.
 */
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
 * statement as it was agreed with the payer; for a fund statement as our books have it in `channel_clearing`, payouts with them.
 */
export type ReadFlow = (channelAccountId: string, date: BusinessDate, kind: StatementKind) => Promise<PlatformEntry[]>;

/** What we know of a payout that a statement names, whether or not anything of it is of that day. */
export interface NamedPayout {
  readonly channelOrderNo: string;
  /** Its channel has not said yet what became of it. */
  readonly isUnderWay: boolean;
  /** Money that left or came back, each with the business date on which we have it. */
  readonly movements: readonly { readonly date: BusinessDate; readonly entry: PlatformEntry }[];
}

/** The payouts of that channel account by our numbers of them; of a number that is none of ours, nothing. */
export type ReadNamedPayouts = (channelAccountId: string, numbers: readonly string[]) => Promise<NamedPayout[]>;
