import { shanghaiDate } from '../clock.ts';
import { methods, terms, type Method } from '../terms.ts';
import type { Channel } from '../stage.ts';
import { until } from '../wait.ts';
import { Payment } from '../wire/answers.ts';
import { expecting } from '../wire/http.ts';
import type { World } from '../world.ts';

export interface NewOrder {
  readonly name: string;
  readonly amount: bigint;
  readonly subject: string;
  /** By WeChat's QR code unless something else is said. */
  readonly method?: Method;
  /** What the payer's phone shows, where a counter scans it. */
  readonly payerCode?: string;
  readonly notifyUrl?: string;
  readonly expiresInSeconds?: number;
}

export const numberOf = ({ clock }: World, name: string): string =>
  `${shanghaiDate(clock.now()).replaceAll('-', '')}-${name}`;

/** What an app sends for an order. Amounts stay below 2^53 by the contract's limit, so JSON carries them exactly. */
export const bodyOf = (
  world: World,
  { name, amount, subject, method = 'wechat_native', payerCode, notifyUrl, expiresInSeconds }: NewOrder,
) => ({
  merchant_id: world.stage.merchant_id,
  merchant_order_id: numberOf(world, name),
  amount: Number(amount),
  currency: terms.currency,
  subject,
  method,
  ...(payerCode !== undefined && { payer: { auth_code: payerCode } }),
  notify_url: notifyUrl ?? world.receiver.webhooks,
  ...(expiresInSeconds !== undefined && { expires_in_seconds: expiresInSeconds }),
});

export const place = async (world: World, order: NewOrder): Promise<Payment> => {
  const body = bodyOf(world, order);
  world.notebook.placed(body.merchant_order_id, order.amount, methods[body.method]);
  const payment = expecting(await world.app.post('/v1/payments', body), [201], Payment);
  world.placed.set(body.merchant_order_id, payment);
  return payment;
};

/** The number under which its channel knows a payment, and under which its payer finds it. */
export const channelOrderNoOf = ({ attempts }: Payment): string => attempts[0]?.channel_order_no ?? '';

export const pay = async ({ sandbox, notebook }: World, channel: Channel, payment: Payment): Promise<string> => {
  const tradeNo = await sandbox.pay(channelOrderNoOf(payment), channel);
  notebook.paid(payment.merchant_order_id);
  return tradeNo;
};

export const payAtWechat = (world: World, payment: Payment): Promise<string> => pay(world, 'wechat', payment);

export const paymentNow = async ({ app }: World, { id }: Pick<Payment, 'id'>): Promise<Payment> =>
  expecting(await app.get(`/v1/payments/${id}`), [200], Payment);

/** Waits until the app has been told this of these. */
export const told = ({ receiver }: World, type: string, ids: readonly string[], seconds = 30): Promise<true> =>
  until(`the webhook ${type} of ${ids.length === 1 ? ids[0] : `${ids.length} payments`}`, seconds, () => {
    const known = new Set(
      receiver
        .events()
        .filter((event) => event.type === type)
        .map(({ about }) => about),
    );
    return ids.every((id) => known.has(id)) || undefined;
  });
