import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';

import { afterAll, beforeAll, beforeEach } from 'vitest';

import { ChannelAccount } from '#channels/account.ts';
import type { Channel, OrderToPlace, RawCallback, RefundToPlace } from '#channels/channel.ts';
import { channelKind } from '#channels/registry.ts';

import type { BadDownload, Rig, Signing, Situation, Uncertain } from '../contract.ts';
import { bill, someRows } from './bill.ts';
import { account, type Asked, keys, notification, type Said, signedV2, wechatServer } from './server.ts';

/* WeChat's own side, for the tests of one file: what it can say, and a channel that talks to it. */

export const now = new Date('2026-01-31T02:00:00.000Z');
export const kind = channelKind('wechat');

export const order: OrderToPlace = {
  channelOrderNo: '01KG7X0000ORDER0000000001',
  method: 'wechat_native',
  amount: 12_345n,
  currency: 'CNY',
  createdAt: now,
  appId: 'app_00000000000000000000000001',
  subject: '一杯茶',
  expiresAt: new Date('2026-01-31T02:30:00.000Z'),
  notifyUrl: 'https://pay.example.com/callbacks/wechat/chn_1',
  payer: {},
};

export const refund: RefundToPlace = {
  channelRefundNo: '01KG7X0000REFUND000000001',
  channelOrderNo: order.channelOrderNo,
  channelTradeNo: '4200000263201902167700134212',
  amount: 345n,
  paid: order.amount,
  currency: 'CNY',
  createdAt: now,
  reason: '退货',
  notifyUrl: 'https://pay.example.com/callbacks/wechat/chn_1/refunds',
};

export const { appid, mchid } = account;

export const orderIs = (trade_state: string, more: object = {}) => ({
  appid,
  mchid,
  out_trade_no: order.channelOrderNo,
  trade_state,
  trade_state_desc: '说明',
  ...more,
});

export const transaction = orderIs('SUCCESS', {
  transaction_id: '4200000263201902167700134212',
  trade_type: 'NATIVE',
  bank_type: 'OTHERS',
  success_time: '2026-01-31T09:59:58+08:00',
  payer: { openid: 'oHkLxt5HnHcBDewv4dLc8xivG1DuE' },
  // The payer used a coupon of WeChat's: the order's own amount is what counts.
  amount: { total: 12_345, payer_total: 12_000, currency: 'CNY', payer_currency: 'CNY' },
});

export const refundIs = (status: string, more: object = {}) => ({
  refund_id: '50000709672019011908420787722',
  out_refund_no: refund.channelRefundNo,
  transaction_id: '4200000263201902167700134212',
  out_trade_no: order.channelOrderNo,
  channel: 'ORIGINAL',
  user_received_account: '支付用户零钱',
  create_time: '2026-01-31T09:58:00+08:00',
  status,
  amount: { total: 12_345, refund: 345, payer_total: 12_000, payer_refund: 345, currency: 'CNY' },
  ...more,
});

export const refundDone = { success_time: '2026-01-31T09:59:00+08:00' };

export const refundNotice = (refund_status: string, more: object = {}) => ({
  mchid,
  transaction_id: '4200000263201902167700134212',
  out_trade_no: order.channelOrderNo,
  refund_id: '50000709672019011908420787722',
  out_refund_no: refund.channelRefundNo,
  refund_status,
  user_received_account: '招商银行信用卡0403',
  amount: { total: 12_345, refund: 345, payer_total: 12_000, payer_refund: 345 },
  ...more,
});

export const ok = (body: object): Said => ({ status: 200, body: JSON.stringify(body) });

export const no = (status: number, code: string, message = '说明'): Said => ({
  status,
  body: JSON.stringify({ code, message }),
});

export const statement = { file: bill(someRows), lines: someRows.length, billDate: '2026-01-31' };
export const sha1 = (bytes: Buffer) => createHash('sha1').update(bytes).digest('hex');
export const fileAt = (path: string, origin = server.url) => `${origin}${path}?token=abc-_1&tartype=gzip`;

