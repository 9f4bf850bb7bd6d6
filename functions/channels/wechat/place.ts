import { randomBytes } from 'node:crypto';

import * as z from 'zod';

import { beijingTime } from '#channels/beijing.ts';
import type { Capabilities, Method, OrderToPlace, Placing } from '#channels/channel.ts';

import { placingRefused } from './outcome.ts';
import { signature } from './signature.ts';
import { withinBytes } from '#channels/text.ts';
import { contentOf, send, type Wire } from './wire.ts';

/*
 * 下单, in the four ways that share one order. WeChat answers the same number and the same content with a good ticket again, so
 * what has run out is had anew by sending the order again.
 */

interface Opened {
  readonly wire: Pick<Wire, 'now'>;
  readonly reply: unknown;
  readonly order: OrderToPlace;
}

interface Ticket extends Opened {
  readonly wire: Wire;
  readonly appid: string;
}

export type Placed = Omit<Extract<Placing, { kind: 'placed' }>, 'kind'>;

interface Way {
  readonly path: string;
  readonly needs: Capabilities['needs'][Method];
  /** What this way must say of the payer. */
  readonly about: (payer: OrderToPlace['payer']) => object;
  readonly placed: (ticket: Ticket) => Placed;
}

const Text = z.string().min(1).max(512);
export const Prepaid = z.object({ prepay_id: Text });
const InBrowser = z.object({ h5_url: z.url({ protocol: /^https$/ }).max(2_048) });
const Coded = z.object({ code_url: Text });

const minutes = 60_000;
const after = ({ now }: Opened['wire'], milliseconds: number) => new Date(now().getTime() + milliseconds);

/** A signature under lines of which the last is what is paid for; the phone's own WeChat checks it. */
const signedFor = ({ wire, appid }: Ticket, subject: string) => {
  const timestamp = String(Math.floor(wire.now().getTime() / 1_000));
  const nonce = randomBytes(16).toString('hex');
  const lines = [appid, timestamp, nonce, subject].map((line) => `${line}\n`).join('');
  return { timestamp, nonce, paySign: signature(lines, wire.signer.key) };
};

/** A `prepay_id` lives for two hours, but a signature says when it was made: whoever asks again is given a fresh one. */
export const forOnce = ({ wire }: Pick<Opened, 'wire'>, params: Record<string, string>): Placed => ({
  action: { type: 'sdk', params },
  goodUntil: wire.now(),
});

/** Within WeChat: `WeixinJSBridge.invoke('getBrandWCPayRequest', params)`, `wx.requestPayment(params)`. */
const inWechat = (ticket: Ticket): Placed => {
  const prepaid = `prepay_id=${Prepaid.parse(ticket.reply).prepay_id}`;
  const { timestamp, nonce, paySign } = signedFor(ticket, prepaid);
  const { appid: appId } = ticket;
  return forOnce(ticket, { appId, timeStamp: timestamp, nonceStr: nonce, package: prepaid, signType: 'RSA', paySign });
};

/** For WeChat's SDK in an app; here the bare id is signed, and the names are those of its `PayReq` as documented. */
const inApp = (ticket: Ticket): Placed => {
  const { prepay_id: prepayid } = Prepaid.parse(ticket.reply);
  const { timestamp, nonce: noncestr, paySign: sign } = signedFor(ticket, prepayid);
  const { appid, wire } = ticket;
  const partnerid = wire.signer.mchid;
  return forOnce(ticket, { appid, partnerid, prepayid, package: 'Sign=WXPay', noncestr, timestamp, sign });
};

/** Lives for five minutes; the last of them is the payer's, to arrive. WeChat itself leads back to `redirect_url`. */
export const inBrowser = ({ wire, reply, order }: Opened): Placed => {
  const url = new URL(InBrowser.parse(reply).h5_url);
  if (order.returnUrl !== undefined) url.searchParams.set('redirect_url', order.returnUrl);
  return { action: { type: 'redirect', url: url.toString() }, goodUntil: after(wire, 4 * minutes) };
};

/** Lives for two hours; a payment may wait for longer. */
export const asCode = ({ wire, reply }: Opened): Placed => ({
  action: { type: 'qr_code', content: Coded.parse(reply).code_url },
  goodUntil: after(wire, 115 * minutes),
});

const ways = new Map<Method, Way>([
  ['wechat_native', { path: 'native', needs: [], about: () => ({}), placed: asCode }],
  [
    'wechat_jsapi',
    { path: 'jsapi', needs: ['openid'], about: ({ openid }) => ({ payer: { openid } }), placed: inWechat },
  ],
  [
    'wechat_h5',
    {
      path: 'h5',
      needs: ['ip'],
      about: ({ ip }) => ({ scene_info: { payer_client_ip: ip, h5_info: { type: 'Wap' } } }),
      placed: inBrowser,
    },
  ],
  ['wechat_app', { path: 'app', needs: [], about: () => ({}), placed: inApp }],
]);

export const methods: readonly Method[] = [...ways.keys(), 'wechat_code', 'wechat_agreement'];
export const needs: Capabilities['needs'] = {
  ...Object.fromEntries([...ways].map(([method, way]) => [method, way.needs])),
  wechat_code: ['auth_code'],
};

/** `yyyy-MM-ddTHH:mm:ss+08:00` */
const beijing = (instant: Date) => `${beijingTime(instant).replace(' ', 'T')}+08:00`;

export const placeOrder = async (wire: Wire, appid: string, order: OrderToPlace): Promise<Placing> => {
  const way = ways.get(order.method);
  if (!way) throw new Error(`WeChat is not asked for ${order.method}`);
  const reply = await send(wire, 'POST', `/v3/pay/transactions/${way.path}`, {
    appid,
    mchid: wire.signer.mchid,
    description: withinBytes(order.subject, 127),
    out_trade_no: order.channelOrderNo,
    time_expire: beijing(order.expiresAt),
    notify_url: order.notifyUrl,
    amount: { total: Number(order.amount), currency: order.currency },
    ...way.about(order.payer),
  });
  if (!reply.ok) return placingRefused(reply);
  return { kind: 'placed', ...way.placed({ wire, appid, reply: contentOf(reply), order }) };
};
