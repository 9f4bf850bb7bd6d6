import * as z from 'zod';

import type { AgreementOutcome, AgreementRef, AgreementToSign } from '#channels/agreement.ts';
import { Action, Method, type ChannelFailure } from '#channels/channel.ts';
import { businessDate, Instant } from '#kernel/business-date.ts';
import { derivedId, IdOf, tail, type Id } from '#kernel/id.ts';
import { machine } from '#kernel/machine.ts';
import { Currency } from '#kernel/money.ts';
import { Payer } from '#payments/payment.ts';
import { versioned } from '#platform/rows.ts';

import { Limits } from './limits.ts';

export const AgreementStatus = z.enum([
  'pending',
  'unknown',
  'active',
  'terminating',
  'terminated',
  'expired',
  'failed',
]);
export type AgreementStatus = z.infer<typeof AgreementStatus>;

/**
 * What a payer has signed at the channel stands there, whatever we believed before; only what has been terminated never comes
 * back. `unknown`: the channel has not answered whether it can be signed. `terminating` lasts until the channel confirms.
 */
export const agreements = machine<
  AgreementStatus,
  'know' | 'lose' | 'activate' | 'refuse' | 'expire' | 'ask' | 'terminate'
>({
  pending: {
    know: 'pending',
    lose: 'unknown',
    activate: 'active',
    refuse: 'failed',
    expire: 'expired',
    ask: 'terminating',
    terminate: 'terminated',
  },
  unknown: {
    know: 'pending',
    activate: 'active',
    refuse: 'failed',
    expire: 'expired',
    ask: 'terminating',
    terminate: 'terminated',
  },
  active: { ask: 'terminating', terminate: 'terminated' },
  terminating: { terminate: 'terminated' },
  expired: { activate: 'active', terminate: 'terminated' },
  failed: { activate: 'active', terminate: 'terminated' },
  terminated: {},
});

export const TerminatedBy = z.enum(['app', 'payer', 'channel']);

/** 签约: a payer's leave to be charged later, without being asked again. */
export const Agreement = z.object({
  id: IdOf('agr'),
  ...versioned,
  app_id: IdOf('app'),
  merchant_id: IdOf('mch'),
  merchant_agreement_id: z.string(),
  /** By which the payer signs; while paying, it is the method of whichever attempt they pay by. */
  method: Method.optional(),
  /** 签约并支付: the payment with which it is signed. */
  payment_id: IdOf('pay').optional(),
  channel: z.string(),
  channel_account_id: IdOf('chn'),
  time_zone: z.string(),
  subject: z.string(),
  currency: Currency,
  limits: Limits.optional(),
  payer: Payer.optional(),
  notify_url: z.string().optional(),
  return_url: z.string().optional(),
  status: AgreementStatus,
  action: Action.optional(),
  failure: z.object({ code: z.string(), message: z.string() }).optional(),
  created_at: Instant,
  /** When it may not be signed any more. */
  expires_at: Instant,
  channel_agreement_no: z.string().optional(),
  signed_at: Instant.optional(),
  /** When it ends by itself, where the channel says so. */
  valid_until: Instant.optional(),
  terminate_requested_at: Instant.optional(),
  terminated_at: Instant.optional(),
  terminated_by: TerminatedBy.optional(),
  /** The latest deduction, and its period where there are any: another one of the same period is refused. */
  latest: z.object({ payment_id: IdOf('pay'), period: z.int().optional() }).optional(),
});
export type Agreement = z.infer<typeof Agreement>;

/** One app's number names one agreement, for ever. */
export const agreementId = (appId: string, merchantAgreementId: string): Id<'agr'> =>
  derivedId('agr', appId, merchantAgreementId);

/** What the channel sees: 26 characters, by which a callback finds its agreement. */
export const agreementNo = ({ id }: Pick<Agreement, 'id'>): string => tail(id);

export const agreementRef = (agreement: Agreement): AgreementRef => ({
  agreementNo: agreementNo(agreement),
  channelAgreementNo: agreement.channel_agreement_no,
  createdAt: agreement.created_at,
});

