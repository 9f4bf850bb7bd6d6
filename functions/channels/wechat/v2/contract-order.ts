import { randomBytes } from 'node:crypto';

import type { AgreementToSign } from '#channels/agreement.ts';
import { beijingTime } from '#channels/beijing.ts';
import type { Method, OrderToPlace, Placing } from '#channels/channel.ts';
import { mustBe } from '#channels/reply.ts';
import { withinBytes } from '#channels/text.ts';

import { placingRefused } from '../outcome.ts';
import { asCode, forOnce, inBrowser, Prepaid, type Placed } from '../place.ts';
import { refusalOf } from './order.ts';
import { signedWithOrder, unsignable, type Papay } from './sign.ts';
import { send, signatureOf, type Wire } from './wire.ts';
import type { Fields } from './xml.ts';

/*
 * 支付中签约: `/pay/contractorder`, an order of version 2 whose payer signs while paying. It is asked about, closed and refunded as any
 * order, for the orders of both versions are the same; its payment is told in version 2, and so is the agreement, elsewhere.
 */

interface Ticket {
  readonly papay: Papay;
  readonly fields: Fields;
  readonly order: OrderToPlace;
}

interface Way {
  readonly tradeType: 'NATIVE' | 'JSAPI' | 'MWEB' | 'APP';
  readonly about?: (order: OrderToPlace) => Fields;
  readonly placed: (ticket: Ticket) => Placed;
}

/** What is placed by version 2 is signed for in its way too: fields in order, the key last, in the kind that the order was. */
const paySign = ({ key, signType }: Wire, fields: Fields) => signatureOf(fields, key, signType);

const now = ({ papay }: Ticket) => ({
  timestamp: String(Math.floor(papay.now().getTime() / 1_000)),
  nonce: randomBytes(16).toString('hex'),
});

const inWechat = (ticket: Ticket): Placed => {
  const { papay, fields } = ticket;
  const { timestamp: timeStamp, nonce: nonceStr } = now(ticket);
  const { appid: appId, signType } = papay.wire;
  const prepaid = `prepay_id=${Prepaid.parse(fields).prepay_id}`;
  const params = { appId, timeStamp, nonceStr, package: prepaid, signType };
  return forOnce({ wire: papay }, { ...params, paySign: paySign(papay.wire, params) });
};

const inApp = (ticket: Ticket): Placed => {
  const { papay, fields } = ticket;
  const { timestamp, nonce: noncestr } = now(ticket);
  const { appid, mchid: partnerid } = papay.wire;
  const { prepay_id: prepayid } = Prepaid.parse(fields);
  const params = { appid, partnerid, prepayid, package: 'Sign=WXPay', noncestr, timestamp };
  return forOnce({ wire: papay }, { ...params, sign: paySign(papay.wire, params) });
};

const ways = new Map<Method, Way>([
  [
    'wechat_native',
    {
      tradeType: 'NATIVE',
      about: ({ channelOrderNo }) => ({ product_id: channelOrderNo }),
      placed: ({ papay, fields, order }) => asCode({ wire: papay, reply: fields, order }),
    },
  ],
  [
    'wechat_h5',
    {
      tradeType: 'MWEB',
      placed: ({ papay, fields, order }) => inBrowser({ wire: papay, reply: { h5_url: fields['mweb_url'] }, order }),
    },
  ],
  [
    'wechat_jsapi',
    {
      tradeType: 'JSAPI',
      about: ({ payer: { openid = '' } }) => ({ openid }),
      placed: inWechat,
    },
  ],
  ['wechat_app', { tradeType: 'APP', placed: inApp }],
]);
export const signedWhilePaying: readonly Method[] = [...ways.keys()];

export const placeWithAgreement = async (
  papay: Papay | undefined,
  order: OrderToPlace,
  signing: AgreementToSign,
): Promise<Placing> => {
  const way = ways.get(order.method);
  if (!way) throw new Error(`WeChat has nothing signed while paying by ${order.method}`);
  if (!papay) {
    const message = 'the account has no plan by which agreements are signed';
    return { kind: 'refused', failure: { code: 'NOT_CONTRACTED', message } };
  }
  const failure = unsignable(papay, signing);
  if (failure) return { kind: 'refused', failure };
  const reply = await send(papay.wire, '/pay/contractorder', {
    body: withinBytes(order.subject, 127),
    out_trade_no: order.channelOrderNo,
    total_fee: String(order.amount),
    spbill_create_ip: order.payer.ip ?? '127.0.0.1',
    time_expire: beijingTime(order.expiresAt).replaceAll(/\D/g, ''),
    notify_url: order.notifyUrl,
    trade_type: way.tradeType,
    ...way.about?.(order),
    ...signedWithOrder(papay, signing, order),
  });
  if (!reply.ok) return placingRefused(refusalOf(reply));
  mustBe('order', reply.fields['out_trade_no'], order.channelOrderNo);
  // Where the signing was refused (`contract_result_code`), the order stands: it is paid, and nothing is signed.
  return { kind: 'placed', ...way.placed({ papay, fields: reply.fields, order }) };
};
