/** 交易账单, what was traded, and 资金账单, what that did to our money at the channel. */
export type StatementKind = 'trade' | 'fund';

/** What asking a channel for the statement of a day brings. */
export type Fetched =
  | { readonly kind: 'file'; readonly bytes: Buffer }
  /** It is still being made. */
  | { readonly kind: 'not_yet' }
  /** The channel says that there was nothing to list. Whether that can be true is not its question alone. */
  | { readonly kind: 'no_trades' };

/** What moves money at a channel: 收款, 退款, 代付 and its 退票. Payments and returned payouts bring, the other two take. */
export type TradeKind = 'payment' | 'refund' | 'payout' | 'payout_return';

export const bringsMoney = (kind: TradeKind): boolean => kind === 'payment' || kind === 'payout_return';

/** One line of a statement, in our words. Amounts are magnitudes; `fee` has the sign of a cost to us. */
export interface StatementLine {
  readonly line: number;
  readonly kind: TradeKind;
  /** Empty on refunds of a statement that names only the refund; of payouts our number of it, empty where it has none. */
  readonly channelOrderNo: string;
  readonly channelTradeNo: string;
  /** On refunds: our number of it; nothing where a statement names only the order. */
  readonly refundNo?: string;
  readonly amount: bigint;
  readonly currency: string;
  readonly fee: bigint;
  readonly status: string;
  readonly at: Date;
}

/** Money that came (positive) or went (negative) for something that is no trade of ours: a withdrawal, a correction. */
export interface OtherLine {
  readonly line: number;
  readonly what: string;
  readonly amount: bigint;
  readonly at: Date;
}

export interface Statement {
  /** What the file judges: a file of successes says nothing about refunds. */
  readonly judges: readonly TradeKind[];
  readonly lines: readonly StatementLine[];
  readonly others?: readonly OtherLine[];
  /** Its days are cut by settlement: a line may be of another calendar day than the statement. */
  readonly cut?: 'settlement';
  /** Whose statement the file says it is, where it says so. */
  readonly merchantsAtChannel: readonly string[];
}

/** A statement that cannot be believed: the batch becomes abnormal, naming line and reason. */
export class StatementError extends Error {
  override readonly name = 'StatementError';
  readonly line: number;
  readonly reason: string;
  constructor(line: number, reason: string) {
    super(`line ${line}: ${reason}`);
    this.line = line;
    this.reason = reason;
  }
}