export const offered = (over: object = {}): Said =>
  ok({
    hash_type: 'SHA1',
    hash_value: sha1(statement.file),
    download_url: fileAt('/v3/billdownload/file'),
    ...over,
  });

/** The file is the one reply that WeChat does not sign. */
export const handedOut = (bytes: Buffer): Said => ({
  status: 200,
  body: bytes,
  headers: { 'content-type': 'application/x-gzip' },
  signing: { not: true },
});

export const downloadsOf: Record<BadDownload, { offer?: () => Said; file: () => Said }> = {
  'is another than the one announced': { file: () => handedOut(gzipSync(bill(someRows.slice(1)))) },
  'has lost its end': { file: () => handedOut(gzipSync(statement.file).subarray(0, -20)) },
  'has been changed in one byte': {
    file: () => handedOut(gzipSync(Buffer.from(statement.file).fill('9', 400, 401))),
  },
  'is unpacked larger than any': { file: () => handedOut(gzipSync(Buffer.alloc(64_000_001))) },
  'is empty': { file: () => handedOut(Buffer.alloc(0)) },
  'is at an address of somebody else': {
    offer: () =>
      offered({ download_url: fileAt('/v3/billdownload/file', server.url.replace('127.0.0.1', 'localhost')) }),
    file: () => handedOut(statement.file),
  },
  'is at another address of the channel': {
    offer: () => offered({ download_url: fileAt('/v3/refund/domestic/refunds/1') }),
    file: () => handedOut(statement.file),
  },
  'has gone from its address': { file: () => no(400, 'INVALID_REQUEST') },
  'is behind a redirect': { file: () => ({ status: 302, headers: { location: '/elsewhere/file' } }) },
};

export const situations: Record<Situation, Said> = {
  placed: ok({ code_url: 'weixin://wxpay/bizpayurl?pr=MTyYVP1zz' }),
  'order refused for good': no(400, 'PARAM_ERROR'),
  'order number known already': no(403, 'OUT_TRADE_NO_USED'),
  'not paid yet': ok(orderIs('NOTPAY')),
  paid: ok(transaction),
  'paid and partly refunded': ok({ ...transaction, trade_state: 'REFUND' }),
  closed: ok(orderIs('CLOSED')),
  'in a state nobody knows': ok(orderIs('FROZEN')),
  'another order is answered': ok({ ...transaction, out_trade_no: 'ANOTHERORDER' }),
  absent: no(404, 'ORDER_NOT_EXIST'),
  'closing done': { status: 204 },
  'closed before': no(400, 'ORDER_CLOSED'),
  'cannot be closed since it is paid': no(400, 'ORDERPAID'),
  'refund accepted': ok(refundIs('PROCESSING')),
  'refund done': ok(refundIs('SUCCESS', refundDone)),
  'refund refused for good': no(403, 'USER_ACCOUNT_ABNORMAL'),
  'refund not now': no(403, 'NOT_ENOUGH'),
  'refund failed': ok(refundIs('CLOSED')),
  'refund needs a person': ok(refundIs('ABNORMAL')),
  'refund in a state nobody knows': ok(refundIs('WAITING')),
  'another refund is answered': ok(refundIs('SUCCESS', { ...refundDone, out_refund_no: 'ANOTHERREFUND' })),
  'refund absent': no(404, 'RESOURCE_NOT_EXISTS'),
  // Where the server listens is known only once it does.
  get 'a statement is offered'() {
    return offered();
  },
  'a statement is being made': no(400, 'STATEMENT_CREATING'),
  'there is no statement since there were no trades': no(400, 'NO_STATEMENT_EXIST'),
};

export type What = 'place' | 'query' | 'close' | 'reverse' | 'refund' | 'queryRefund' | 'offer' | 'file';

