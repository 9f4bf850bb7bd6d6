import * as z from 'zod';

import type { ChannelAccount } from './account.ts';
import type { AgreementOutcome, AgreementsAtChannel, AgreementToSign } from './agreement.ts';
import type { Fetched, StatementKind } from './statement.ts';
import type { Payee, TransferOutcome, TransferRef, TransferToPlace } from './transfer.ts';
import type { Wallets } from './wallets.ts';

/** What a payer can be asked for, as the wire contract lists it. */
export const Method = z.enum([
  'wechat_jsapi',
  'wechat_h5',
  'wechat_native',
  'wechat_app',
  'wechat_code',
  'alipay_page',
  'alipay_wap',
  'alipay_app',
  'alipay_qr',
  'alipay_code',
  'unionpay_gateway',
  'unionpay_wap',
  'unionpay_qr',
  'unionpay_code',
  'bestpay_h5',
  'bestpay_code',
  'lakala_qr',
  'lakala_code',
  'lakala_pos',
  'jdpay_h5',
  'jdpay_code',
  'yeepay_h5',
  'bank_gateway',
  'bank_code',
  'bank_transfer',
  'balance',
  'prepaid_card',
  'apple_iap',
  'samsung_pay',
  'huawei_pay',
  'card',
  'wechat_agreement',
  'alipay_agreement',
]);
export type Method = z.infer<typeof Method>;

/** 代扣: charged by an agreement, with no payer at hand. Nobody chooses these: they are asked for by the agreement. */
const deductions = ['wechat_agreement', 'alipay_agreement'] as const;
export const isDeduction = (method: string): boolean => deductions.some((each) => each === method);

/** What a payer can choose, or an app for them. */
export const ChosenMethod = Method.exclude(deductions);
export type ChosenMethod = z.infer<typeof ChosenMethod>;

/** What the payer's device must do next. */
export const Action = z.discriminatedUnion('type', [
  z.object({ type: z.literal('qr_code'), content: z.string() }),
  z.object({ type: z.literal('redirect'), url: z.string() }),
  z.object({ type: z.literal('form'), url: z.string(), fields: z.record(z.string(), z.string()) }),
  z.object({ type: z.literal('sdk'), params: z.record(z.string(), z.string()) }),
  z.object({ type: z.literal('none') }),
  z.object({ type: z.literal('remit'), account: z.string(), reference: z.string() }),
]);
export type Action = z.infer<typeof Action>;

/** Money that a channel says it has taken, in its own words: whether it is what we asked for is not the adapter's question. */
export interface Receipt {
  readonly channelTradeNo: string;
  readonly amount: bigint;
  readonly currency: string;
  /** The channel's own instant of success: it decides the business date. */
  readonly paidAt: Date;
  /** Whose money it is at the channel; must be the account's own. */
  readonly merchantAtChannel: string;
  readonly appAtChannel: string;
}

export interface ChannelFailure {
  /** The channel's own code. */
  readonly code: string;
  readonly message: string;
}

/**
 * What a channel says happened to an attempt. `pending` is the only safe default: a timeout, an unknown code or an
 * unreadable reply is never a failure, because money may have moved; those are thrown, and the attempt is `unknown`.
 */
export type Outcome =
  | { readonly kind: 'pending' }
  | { readonly kind: 'succeeded'; readonly receipt: Receipt }
  | { readonly kind: 'failed'; readonly failure: ChannelFailure }
  | { readonly kind: 'closed' }
  /** The channel has never heard of it. */
  | { readonly kind: 'absent' };

export type Placing =
  /** `goodUntil`: after it the same order, sent again, brings an action that is good again. Without it, as long as the order. */
  | { readonly kind: 'placed'; readonly action: Action; readonly goodUntil?: Date }
  | { readonly kind: 'refused'; readonly failure: ChannelFailure }
  /** The number is known there in a state that placing cannot tell (paid, closed): ask. */
  | { readonly kind: 'ask' };

export type Closing =
  | { readonly kind: 'closed' }
  | { readonly kind: 'absent' }
  /** Paid, or in a state that closing cannot tell: ask. */
  | { readonly kind: 'ask' };

/**
 * `channelRefundNo` is the number we gave, as everywhere. `acceptedAt` is the channel's instant of acceptance: it decides the
 * business date. A callback may not say it (WeChat's does not): then it is what placing or asking has said, never a guess.
 */
export type RefundOutcome =
  | { readonly kind: 'processing'; readonly channelRefundNo: string; readonly acceptedAt: Date | undefined }
  | {
      readonly kind: 'succeeded';
      readonly channelRefundNo: string;
      readonly acceptedAt: Date | undefined;
      readonly succeededAt: Date;
    }
  | { readonly kind: 'failed'; readonly failure: ChannelFailure }
  | { readonly kind: 'absent' };

/** What a method may need to know of the payer; at a counter, of the terminal that takes the money. */
export type PayerMember = 'openid' | 'ip' | 'device' | 'auth_code' | 'bank' | 'account' | 'terminal';

/** An order as its channel knows it: what some protocol needs to ask about it again, the same for ever. */
export interface OrderRef {
  readonly channelOrderNo: string;
  /** A scanned code is asked about and undone by other calls than an order that the payer opens. */
  readonly method: Method;
  readonly amount: bigint;
  readonly currency: string;
  /** When the attempt was made: part of an order's key where a channel names orders by number and time. */
  readonly createdAt: Date;
}

