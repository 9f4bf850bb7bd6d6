import type { OrderRef, RefundToPlace } from './channel.ts';

/** What stands on a user's balance or prepaid card for one order. Amounts in minor units. */
export interface WalletOrder {
  readonly id: string;
  readonly status: 'pending' | 'posted' | 'voided' | 'expired';
  readonly amount: bigint;
  readonly posted: bigint;
  readonly currency: string;
  /** When it was taken, let go or ran out; of one that is held, when it was set aside. */
  readonly at: Date;
  readonly refunds: readonly { readonly no: string; readonly amount: bigint; readonly at: Date }[];
}

export interface WalletCharge extends OrderRef {
  readonly appId: string;
  /** The account that pays. */
  readonly account: string | undefined;
  readonly channelAccountId: string;
  readonly timeZone: string;
  /** Set aside only, to be taken or let go later. */
  readonly hold: boolean;
}

export type WalletRefusal =
  | 'account_unknown'
  | 'account_of_another_kind'
  | 'insufficient_balance'
  /** Let go before it was there. */
  | 'order_released';

/**
 * 余额 and 预付卡 as a channel sees them: our own books. Each call is one transaction and may be repeated: the order's
 * number names what it did.
 */
export interface Wallets {
  charge(charge: WalletCharge): Promise<{ readonly order: WalletOrder } | { readonly refused: WalletRefusal }>;
  find(channelOrderNo: string): Promise<WalletOrder | undefined>;
  /** Takes what is held, or answers how the order ended otherwise. */
  capture(channelOrderNo: string): Promise<WalletOrder | undefined>;
  /** Lets go what is held, or answers how the order ended otherwise; what is not there yet never comes. */
  release(channelOrderNo: string): Promise<WalletOrder | undefined>;
  /** Gives money back to the account that paid; nothing when that would be more than it paid, or in too many parts. */
  giveBack(refund: RefundToPlace): Promise<WalletOrder | undefined>;
}