/** What its payer is asked to sign, by this method; the same whenever it is asked. */
export const toSign = (agreement: Agreement, method: Method): Omit<AgreementToSign, 'notifyUrl' | 'returnUrl'> => ({
  ...agreementRef(agreement),
  method,
  subject: agreement.subject,
  payerId: agreement.payer?.id,
  payerIp: agreement.payer?.ip,
  limits: agreement.limits,
  today: businessDate(agreement.created_at, agreement.time_zone),
  expiresAt: agreement.expires_at,
});

export const isWaiting = ({ status }: Agreement) => status === 'pending' || status === 'unknown';

/** Not ended, and not known how it ends: asked about. */
export const isUnsettled = (agreement: Agreement) => isWaiting(agreement) || agreement.status === 'terminating';

const moved = (agreement: Agreement, event: Parameters<typeof agreements.next>[1]): Agreement => {
  const status = agreements.next(agreement.status, event);
  return status === undefined || status === agreement.status ? agreement : { ...agreement, status };
};

export const loseAnswer = (agreement: Agreement): Agreement => moved(agreement, 'lose');

/** The channel lets it be signed. */
export const offered = (agreement: Agreement, action: Action): Agreement =>
  isWaiting(agreement) ? { ...moved(agreement, 'know'), action } : agreement;

export const refused = (agreement: Agreement, failure: ChannelFailure): Agreement => {
  const failed = moved(agreement, 'refuse');
  return failed === agreement ? agreement : { ...failed, failure: { ...failure } };
};

export const requestTermination = (agreement: Agreement, now: Date): Agreement => {
  const asked = moved(agreement, 'ask');
  return asked === agreement ? agreement : { ...asked, terminate_requested_at: now };
};

const signed = (agreement: Agreement, outcome: Extract<AgreementOutcome, { kind: 'active' }>): Agreement => {
  // Of one that has ended nothing more is learnt; one number of ours is never two agreements.
  if (agreement.status === 'terminated' || agreement.channel_agreement_no !== undefined) return agreement;
  const { action: _, failure: __, ...rest } = moved(agreement, 'activate');
  return {
    ...rest,
    channel_agreement_no: outcome.channelAgreementNo,
    signed_at: outcome.signedAt,
    ...(outcome.validUntil && { valid_until: outcome.validUntil }),
  };
};

const ended = (agreement: Agreement, at: Date, by: z.infer<typeof TerminatedBy>): Agreement => {
  const over = moved(agreement, 'terminate');
  if (over === agreement) return agreement;
  const { action: _, ...rest } = over;
  return { ...rest, terminated_at: at, terminated_by: by };
};

/** A channel may need a moment until it finds what it has just signed. */
const surelySignedAfter = 60_000;

/** An address that was opened in its last second is signed minutes later. */
const lastMoments = 10 * 60_000;

/** Whether a payer who has not signed can still do so. */
export const canBeSigned = ({ expires_at }: Agreement, now: Date) => now.getTime() < expires_at.getTime() + lastMoments;

/** That the channel knows of no such agreement: news of one that stood, or once nobody can sign it any more. */
const absent = (agreement: Agreement, now: Date): Agreement => {
  const { status, signed_at } = agreement;
  if (signed_at) {
    const isSure = now.getTime() - signed_at.getTime() > surelySignedAfter;
    return isSure ? ended(agreement, now, status === 'terminating' ? 'app' : 'channel') : agreement;
  }
  if (canBeSigned(agreement, now)) return agreement;
  if (status === 'terminating') return ended(agreement, now, 'app');
  const expired = moved(agreement, 'expire');
  return expired === agreement ? agreement : withoutAction(expired);
};

const withoutAction = (agreement: Agreement): Agreement => {
  const { action: _, ...rest } = agreement;
  return rest;
};

/** Takes in what a channel says of an agreement. Hearing what is known changes nothing. */
export const heard = (agreement: Agreement, outcome: AgreementOutcome, now: Date): Agreement => {
  switch (outcome.kind) {
    case 'active':
      return signed(agreement, outcome);
    case 'terminated': {
      const asked = agreement.status === 'terminating';
      return ended(agreement, outcome.at ?? now, outcome.by ?? (asked ? 'app' : 'payer'));
    }
    // One that was begun and not finished is as good as none, once it cannot be.
    case 'pending':
      return isUnsettled(agreement) && !agreement.signed_at ? absent(agreement, now) : agreement;
    case 'absent':
      return absent(agreement, now);
  }
  return agreement;
};