export interface OrderToPlace extends OrderRef {
  /** The app whose order it is: an account of its users is nobody else's to spend. */
  readonly appId: string;
  /** The money is only set aside; `capture` takes it, `close` lets it go. For channels that hold. */
  readonly hold?: true;
  readonly subject: string;
  readonly expiresAt: Date;
  readonly notifyUrl: string;
  /** Where the payer goes afterwards, where a method can lead there. */
  readonly returnUrl?: string | undefined;
  readonly payer: { readonly [Member in PayerMember]?: string | undefined };
  /** By the channel's own number of an agreement, for a deduction. */
  readonly channelAgreementNo?: string | undefined;
  /** 签约并支付: what its payer signs while paying. Whether it was signed is heard of the agreement, never of the order. */
  readonly signing?: AgreementToSign | undefined;
}

/** A refund as its channel knows it. */
export interface RefundRef {
  /** The same number for ever: a refund is never sent again under another one. */
  readonly channelRefundNo: string;
  readonly channelOrderNo: string;
  /** The channel's own number of the money that goes back. */
  readonly channelTradeNo: string;
  readonly amount: bigint;
  readonly paid: bigint;
  readonly currency: string;
  readonly createdAt: Date;
}

export interface RefundToPlace extends RefundRef {
  readonly reason: string | undefined;
  readonly notifyUrl: string;
}

/** A callback as it came; header names are lower case. */
export interface RawCallback {
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
}

/** What a callback says once its source is verified. `channelOrderNo` may be of no order that we know. */
export type Heard =
  | { readonly about: 'payment'; readonly channelOrderNo: string; readonly outcome: Outcome }
  | {
      readonly about: 'refund';
      readonly channelOrderNo: string;
      readonly refundNo: string;
      readonly outcome: RefundOutcome;
    }
  /** Of a payout, by the number we gave; `amount` where the channel says it. */
  | { readonly about: 'payout'; readonly payoutNo: string; readonly amount?: bigint; readonly outcome: TransferOutcome }
  | { readonly about: 'agreement'; readonly agreementNo: string; readonly outcome: AgreementOutcome }
  /** Genuine, and of a kind that changes nothing here. */
  | { readonly about: 'nothing' };

/** How a channel wants to be answered. */
export interface Acknowledgement {
  readonly status: number;
  readonly contentType?: string;
  readonly body: string;
}

/** What a channel can do. Routing and the checks of requests read this, never the channel's name. */
export interface Capabilities {
  readonly methods: readonly Method[];
  /** What each method must be told of the payer; those not named need nothing. */
  readonly needs: { readonly [method in Method]?: readonly PayerMember[] };
  readonly currencies: readonly string[];
  readonly amountMin: bigint;
  readonly amountMax: bigint;
  readonly canClose: boolean;
  /** Whether it can set money aside and take it later: the first stage of a composite payment. */
  readonly canHold?: true;
  readonly refund: { readonly maxAgeDays: number; readonly partial: boolean; readonly multiple: boolean };
  /** Whom it can pay out to. */
  readonly payees?: readonly Payee['kind'][];
  /** By which methods an agreement can be signed, by which while paying, and the one by which is deducted. */
  readonly agreements?: {
    readonly methods: readonly Method[];
    readonly whilePaying?: readonly Method[];
    readonly deduction: Method;
  };
  /** What it can be asked for, each morning, about the day before. */
  readonly statements: readonly StatementKind[];
  /** Its statements show the entries of an account, and no orders. */
  readonly entries?: true;
}

/** 网页授权: how it is learnt who has a page of ours open in the channel's own app. */
export interface SignIn {
  /** Where the payer's app is sent; it comes back to `back` with the state, and with a code that is good once. */
  addressOf(back: string, state: string): string;
  /** Who came back; nothing where the code is not good. Tries once, as all of an adapter. */
  openidOf(code: string): Promise<string | undefined>;
}

/** A callback that is not what it claims to be: nothing of it is believed. */
export class CallbackRefused extends Error {
  override readonly name = 'CallbackRefused';
}

/**
 * One channel account, ready to be called. Adapters translate, they decide nothing. Every call tries once and takes at most
 * 8 s; whatever cannot be read as one of the answers is thrown, and means unknown.
 */
export interface Channel {
  /** Who we are there: a receipt that names somebody else is a mismatch. */
  readonly identity: { readonly merchant: string; readonly app: string };
  place(order: OrderToPlace): Promise<Placing>;
  query(order: OrderRef): Promise<Outcome>;
  /** Makes sure that the order brings no money any more: closes what the payer may open, undoes what was scanned. */
  close(order: OrderRef): Promise<Closing>;
  refund(refund: RefundToPlace): Promise<RefundOutcome>;
  queryRefund(refund: RefundRef): Promise<RefundOutcome>;
  /** Takes what was set aside for the order, where the channel holds. */
  capture?(order: OrderRef): Promise<Outcome>;
  /** 代付, where the channel pays out. */
  readonly transfers?: {
    place(transfer: TransferToPlace): Promise<TransferOutcome>;
    query(transfer: TransferRef): Promise<TransferOutcome>;
  };
  /** 签约, where the channel and this account of it can. */
  readonly agreements?: AgreementsAtChannel;
  /** 网页授权, where this account has what it takes. */
  readonly signIn?: SignIn;
  /** The whole statement of a day, proved to be what the channel made; a download takes as long as it must. */
  fetchStatement(billDate: string, kind: StatementKind): Promise<Fetched>;
  /** Verifies first, then translates; throws `CallbackRefused`. */
  readCallback(callback: RawCallback): Heard;
}

/** A kind of channel: what it can do, and how an account of it is opened. */
export interface ChannelKind {
  readonly name: string;
  readonly capabilities: Capabilities;
  /** What the account's row and its secret must hold. */
  readonly settings: z.ZodType;
  readonly secrets: z.ZodType;
  open(account: ChannelAccount, secrets: unknown, now: () => Date, wallets?: Wallets): Channel;
  /** In the words in which the callback came, where a channel has several. */
  acknowledge(taken: boolean, callback?: RawCallback): Acknowledgement;
}
