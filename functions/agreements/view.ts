import * as z from 'zod';

import { Action, Method } from '#channels/channel.ts';
import { Instant } from '#kernel/business-date.ts';
import { IdOf } from '#kernel/id.ts';
import { Currency } from '#kernel/money.ts';

import { agreementNo, AgreementStatus, TerminatedBy, type Agreement } from './agreement.ts';
import { Limits } from './limits.ts';

export const AgreementView = z.object({
  id: IdOf('agr'),
  app_id: IdOf('app'),
  merchant_id: IdOf('mch'),
  merchant_agreement_id: z.string(),
  method: Method.nullable().describe(
    'By which its payer signs it; of one that is signed while paying the attempts say it',
  ),
  payment_id: IdOf('pay').nullable().describe('The payment with which it is signed'),
  channel: z.string(),
  channel_account_id: IdOf('chn'),
  /** Ours, as the channel shows it, and its own. */
  agreement_no: z.string(),
  channel_agreement_no: z.string().nullable(),
  subject: z.string(),
  currency: Currency,
  limits: Limits.nullable(),
  status: AgreementStatus,
  action: Action.nullable(),
  failure: z.object({ code: z.string(), message: z.string() }).nullable(),
  created_at: Instant,
  expires_at: Instant,
  signed_at: Instant.nullable(),
  valid_until: Instant.nullable(),
  terminate_requested_at: Instant.nullable(),
  terminated_at: Instant.nullable(),
  terminated_by: TerminatedBy.nullable(),
});

/** The agreement as the wire shows it. */
export const agreementView = (agreement: Agreement): z.input<typeof AgreementView> =>
  z.encode(AgreementView, {
    id: agreement.id,
    app_id: agreement.app_id,
    merchant_id: agreement.merchant_id,
    merchant_agreement_id: agreement.merchant_agreement_id,
    method: agreement.method ?? null,
    payment_id: agreement.payment_id ?? null,
    channel: agreement.channel,
    channel_account_id: agreement.channel_account_id,
    agreement_no: agreementNo(agreement),
    channel_agreement_no: agreement.channel_agreement_no ?? null,
    subject: agreement.subject,
    currency: agreement.currency,
    limits: agreement.limits ?? null,
    status: agreement.status,
    action: agreement.status === 'pending' ? (agreement.action ?? null) : null,
    failure: agreement.failure ?? null,
    created_at: agreement.created_at,
    expires_at: agreement.expires_at,
    signed_at: agreement.signed_at ?? null,
    valid_until: agreement.valid_until ?? null,
    terminate_requested_at: agreement.terminate_requested_at ?? null,
    terminated_at: agreement.terminated_at ?? null,
    terminated_by: agreement.terminated_by ?? null,
  });
