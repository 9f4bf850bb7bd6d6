import * as z from 'zod';

import { Action, Method } from '#channels/channel.ts';
import { feeOn } from '#clearing/fee-plan.ts';
import { Instant } from '#kernel/business-date.ts';
import { derivedId, IdOf } from '#kernel/id.ts';
import { Amount, Currency, Sum, sum } from '#kernel/money.ts';

import { Verdict } from '#risk/rules.ts';
import { lowestCost } from '#routing/rules.ts';
import { Why } from '#routing/trace.ts';

import { AttemptStatus, isKept, Mismatch, type Attempt } from './attempt.ts';
import {
  channelOrderNo,
  CloseReason,
  feeOf,
  noRefunds,
  PaymentStatus,
  Prepaid,
  refundable,
  statusOf,
  type Payment,
} from './payment.ts';
import { askedOf, winners } from './stages.ts';

export const AttemptView = z.object({
  id: IdOf('att'),
  method: Method,
  channel: z.string(),
  channel_account_id: IdOf('chn'),
  channel_order_no: z.string(),
  channel_trade_no: z.string().nullable(),
  terminal_id: z.string().nullable().describe('The terminal that takes or took the money'),
  amount: Sum,
  status: AttemptStatus,
  stage: z.int(),
  duplicate: z.boolean(),
  mismatch: Mismatch.nullable(),
  action: Action.nullable(),
  route: z.object({
    rule: z.string(),
    /** The chosen one first; at most five. Health is the percent of placings that went well of late. */
    candidates: z.array(
      z.object({
        channel_account_id: IdOf('chn'),
        cost: Sum,
        health: z.int().nullable(),
        excluded: Why.nullable(),
      }),
    ),
  }),
  failure: z.object({ code: z.string(), message: z.string() }).nullable(),
  created_at: Instant,
  paid_at: Instant.nullable(),
});

export const PaymentView = z.object({
  id: IdOf('pay'),
  app_id: IdOf('app'),
  merchant_id: IdOf('mch'),
  merchant_order_id: z.string(),
  business_order_id: z.string(),
  amount: Amount,
  currency: Currency,
  subject: z.string(),
  method: z.string().nullable(),
  product_code: z.string().nullable(),
  prepaid: Prepaid.nullable(),
  agreement_id: IdOf('agr').nullable(),
  status: PaymentStatus,
  created_at: Instant,
  expires_at: Instant,
  paid_at: Instant.nullable(),
  closed_at: Instant.nullable(),
  close_requested_at: Instant.nullable(),
  close_reason: CloseReason.nullable(),
  amount_refunded: Sum,
  amount_refundable: Sum,
  fee: Sum.nullable(),
  late: z.boolean(),
  cashier_url: z.string().nullable(),
  risk: z.object({ decision: Verdict, reasons: z.array(z.string()), rule_version: z.int() }).nullable(),
  attempts: z.array(AttemptView),
  metadata: z.record(z.string(), z.string()),
  store_id: z.string().nullable(),
  terminal_id: z.string().nullable(),
});

/** Where nothing was kept there was no choice to make. */
const routeView = (payment: Payment, attempt: Attempt) => {
  const { channel_account_id, cost, route = { rule: lowestCost, health: null, others: [] } } = attempt;
  const chosen = { channel_account_id, cost: feeOn(askedOf(payment, attempt), cost), health: route.health };
  const others = route.others.map(({ account, why, ...other }) => ({
    ...other,
    channel_account_id: account,
    excluded: why,
  }));
  return { rule: route.rule, candidates: [{ ...chosen, excluded: null }, ...others] };
};

const riskView = ({ risk }: Payment) =>
  risk ? { decision: risk.decision, reasons: risk.reasons ?? [], rule_version: risk.rule_version } : null;

const whereOf = ({ store_id, terminal_id }: Payment) => ({
  store_id: store_id ?? null,
  terminal_id: terminal_id ?? null,
});

const attemptView = (payment: Payment, attempt: Attempt): z.output<typeof AttemptView> => ({
  id: derivedId('att', payment.id, String(attempt.no)),
  method: attempt.method,
  channel: attempt.channel,
  channel_account_id: attempt.channel_account_id,
  channel_order_no: channelOrderNo(payment, attempt),
  channel_trade_no: attempt.receipt?.trade_no ?? null,
  terminal_id: attempt.terminal_id ?? null,
  amount: attempt.receipt?.amount ?? askedOf(payment, attempt),
  status: attempt.status,
  stage: attempt.stage ?? 1,
  duplicate: attempt.duplicate ?? false,
  mismatch: attempt.mismatch ?? null,
  // What there was to do ends with the attempt.
  action: attempt.status === 'pending' ? (attempt.action ?? null) : null,
  route: routeView(payment, attempt),
  failure: attempt.failure ?? null,
  created_at: attempt.created_at,
  paid_at: attempt.status === 'succeeded' ? (attempt.receipt?.paid_at ?? null) : null,
});

/** By what it is to be paid, as far as that was said. */
const meansOf = ({ method, product_code, prepaid, agreement }: Payment) => ({
  method: method ?? null,
  product_code: product_code ?? null,
  prepaid: prepaid ?? null,
  agreement_id: agreement?.id ?? null,
});

/** The payment as the wire shows it. Its page is known where it is shown to its app; once it has ended there is none. */
export const paymentView = (payment: Payment, cashierUrl: string | null = null): z.input<typeof PaymentView> => {
  const status = statusOf(payment);
  const refunds = payment.refunds ?? noRefunds;
  const paid = winners(payment);
  const late = payment.attempts.filter((attempt) => attempt.late ?? isKept(attempt));
  const paidBy = paid.length > 0 ? paid : late.slice(0, 1);
  return z.encode(PaymentView, {
    id: payment.id,
    app_id: payment.app_id,
    merchant_id: payment.merchant_id,
    merchant_order_id: payment.merchant_order_id,
    business_order_id: payment.business_order_id,
    amount: payment.amount,
    currency: payment.currency,
    subject: payment.subject,
    ...meansOf(payment),
    status,
    created_at: payment.created_at,
    expires_at: payment.expires_at,
    paid_at: paidBy[0]?.receipt?.paid_at ?? null,
    closed_at: payment.closed_at ?? null,
    close_requested_at: payment.close_requested_at ?? null,
    close_reason: payment.closed_at ? (payment.close_reason ?? null) : null,
    amount_refunded: refunds.succeeded,
    amount_refundable: refundable(payment),
    fee: paidBy.length > 0 ? sum(paidBy.map(feeOf)) : null,
    late: status === 'paid_late',
    cashier_url: cashierUrl,
    risk: riskView(payment),
    attempts: payment.attempts.map((attempt) => attemptView(payment, attempt)),
    metadata: payment.metadata ?? {},
    ...whereOf(payment),
  });
};
