import * as z from 'zod';

import { Instant } from '#kernel/business-date.ts';
import { IdOf } from '#kernel/id.ts';
import type { Notice } from '#notifications/notice.ts';
import { isMoney, type Attempt } from '#payments/attempt.ts';
import { channelOrderNo, statusOf, type Payment } from '#payments/payment.ts';

/** The seven steps of every service, in their order: 参数校验 支付路由 生成订单 风险评估 调用渠道 更新订单 发送消息. */
const StepName = z.enum([
  'validate',
  'route',
  'create_order',
  'risk',
  'call_channel',
  'update_order',
  'publish_message',
]);

export const Step = z.object({
  step: StepName,
  at: Instant,
  /** How long it took, where that was written down. */
  ms: z.int().nullable(),
  attempt_no: z.int().nullable(),
  detail: z.string(),
});
export type Step = z.infer<typeof Step>;

export const TraceView = z.object({ payment_id: IdOf('pay'), status: z.string(), steps: z.array(Step) });

/** What else was written down about a payment beside its own row. */
export interface Beside {
  readonly notices: readonly Notice[];
  /** The causes of the journals that are in the books. */
  readonly posted: readonly string[];
}

const step = (name: Step['step'], at: Date, detail: string, more: Partial<Step> = {}): Step => ({
  step: name,
  at,
  ms: null,
  attempt_no: null,
  detail,
  ...more,
});

const answerOf = ({ action, failure, status }: Attempt): string => {
  if (failure) return `refused: ${failure.code} ${failure.message}`;
  if (action) return `placed: ${action.type}`;
  return status === 'unknown' ? 'no answer: unknown, asked about until it is known' : 'answered';
};

const ofAttempt = (payment: Payment, attempt: Attempt): Step[] => {
  const { no, method, channel, channel_account_id, created_at, route, placing_ms, receipt } = attempt;
  const about = { attempt_no: no };
  const called = new Date(created_at.getTime() + (placing_ms ?? 0));
  return [
    step('route', created_at, `${method} by ${channel} ${channel_account_id}${route ? `, ${route.rule}` : ''}`, about),
    step('call_channel', called, `${channelOrderNo(payment, attempt)}: ${answerOf(attempt)}`, {
      ...about,
      ms: placing_ms ?? null,
    }),
    ...(receipt
      ? [
          step(
            'update_order',
            receipt.heard_at ?? receipt.paid_at,
            `${isMoney(attempt) ? 'money received' : 'money of somebody else'}: ${receipt.trade_no}, paid ${receipt.paid_at.toISOString()}, ${attempt.status}` +
              `${attempt.late ? ', late' : ''}${attempt.duplicate ? ', duplicate' : ''}${attempt.mismatch ? `, mismatch of ${attempt.mismatch.field}` : ''}`,
            about,
          ),
        ]
      : []),
  ];
};

const ofClosing = ({ close_requested_at, close_reason, closed_at }: Payment): Step[] => [
  ...(close_requested_at
    ? [step('update_order', close_requested_at, `to be closed: ${close_reason ?? 'by_app'}`)]
    : []),
  ...(closed_at ? [step('update_order', closed_at, 'closed at every channel')] : []),
];

const deliveryOf = ({ status, error }: Notice['deliveries'][number]) =>
  status ? `answered ${status}` : (error ?? 'no answer');

const ofNotice = ({ type, url, created_at, deliveries }: Notice): Step[] => [
  step('publish_message', created_at, `${type} for ${new URL(url).host}`),
  ...deliveries.map((delivery) =>
    step('publish_message', delivery.at, `${type} delivered: ${deliveryOf(delivery)}`, { ms: delivery.ms }),
  ),
];

/** What became of a payment, step by step, from what is stored: nothing here is written for the trace alone. */
export const traceOf = (payment: Payment, { notices, posted }: Beside): Step[] => {
  const { created_at, amount, currency, merchant_order_id } = payment;
  const steps = [
    step('validate', created_at, `${merchant_order_id}: signed, well formed, merchant and app active`),
    step('create_order', created_at, `${amount} ${currency}, expires ${payment.expires_at.toISOString()}`),
    step('risk', created_at, riskOf(payment)),
    ...payment.attempts.flatMap((attempt) => ofAttempt(payment, attempt)),
    ...ofClosing(payment),
    ...notices.flatMap(ofNotice),
  ];
  const last = steps.reduce((latest, { at }) => (at > latest ? at : latest), created_at);
  const booked = posted.map((cause) =>
    step('update_order', last, `in the books: ${cause.replace(`${payment.id}#`, '')}`),
  );
  const order = StepName.options;
  return [...steps, ...booked].toSorted(
    (a, b) => a.at.getTime() - b.at.getTime() || order.indexOf(a.step) - order.indexOf(b.step),
  );
};

const riskOf = ({ risk }: Payment): string => {
  if (!risk) return 'passed: there are no rules';
  const { decision, reasons = ['no rule applied'], rule_version, passed_at } = risk;
  const answered = passed_at ? `, answered at ${passed_at.toISOString()}` : '';
  return `${decision}: ${reasons.join(', ')} (version ${rule_version})${answered}`;
};

export const traceView = (payment: Payment, beside: Beside): z.input<typeof TraceView> =>
  z.encode(TraceView, { payment_id: payment.id, status: statusOf(payment), steps: traceOf(payment, beside) });
