import type { BusinessDate } from '#kernel/business-date.ts';

import type { Action, ChannelFailure, Method } from './channel.ts';

/** What a payer agrees to at most. Amounts in minor units. */
export interface AgreedLimits {
  /** Of one deduction. */
  readonly amount_max?: bigint | undefined;
  /** One deduction in each period. */
  readonly period?: { readonly unit: 'day' | 'month'; readonly count: number } | undefined;
  /** The day of the first deduction, from which periods are counted. */
  readonly first_on?: BusinessDate | undefined;
}

/** An agreement as its channel knows it. */
export interface AgreementRef {
  /** Ours, the same for ever. */
  readonly agreementNo: string;
  /** The channel's own, once it is signed. */
  readonly channelAgreementNo: string | undefined;
  readonly createdAt: Date;
}

export interface AgreementToSign extends AgreementRef {
  /** By which the payer signs, or pays while signing. */
  readonly method: Method;
  /** What it is for, as its payer reads it. */
  readonly subject: string;
  /** Who the payer is to the app, which some channels show. */
  readonly payerId: string | undefined;
  /** From where the payer asks, where the app says it: some ways to sign must tell the channel. */
  readonly payerIp?: string | undefined;
  readonly limits: AgreedLimits | undefined;
  /** Of the first period, where the app has not said it. */
  readonly today: BusinessDate;
  /** When it may not be signed any more. */
  readonly expiresAt: Date;
  readonly notifyUrl: string;
  readonly returnUrl: string | undefined;
}

export type Signing =
  | { readonly kind: 'placed'; readonly action: Action }
  | { readonly kind: 'refused'; readonly failure: ChannelFailure };

/**
 * What a channel says of an agreement. `pending` changes nothing and is the only safe default. `absent`: it knows of none that
 * stands, which of one that nobody has signed yet is no news.
 */
export type AgreementOutcome =
  | { readonly kind: 'pending' }
  | {
      readonly kind: 'active';
      readonly channelAgreementNo: string;
      readonly signedAt: Date;
      /** When it ends by itself. */
      readonly validUntil?: Date | undefined;
    }
  | { readonly kind: 'terminated'; readonly at: Date | undefined; readonly by: 'payer' | 'app' | 'channel' | undefined }
  | { readonly kind: 'absent' };

/** Channels write "without an end" as a year of the next century. */
export const isForEver = (end: Date, from: Date): boolean => end.getTime() - from.getTime() > 50 * 365 * 86_400_000;

/** 签约, 查询, 解约: what a channel does with agreements. Each call tries once, as all of an adapter. */
export interface AgreementsAtChannel {
  sign(agreement: AgreementToSign): Promise<Signing>;
  query(agreement: AgreementRef): Promise<AgreementOutcome>;
  /** Ends it; answers how it stands then, `pending` where that is not told. */
  terminate(agreement: AgreementRef, notifyUrl: string): Promise<AgreementOutcome>;
}