export const whatIsAsked = ({ method, target }: Asked): What => {
  if (target.startsWith('/v3/billdownload/')) return 'file';
  if (target.startsWith('/v3/bill/')) return 'offer';
  if (target.endsWith('/close')) return 'close';
  if (target.endsWith('/reverse')) return 'reverse';
  if (target === '/pay/orderquery') return 'query';
  if (target.includes('/refund/')) return method === 'POST' ? 'refund' : 'queryRefund';
  return method === 'POST' ? 'place' : 'query';
};

export const good: Record<What, Said> = {
  place: situations.placed,
  query: situations.paid,
  close: situations['closing done'],
  reverse: ok({ appid, mchid, out_trade_no: order.channelOrderNo }),
  refund: situations['refund accepted'],
  queryRefund: situations['refund done'],
  get offer() {
    return offered();
  },
  file: handedOut(gzipSync(statement.file)),
};

export const definite: Record<What, string> = {
  place: 'PARAM_ERROR',
  query: 'ORDER_NOT_EXIST',
  close: 'ORDER_CLOSED',
  reverse: 'ORDER_CLOSED',
  refund: 'USER_ACCOUNT_ABNORMAL',
  queryRefund: 'RESOURCE_NOT_EXISTS',
  offer: 'NO_STATEMENT_EXIST',
  file: 'INVALID_REQUEST',
};

/** Everything but the one fault is as it should be, so that each guard stands alone. */
export const faults = (right: (what: What) => Said): Record<Uncertain, (what: What) => Said> => ({
  'an outage that calls itself a definite refusal': (what) => no(500, definite[what]),
  'an outage without words': () => ({ status: 502 }),
  'too many requests': (what) => no(429, definite[what]),
  'absence claimed by a page of a proxy': () => ({ status: 404, body: '<html>ORDER_NOT_EXIST</html>' }),
  'a redirect': (what) => ({ status: 307, headers: { location: `/elsewhere/${what}` } }),
  'a signed reply that is not in the language of the channel': () => ({ status: 200, body: 'SUCCESS' }),
  'a signed reply without what was asked': () => ok({ code: 'SUCCESS' }),
  'a good reply with a forged signature': (what) => ({ ...right(what), signing: { by: 'somebody else' } }),
  'a good reply without a signature': (what) => ({ ...right(what), signing: { not: true } }),
  'a good reply signed with an unknown key': (what) => ({ ...right(what), signing: { by: 'an unknown key' } }),
  'a good reply of yesterday, replayed': (what) => ({ ...right(what), signing: { age: 86_400 } }),
  'a good reply cut short': (what) => ({ ...right(what), status: 200, line: 'cut' }),
  'a reply that never ends growing': (what) => ({
    ...right(what),
    status: 200,
    body: String(right(what).body ?? '{}') + ' '.repeat(4_000_000),
  }),
  'a connection that is reset': () => ({ status: 200, line: 'reset' }),
});

export const isBad = (situation: string): situation is BadDownload => situation in downloadsOf;
export const isFault = (situation: string): situation is Uncertain => situation in faults((what) => good[what]);
let say: (asked: Asked) => Said = () => ({ status: 500 });
export let server: Awaited<ReturnType<typeof wechatServer>>;
export let channel: Channel;

export const settings = () => ({
  appid,
  mchid,
  merchant_serial: account.merchantSerial,
  platform_serial: account.platformSerial,
  platform_public_key_pem: keys.platform.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  base_url: server.url,
});

export const merchantKeyPem = keys.merchant.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
export const secrets = { merchant_private_key_pem: merchantKeyPem, api_v3_key: account.apiKey };

export const accountWith = (given: Record<string, unknown>) =>
  ChannelAccount.parse({
    id: 'chn_00000000000000000000000001',
    channel: 'wechat',
    name: '微信',
    ownership: 'shared',
    status: 'enabled',
    methods: ['wechat_native'],
    cost: { rate_ppm: 6_000 },
    settings: given,
  });

