import * as z from 'zod';

import type { Action } from './channel.ts';

/** Whom a channel pays out to: the account is given by whoever is to be paid, never guessed. */
export const Payee = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('alipay_account'),
    account: z.string().min(1).max(64),
    name: z.string().min(1).max(64),
  }),
  z.strictObject({
    kind: z.literal('wechat_user'),
    /** The openid under which the channel account's own appid knows the user. */
    account: z.string().regex(/^[\w-]{1,128}$/),
    name: z.string().min(1).max(64),
  }),
  z.strictObject({
    kind: z.literal('bank_account'),
    account: z.string().regex(/^[0-9A-Za-z]{5,34}$/),
    name: z.string().min(1).max(64),
    bank: z.string().min(1).max(64),
  }),
]);
export type Payee = z.infer<typeof Payee>;

/** A transfer as its channel knows it. */
export interface TransferRef {
  /** The same number for ever: a transfer is never sent again under another one. */
  readonly channelTransferNo: string;
  readonly amount: bigint;
  readonly currency: string;
  readonly createdAt: Date;
}

export interface TransferToPlace extends TransferRef {
  readonly payee: Payee;
  readonly title: string;
  /** Where the channel may tell of it. */
  readonly notifyUrl: string;
}

/** In the channel's own words. */
interface Failure {
  readonly code: string;
  readonly message: string;
}

/** `returned` is 退票: it had succeeded, and the money came back. */
export type TransferOutcome =
  /** `waitsForPayee`: until it is taken. `action`, which only placing tells, is what the payee's device needs for that. */
  | { readonly kind: 'processing'; readonly waitsForPayee?: true; readonly action?: Action }
  | { readonly kind: 'succeeded'; readonly channelTradeNo: string; readonly at: Date }
  | { readonly kind: 'failed'; readonly failure: Failure }
  | { readonly kind: 'returned'; readonly channelTradeNo?: string; readonly failure: Failure; readonly at: Date }
  | { readonly kind: 'absent' };
