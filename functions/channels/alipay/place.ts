import * as z from 'zod';

import { beijingTime } from '#channels/beijing.ts';
import type { Capabilities, Method, OrderToPlace, Placing } from '#channels/channel.ts';
import { yuan } from '#channels/files/row.ts';

import { signedWhilePaying, signedWithOrder, unsignable } from './agreement.ts';
import { No } from './amount.ts';
import { placingRefused } from './outcome.ts';
import {
  addressOf,
  contentOf,
  encoded,
  mustBe,
  send,
  signedParams,
  within8Seconds,
  type Ask,
  type Reply,
  type Wire,
} from './wire.ts';

/*
 * 下单. Three ways only sign what the payer's browser or phone will send to Alipay; nothing is placed before that, and what was
 * signed cannot be taken back: closing an order that was never opened finds nothing to close. `time_expire` bounds what is left,
 * since after it Alipay takes no money for the order. Money that comes between our closing and that instant is money received:
 * it is heard, and late.
 */

type Way = (wire: Wire, order: OrderToPlace) => Placing | Promise<Placing>;

/** Alipay's documents exclude these from a subject; the wide ones read the same. */
const wide = new Map([
  ['/', '／'],
  ['=', '＝'],
  ['&', '＆'],
]);
const subjectOf = ({ subject }: OrderToPlace) => subject.replace(/[/=&]/g, (character) => wide.get(character) ?? '');

const askFor = (method: string, order: OrderToPlace, more: object): Ask => ({
  method,
  content: {
    out_trade_no: order.channelOrderNo,
    total_amount: yuan(order.amount),
    subject: subjectOf(order),
    time_expire: beijingTime(order.expiresAt),
    ...more,
  },
  notifyUrl: order.notifyUrl,
});

/** The product that an order is sold under, with what is signed while paying it. */
const soldAs = ({ withholding }: Wire, { signing }: OrderToPlace, product: string): object =>
  signing && withholding ? signedWithOrder(withholding, signing, product) : { product_code: product };

/** A page of Alipay's, by an address that only we can have made. */
const opened =
  (method: string, product: string): Way =>
  (wire, order) => {
    const ask = { ...askFor(method, order, soldAs(wire, order, product)), returnUrl: order.returnUrl };
    return {
      kind: 'placed',
      action: { type: 'redirect', url: addressOf(wire.gateway, signedParams(wire, ask)) },
    };
  };

/** For Alipay's SDK in an app, which takes the whole request as one text. */
const inApp: Way = (wire, order) => {
  const ask = askFor('alipay.trade.app.pay', order, soldAs(wire, order, 'QUICK_MSECURITY_PAY'));
  return {
    kind: 'placed',
    action: { type: 'sdk', params: { order_string: encoded(signedParams(wire, ask)) } },
  };
};

const Precreated = z.object({ out_trade_no: No, qr_code: z.string().min(1).max(1_024) });

/** A code lives for two hours, whatever the order does; the last minutes are the payer's, to scan it. */
const codeLife = 115 * 60_000;

const asCode: Way = async (wire, order) => {
  const ask = askFor('alipay.trade.precreate', order, { product_code: 'FACE_TO_FACE_PAYMENT' });
  const reply = await send(wire, ask, within8Seconds());
  if (reply.code !== '10000') return placingRefused(reply);
  const { out_trade_no, qr_code } = contentOf('placing', reply, Precreated);
  mustBe('order', out_trade_no, order.channelOrderNo);
  const goodUntil = new Date(wire.now().getTime() + codeLife);
  return { kind: 'placed', action: { type: 'qr_code', content: qr_code }, goodUntil };
};

const Charged = z.object({ out_trade_no: No });

const charged = (reply: Reply, order: OrderToPlace): Placing => {
  if (reply.code !== '10000' && reply.code !== '10003') return placingRefused(reply);
  mustBe('order', Charged.parse(reply.body).out_trade_no, order.channelOrderNo);
  return reply.code === '10000' ? { kind: 'ask' } : { kind: 'placed', action: { type: 'none' } };
};

/** The payer's own code, scanned. Done at once, or waiting for their password; the query that follows has the facts either way. */
const byCode: Way = async (wire, order) => {
  const { auth_code, terminal } = order.payer;
  const more = {
    product_code: 'FACE_TO_FACE_PAYMENT',
    scene: 'bar_code',
    auth_code,
    ...(terminal !== undefined && { terminal_id: terminal }),
  };
  return charged(await send(wire, askFor('alipay.trade.pay', order, more), within8Seconds()), order);
};

/** 商家扣款: by the agreement's number, without its payer. Like a scanned code, the query that follows has the facts. */
const byAgreement: Way = async (wire, order) => {
  if (!wire.withholding) throw new Error('this account does not deduct');
  const agreement_params = { agreement_no: order.channelAgreementNo };
  const more = { product_code: wire.withholding.product_code, agreement_params };
  return charged(await send(wire, askFor('alipay.trade.pay', order, more), within8Seconds()), order);
};

const ways = new Map<Method, Way>([
  ['alipay_page', opened('alipay.trade.page.pay', 'FAST_INSTANT_TRADE_PAY')],
  ['alipay_wap', opened('alipay.trade.wap.pay', 'QUICK_WAP_WAY')],
  ['alipay_app', inApp],
  ['alipay_qr', asCode],
  ['alipay_code', byCode],
  ['alipay_agreement', byAgreement],
]);

export const methods: readonly Method[] = [...ways.keys()];
export const needs: Capabilities['needs'] = { alipay_code: ['auth_code'] };

export const placeOrder = async (wire: Wire, order: OrderToPlace): Promise<Placing> => {
  const way = ways.get(order.method);
  if (!way || (order.signing && !signedWhilePaying.includes(order.method)))
    throw new Error(`Alipay is not asked for ${order.method}`);
  const failure = order.signing && unsignable(wire.withholding, order.signing);
  if (failure) return { kind: 'refused', failure };
  return way(wire, order);
};