beforeAll(async () => {
  server = await wechatServer(now, (asked) => say(asked));
  channel = kind.open(accountWith(settings()), secrets, () => now);
});

afterAll(() => server.close());
beforeEach(() => void server.received.splice(0));

/** How an order is spoken of that differs from one that its payer opens. */
export interface Speech {
  readonly order: OrderToPlace;
  /** How its payment is told, where not as any. */
  readonly callback?: (signing?: Signing) => RawCallback;
  readonly good?: Partial<Record<What, Said>>;
  readonly channel?: () => Channel;
  readonly spoils?: (situation: Uncertain, what: What) => Said | undefined;
  readonly says?: (situation: Situation, what: What) => Said | undefined;
}

export const rigOf = ({
  order: placed,
  good: own = {},
  says = () => undefined,
  spoils,
  callback,
  channel: opened = () => channel,
}: Speech): Rig => ({
  kind,
  get channel() {
    return opened();
  },
  now,
  order: placed,
  refund,
  secrets: [account.apiKey, merchantKeyPem.split('\n')[1]!],
  paid: { channelTradeNo: '4200000263201902167700134212', paidAt: new Date('2026-01-31T01:59:58.000Z') },
  refunded: {
    acceptedAt: new Date('2026-01-31T01:58:00.000Z'),
    succeededAt: new Date('2026-01-31T01:59:00.000Z'),
  },
  play(situation) {
    const right = (what: What): Said => own[what] ?? good[what];
    say = (asked) => {
      const elsewhere = /^\/elsewhere\/(\w+)/.exec(asked.target)?.[1];
      const what = whatIsAsked(asked);
      if (elsewhere !== undefined) return right(what);
      if (situation === 'silence') return { status: 200, line: 'silence' };
      if (situation === 'drip') return { ...right(what), status: 200, line: 'drip' };
      if (isBad(situation)) {
        const { offer = offered, file } = downloadsOf[situation];
        return what === 'offer' ? offer() : file();
      }
      if (isFault(situation)) return spoils?.(situation, what) ?? faults(right)[situation](what);
      return says(situation, what) ?? (what === 'file' ? good.file : situations[situation]);
    };
  },
  get received() {
    return server.received.map(
      ({ method, target, body }) =>
        // Version 2 signs a nonce with each try.
        `${method} ${target} ${body.replaceAll(/<(nonce_str|sign)>[^<]*<\/\1>/g, '')}`,
    );
  },
  callback(what, signing) {
    if (what === 'paid') return callback?.(signing) ?? notification('TRANSACTION.SUCCESS', transaction, now, signing);
    if (what === 'refunded') return notification('REFUND.SUCCESS', refundNotice('SUCCESS', refundDone), now, signing);
    return notification('PAYSCORE.USER_OPEN_SERVICE', { mchid }, now, signing);
  },
  statement,
});

export const rig = rigOf({ order });

/** A payer's code was scanned a minute ago: it waits until it is undone. */
export const codeOrder: OrderToPlace = {
  ...order,
  method: 'wechat_code',
  createdAt: new Date(now.getTime() - 60_000),
  payer: { auth_code: '134567890123456789', ip: '203.0.113.7', device: 'till-3' },
};

export const beingPaid = ok(orderIs('USERPAYING'));

/** Undone in three steps: it waits, it is undone, it is gone. */
export const undoing = () => {
  const undone = server.received.some(({ target }) => target.endsWith('/reverse'));
  return ok(orderIs(undone ? 'REVOKED' : 'USERPAYING'));
};

export const closings: Partial<Record<Situation, () => Said>> = {
  'closing done': undoing,
  'closed before': () => ok(orderIs('REVOKED')),
  'cannot be closed since it is paid': () => ok(transaction),
};

export const codeRig = rigOf({
  order: codeOrder,
  good: { place: beingPaid },
  says(situation, what) {
    if (situation === 'placed' && what === 'place') return beingPaid;
    if (what === 'reverse') return good.reverse;
    return what === 'query' ? closings[situation]?.() : undefined;
  },
});

export let channelV2: Channel;

export const openV2 = (over: object = {}, secret: object = { api_v2_key: account.apiV2Key }) =>
  kind.open(accountWith({ ...settings(), code_pay: { version: 'v2', ...over } }), { ...secrets, ...secret }, () => now);

beforeAll(() => void (channelV2 = openV2()));

/** A reply of version 2, which is signed within; `key` is null where it is not signed. */
export const xml = (fields: Record<string, string>, key: string | null = account.apiV2Key, type?: string): Said => {
  const all: Record<string, string> = { return_code: 'SUCCESS', appid, mch_id: mchid, nonce_str: 'x', ...fields };
  if (key !== null) all['sign'] = signedV2(all, key, type);
  const body = Object.entries(all).map(([name, value]) => `<${name}><![CDATA[${value}]]></${name}>`);
  return { status: 200, body: `<xml>${body.join('\n')}</xml>`, headers: { 'content-type': 'text/xml' } };
};

export const yes = { result_code: 'SUCCESS', out_trade_no: order.channelOrderNo };
export const refusal = (err_code: string) => ({ result_code: 'FAIL', err_code, err_code_des: '原因' });
export const stateV2 = (trade_state: string) => ({ ...yes, trade_state, trade_state_desc: '说明' });

export const paidV2 = {
  ...stateV2('SUCCESS'),
  transaction_id: '4200000263201902167700134212',
  total_fee: '12345',
  fee_type: 'CNY',
  time_end: '20260131095958',
};

/** What an order of version 2 answers to each situation, beside what placing one does. */
export const statesV2: Partial<Record<Situation, () => Record<string, string>>> = {
  'not paid yet': () => stateV2('NOTPAY'),
  paid: () => paidV2,
  'paid and partly refunded': () => ({ ...paidV2, trade_state: 'REFUND' }),
  closed: () => stateV2('CLOSED'),
  'in a state nobody knows': () => stateV2('FROZEN'),
  'another order is answered': () => ({ ...paidV2, out_trade_no: 'ANOTHERORDER' }),
  absent: () => refusal('ORDERNOTEXIST'),
  'closed before': () => stateV2('REVOKED'),
  'cannot be closed since it is paid': () => paidV2,
};

/** What may be wrong with a reply of version 2; `hollow` says nothing of what was asked. */
export const spoilsV2 =
  (right: Partial<Record<What, Record<string, string>>>, refusedWith: string, hollow: Record<string, string>) =>
  (situation: Uncertain, what: What): Said | undefined => {
    const rightly = right[what];
    if (!rightly) return undefined;
    const refused = xml(refusal(what === 'query' ? 'ORDERNOTEXIST' : refusedWith));
    const stranger = 'a-key-of-somebody-else-32-bytes!';
    if (situation === 'an outage that calls itself a definite refusal') return { ...refused, status: 500 };
    if (situation === 'too many requests') return { ...refused, status: 429 };
    if (situation === 'a signed reply without what was asked') return xml(hollow);
    if (situation === 'a good reply with a forged signature') return xml(rightly, stranger);
    if (situation === 'a good reply signed with an unknown key') return xml(rightly, stranger);
    return situation === 'a good reply without a signature' ? xml(rightly, null) : undefined;
  };

export const answering = (said: Said) => {
  say = () => said;
};

export const sent = (): unknown => JSON.parse(server.received[0]!.body);

export const openWith = (given: object, secret: object = {}) =>
  kind.open(accountWith({ ...settings(), ...given }), { ...secrets, ...secret }, () => now);

/** What the channel's own side does about whatever is asked next. */
export const responding = (how: typeof say): void => {
  say = how;
};
