import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Aes, Formatter, Rsa } from 'wechatpay-axios-plugin';

import { ChannelAccount } from '#channels/account.ts';
import {
  CallbackRefused,
  type Channel,
  type OrderToPlace,
  type Placing,
  type RefundToPlace,
} from '#channels/channel.ts';
import { channelKind } from '#channels/registry.ts';
import { signatureOf } from '#channels/wechat/v2/wire.ts';

import { channelContract, type BadDownload, type Rig, type Situation, type Uncertain } from './contract.ts';
import { bill, someRows } from './wechat-bill.ts';
import {
  account,
  type Asked,
  fieldsOfV2,
  keys,
  notification,
  type Said,
  signed,
  signedV2,
  wechatServer,
} from './wechat-server.ts';

const now = new Date('2026-01-31T02:00:00.000Z');
const kind = channelKind('wechat');

const order: OrderToPlace = {
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
const refund: RefundToPlace = {
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

const { appid, mchid } = account;
const orderIs = (trade_state: string, more: object = {}) => ({
  appid,
  mchid,
  out_trade_no: order.channelOrderNo,
  trade_state,
  trade_state_desc: '说明',
  ...more,
});
const transaction = orderIs('SUCCESS', {
  transaction_id: '4200000263201902167700134212',
  trade_type: 'NATIVE',
  bank_type: 'OTHERS',
  success_time: '2026-01-31T09:59:58+08:00',
  payer: { openid: 'oHkLxt5HnHcBDewv4dLc8xivG1DuE' },
  // The payer used a coupon of WeChat's: the order's own amount is what counts.
  amount: { total: 12_345, payer_total: 12_000, currency: 'CNY', payer_currency: 'CNY' },
});
const refundIs = (status: string, more: object = {}) => ({
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
const refundDone = { success_time: '2026-01-31T09:59:00+08:00' };
const refundNotice = (refund_status: string, more: object = {}) => ({
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

const ok = (body: object): Said => ({ status: 200, body: JSON.stringify(body) });
const no = (status: number, code: string, message = '说明'): Said => ({
  status,
  body: JSON.stringify({ code, message }),
});

const statement = { file: bill(someRows), lines: someRows.length, billDate: '2026-01-31' };
const sha1 = (bytes: Buffer) => createHash('sha1').update(bytes).digest('hex');
const fileAt = (path: string, origin = server.url) => `${origin}${path}?token=abc-_1&tartype=gzip`;
const offered = (over: object = {}): Said =>
  ok({
    hash_type: 'SHA1',
    hash_value: sha1(statement.file),
    download_url: fileAt('/v3/billdownload/file'),
    ...over,
  });
/** The file is the one reply that WeChat does not sign. */
const handedOut = (bytes: Buffer): Said => ({
  status: 200,
  body: bytes,
  headers: { 'content-type': 'application/x-gzip' },
  signing: { not: true },
});
const downloadsOf: Record<BadDownload, { offer?: () => Said; file: () => Said }> = {
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

const situations: Record<Situation, Said> = {
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

type What = 'place' | 'query' | 'close' | 'reverse' | 'refund' | 'queryRefund' | 'offer' | 'file';
const whatIsAsked = ({ method, target }: Asked): What => {
  if (target.startsWith('/v3/billdownload/')) return 'file';
  if (target.startsWith('/v3/bill/')) return 'offer';
  if (target.endsWith('/close')) return 'close';
  if (target.endsWith('/reverse')) return 'reverse';
  if (target === '/pay/orderquery') return 'query';
  if (target.includes('/refund/')) return method === 'POST' ? 'refund' : 'queryRefund';
  return method === 'POST' ? 'place' : 'query';
};

const good: Record<What, Said> = {
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
const definite: Record<What, string> = {
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
const faults = (right: (what: What) => Said): Record<Uncertain, (what: What) => Said> => ({
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

const isBad = (situation: string): situation is BadDownload => situation in downloadsOf;
const isFault = (situation: string): situation is Uncertain => situation in faults((what) => good[what]);

let say: (asked: Asked) => Said = () => ({ status: 500 });
let server: Awaited<ReturnType<typeof wechatServer>>;
let channel: Channel;

const settings = () => ({
  appid,
  mchid,
  merchant_serial: account.merchantSerial,
  platform_serial: account.platformSerial,
  platform_public_key_pem: keys.platform.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  base_url: server.url,
});
const merchantKeyPem = keys.merchant.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const secrets = { merchant_private_key_pem: merchantKeyPem, api_v3_key: account.apiKey };
const accountWith = (given: Record<string, unknown>) =>
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
interface Speech {
  readonly order: OrderToPlace;
  readonly good?: Partial<Record<What, Said>>;
  readonly channel?: () => Channel;
  readonly spoils?: (situation: Uncertain, what: What) => Said | undefined;
  readonly says?: (situation: Situation, what: What) => Said | undefined;
}

const rigOf = ({
  order: placed,
  good: own = {},
  says = () => undefined,
  spoils,
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
    if (what === 'paid') return notification('TRANSACTION.SUCCESS', transaction, now, signing);
    if (what === 'refunded') return notification('REFUND.SUCCESS', refundNotice('SUCCESS', refundDone), now, signing);
    return notification('PAYSCORE.USER_OPEN_SERVICE', { mchid }, now, signing);
  },
  statement,
});

const rig = rigOf({ order });

/** A payer's code was scanned a minute ago: it waits until it is undone. */
const codeOrder: OrderToPlace = {
  ...order,
  method: 'wechat_code',
  createdAt: new Date(now.getTime() - 60_000),
  payer: { auth_code: '134567890123456789', ip: '203.0.113.7', device: 'till-3' },
};
const beingPaid = ok(orderIs('USERPAYING'));
/** Undone in three steps: it waits, it is undone, it is gone. */
const undoing = () => {
  const undone = server.received.some(({ target }) => target.endsWith('/reverse'));
  return ok(orderIs(undone ? 'REVOKED' : 'USERPAYING'));
};
const closings: Partial<Record<Situation, () => Said>> = {
  'closing done': undoing,
  'closed before': () => ok(orderIs('REVOKED')),
  'cannot be closed since it is paid': () => ok(transaction),
};
const codeRig = rigOf({
  order: codeOrder,
  good: { place: beingPaid },
  says(situation, what) {
    if (situation === 'placed' && what === 'place') return beingPaid;
    if (what === 'reverse') return good.reverse;
    return what === 'query' ? closings[situation]?.() : undefined;
  },
});

channelContract('WeChat Pay', () => rig);
channelContract('WeChat Pay by a payer’s code', () => codeRig);

let channelV2: Channel;
const openV2 = (over: object = {}, secret: object = { api_v2_key: account.apiV2Key }) =>
  kind.open(accountWith({ ...settings(), code_pay: { version: 'v2', ...over } }), { ...secrets, ...secret }, () => now);
beforeAll(() => void (channelV2 = openV2()));

/** A reply of version 2, which is signed within; `key` is null where it is not signed. */
const xml = (fields: Record<string, string>, key: string | null = account.apiV2Key, type?: string): Said => {
  const all: Record<string, string> = { return_code: 'SUCCESS', appid, mch_id: mchid, nonce_str: 'x', ...fields };
  if (key !== null) all['sign'] = signedV2(all, key, type);
  const body = Object.entries(all).map(([name, value]) => `<${name}><![CDATA[${value}]]></${name}>`);
  return { status: 200, body: `<xml>${body.join('\n')}</xml>`, headers: { 'content-type': 'text/xml' } };
};
const yes = { result_code: 'SUCCESS', out_trade_no: order.channelOrderNo };
const refusal = (err_code: string) => ({ result_code: 'FAIL', err_code, err_code_des: '原因' });
const stateV2 = (trade_state: string) => ({ ...yes, trade_state, trade_state_desc: '说明' });
const paidV2 = {
  ...stateV2('SUCCESS'),
  transaction_id: '4200000263201902167700134212',
  total_fee: '12345',
  fee_type: 'CNY',
  time_end: '20260131095958',
};
const undoingV2 = () => {
  const undone = server.received.some(({ target }) => target.endsWith('/reverse'));
  return stateV2(undone ? 'REVOKED' : 'USERPAYING');
};
const goodV2: Partial<Record<What, Record<string, string>>> = {
  place: refusal('USERPAYING'),
  query: paidV2,
  reverse: { result_code: 'SUCCESS', recall: 'N' },
};
const saysV2: Partial<Record<Situation, () => Record<string, string>>> = {
  placed: () => refusal('USERPAYING'),
  'order refused for good': () => refusal('AUTHCODEEXPIRE'),
  'order number known already': () => refusal('OUT_TRADE_NO_USED'),
  'not paid yet': () => stateV2('NOTPAY'),
  paid: () => paidV2,
  'paid and partly refunded': () => ({ ...paidV2, trade_state: 'REFUND' }),
  closed: () => stateV2('CLOSED'),
  'in a state nobody knows': () => stateV2('FROZEN'),
  'another order is answered': () => ({ ...paidV2, out_trade_no: 'ANOTHERORDER' }),
  absent: () => refusal('ORDERNOTEXIST'),
  'closing done': undoingV2,
  'closed before': () => stateV2('REVOKED'),
  'cannot be closed since it is paid': () => paidV2,
};
const definiteV2: Partial<Record<What, string>> = { place: 'AUTHCODEEXPIRE', query: 'ORDERNOTEXIST' };
const spoilV2 = (situation: Uncertain, what: What): Said | undefined => {
  const right = goodV2[what];
  if (!right) return undefined;
  const stranger = 'a-key-of-somebody-else-32-bytes!';
  if (situation === 'an outage that calls itself a definite refusal')
    return { ...xml(refusal(definiteV2[what] ?? '')), status: 500 };
  if (situation === 'too many requests') return { ...xml(refusal(definiteV2[what] ?? '')), status: 429 };
  if (situation === 'a signed reply without what was asked') return xml({ result_code: 'SUCCESS' });
  if (situation === 'a good reply with a forged signature') return xml(right, stranger);
  if (situation === 'a good reply signed with an unknown key') return xml(right, stranger);
  return situation === 'a good reply without a signature' ? xml(right, null) : undefined;
};
const codeRigV2: Rig = rigOf({
  order: codeOrder,
  channel: () => channelV2,
  good: { place: xml(goodV2.place!), query: xml(goodV2.query!), reverse: xml(goodV2.reverse!) },
  spoils: spoilV2,
  says(situation, what) {
    if (what === 'reverse') return xml(goodV2.reverse!);
    const said = what === 'place' || what === 'query' ? saysV2[situation] : undefined;
    return said && xml(said());
  },
});
channelContract('WeChat Pay by a payer’s code, version 2', () => codeRigV2, { undatedReplies: true });

describe('a payer’s code at WeChat, version 2', () => {
  const place = (said: Said) => {
    answering(said);
    return channelV2.place(codeOrder);
  };

  test.each(['HMAC-SHA256', 'MD5'])('is charged with what WeChat documents, signed with %s', async (sign_type) => {
    answering(xml(stateV2('SUCCESS'), account.apiV2Key, sign_type));
    expect(await openV2({ sign_type }).place({ ...codeOrder, subject: 'A & <B>' })).toEqual({ kind: 'ask' });
    expect(server.received[0]).toMatchObject({ method: 'POST', target: '/pay/micropay' });
    const { sign, nonce_str, ...rest } = fieldsOfV2(server.received[0]!.body);
    expect([sign, nonce_str]).toEqual([expect.stringMatching(/^[0-9A-F]+$/), expect.stringMatching(/^[0-9a-f]{32}$/)]);
    expect(rest).toEqual({
      appid,
      mch_id: mchid,
      sign_type,
      body: 'A & <B>',
      device_info: 'till-3',
      out_trade_no: order.channelOrderNo,
      total_fee: '12345',
      fee_type: 'CNY',
      spbill_create_ip: '203.0.113.7',
      auth_code: '134567890123456789',
    });
  });

  test('has the published signatures', () => {
    // 签名算法, the example of WeChat's own document.
    const fields = {
      appid: 'wxd930ea5d5a258f4f',
      mch_id: '10000100',
      device_info: '1000',
      body: 'test',
      nonce_str: 'ibuaiVcKdpRxkhJA',
    };
    const key = '192006250b4c09247ec02edce69f6a2d';
    expect(signatureOf(fields, key, 'MD5')).toBe('9A0A8659F005D6984697E2CA0A9CF3B7');
    expect(signatureOf(fields, key, 'HMAC-SHA256')).toBe(
      '6A9AE1657590FD6257D693A078E1C3E4BB6BA4DC30B23E0EE2496E54170DACD6',
    );
  });

  test.each(['SYSTEMERROR', 'BANKERROR', 'A_NEW_CODE', ''])('that meets %j is unknown', async (code) => {
    await expect(place(xml(refusal(code)))).rejects.toThrow('placing');
  });

  test.each(['AUTHCODEEXPIRE', 'AUTH_CODE_ERROR', 'AUTH_CODE_INVALID', 'NOTENOUGH', 'NOTSUPORTCARD', 'NOAUTH'])(
    'that is refused with %s has failed',
    async (code) => {
      expect(await place(xml(refusal(code)))).toEqual({ kind: 'refused', failure: { code, message: '原因' } });
    },
  );

  test.each(['ORDERPAID', 'ORDERCLOSED', 'ORDERREVERSED'])('that is answered with %s is asked about', async (code) => {
    expect(await place(xml(refusal(code)))).toEqual({ kind: 'ask' });
  });

  test('that WeChat did not take, or took for another merchant, is unknown', async () => {
    await expect(place({ status: 200, body: '<xml><return_code>FAIL</return_code></xml>' })).rejects.toThrow('taking');
    await expect(place(xml({ ...yes, mch_id: '1900000002' }))).rejects.toThrow('another merchant');
    await expect(place(xml({ ...yes, out_trade_no: 'ANOTHERORDER' }))).rejects.toThrow('another order');
  });

  test.each([
    ['entities of its own', '<!DOCTYPE xml [<!ENTITY a "SUCCESS">]><xml><return_code>&a;</return_code></xml>'],
    ['a file of ours', '<!DOCTYPE x SYSTEM "file:///etc/passwd"><xml><return_code>SUCCESS</return_code></xml>'],
    ['an entity that XML does not have', '<xml><return_code>&nbsp;</return_code></xml>'],
    ['a field twice', '<xml><return_code>SUCCESS</return_code><return_code>SUCCESS</return_code></xml>'],
    ['fields within fields', '<xml><a><return_code>SUCCESS</return_code></a></xml>'],
    ['an attribute', '<xml><return_code a="b">SUCCESS</return_code></xml>'],
    ['an instruction', '<?php x?><xml><return_code>SUCCESS</return_code></xml>'],
    ['text beside its fields', '<xml>x<return_code>SUCCESS</return_code></xml>'],
    ['another root', '<html><return_code>SUCCESS</return_code></html>'],
    ['too many fields', `<xml>${Array.from({ length: 201 }, (_, i) => `<f${i}>x</f${i}>`).join('')}</xml>`],
  ])('that is answered with %s is unknown', async (_, body) => {
    await expect(place({ status: 200, body })).rejects.toThrow('no XML of version 2');
  });

  test.each(['12345.0', '1e3', '-1', '0', '', ' 12345'])('that is paid with %j fen is unknown', async (total_fee) => {
    answering(xml({ ...paidV2, total_fee }));
    await expect(channelV2.query(codeOrder)).rejects.toThrow();
  });

  test('that is to be undone once more is unknown', async () => {
    say = ({ target }) =>
      xml(target.endsWith('/reverse') ? { result_code: 'SUCCESS', recall: 'Y' } : stateV2('USERPAYING'));
    await expect(channelV2.close(codeOrder)).rejects.toThrow('once more');
  });

  test.each([
    ['without its key', {}, {}],
    [
      'over https without a certificate',
      { base_url: 'https://api.mch.weixin.qq.com' },
      { api_v2_key: account.apiV2Key },
    ],
  ])('is not opened %s', (_, over, secret) => {
    const given = { ...settings(), code_pay: { version: 'v2' }, ...over };
    expect(() => kind.open(accountWith(given), { ...secrets, ...secret }, () => now)).toThrow('code_pay of v2 needs');
  });
});

const answering = (said: Said) => {
  say = () => said;
};
const paramsOf = (placing: Placing): Record<string, string> => {
  if (placing.kind !== 'placed' || placing.action.type !== 'sdk') throw new Error('not for an SDK');
  return placing.action.params;
};
const sent = (): unknown => JSON.parse(server.received[0]!.body);

describe('an order at WeChat', () => {
  test('is placed with what WeChat documents, in whole seconds of Beijing time', async () => {
    answering(good.place);
    expect(await channel.place(order)).toEqual({
      kind: 'placed',
      action: { type: 'qr_code', content: 'weixin://wxpay/bizpayurl?pr=MTyYVP1zz' },
      // WeChat's own two hours, less five minutes for the payer.
      goodUntil: new Date('2026-01-31T03:55:00.000Z'),
    });
    expect(sent()).toEqual({
      appid,
      mchid,
      description: '一杯茶',
      out_trade_no: order.channelOrderNo,
      time_expire: '2026-01-31T10:30:00+08:00',
      notify_url: order.notifyUrl,
      amount: { total: 12_345, currency: 'CNY' },
    });
    expect(server.received[0]).toMatchObject({
      method: 'POST',
      target: '/v3/pay/transactions/native',
      headers: {
        accept: 'application/json',
        'content-type': 'application/json',
        'wechatpay-serial': account.platformSerial,
      },
    });
  });

  test('within WeChat is placed for an openid and answered with what WeChat on the phone can verify', async () => {
    answering(ok({ prepay_id: 'wx201410272009395522657a690389285100' }));
    const placed = await channel.place({ ...order, method: 'wechat_jsapi', payer: { openid: 'oPayer' } });
    expect(server.received[0]).toMatchObject({ target: '/v3/pay/transactions/jsapi' });
    expect(sent()).toMatchObject({ payer: { openid: 'oPayer' }, out_trade_no: order.channelOrderNo });
    const params = paramsOf(placed);
    expect(params).toEqual({
      appId: appid,
      timeStamp: String(now.getTime() / 1_000),
      nonceStr: expect.stringMatching(/^[0-9a-f]{32}$/),
      package: 'prepay_id=wx201410272009395522657a690389285100',
      signType: 'RSA',
      paySign: expect.any(String),
    });
    const { appId = '', timeStamp = '', nonceStr = '', package: prepaid = '', paySign = '' } = params;
    const lines = Formatter.joinedByLineFeed(appId, timeStamp, nonceStr, prepaid);
    expect(Rsa.verify(lines, paySign, keys.merchant.publicKey)).toBe(true);
  });

  test('in an app is placed without a payer, and the bare prepay_id is what is signed', async () => {
    answering(ok({ prepay_id: 'wx201410272009395522657a690389285100' }));
    const params = paramsOf(await channel.place({ ...order, method: 'wechat_app' }));
    expect(server.received[0]).toMatchObject({ target: '/v3/pay/transactions/app' });
    expect(sent()).not.toHaveProperty('payer');
    const { timestamp = '', noncestr = '', prepayid = '', sign = '', ...rest } = params;
    expect(rest).toEqual({ appid, partnerid: mchid, package: 'Sign=WXPay' });
    expect(prepayid).toBe('wx201410272009395522657a690389285100');
    const lines = Formatter.joinedByLineFeed(appid, timestamp, noncestr, prepayid);
    expect(Rsa.verify(lines, sign, keys.merchant.publicKey)).toBe(true);
  });

  test('is signed afresh for whoever asks again: no two signatures are of one use', async () => {
    answering(ok({ prepay_id: 'wx1' }));
    const placing = { ...order, method: 'wechat_jsapi', payer: { openid: 'oPayer' } } as const;
    const [first, second] = [await channel.place(placing), await channel.place(placing)];
    expect(paramsOf(first)['nonceStr']).not.toBe(paramsOf(second)['nonceStr']);
    expect(first).toMatchObject({ goodUntil: now });
    expect(server.received[1]!.body).toBe(server.received[0]!.body);
  });

  test('in a browser is placed with the address of the payer, and leads back to the shop', async () => {
    const h5_url =
      'https://wx.tenpay.com/cgi-bin/mmpayweb-bin/checkmweb?prepay_id=wx2016121516420242444321ca0631331346';
    answering(ok({ h5_url }));
    const placing = { ...order, method: 'wechat_h5', payer: { ip: '203.0.113.7' } } as const;
    const goodUntil = new Date('2026-01-31T02:04:00.000Z');
    expect(await channel.place(placing)).toEqual({
      kind: 'placed',
      action: { type: 'redirect', url: h5_url },
      goodUntil,
    });
    expect(server.received[0]).toMatchObject({ target: '/v3/pay/transactions/h5' });
    expect(sent()).toMatchObject({ scene_info: { payer_client_ip: '203.0.113.7', h5_info: { type: 'Wap' } } });
    const back = await channel.place({ ...placing, returnUrl: 'https://shop.example/done?order=1&x=2' });
    const url = back.kind === 'placed' && back.action.type === 'redirect' ? back.action.url : '';
    expect(url).toContain(h5_url);
    expect(new URL(url).searchParams.get('redirect_url')).toBe('https://shop.example/done?order=1&x=2');
  });

  test.each(['http://wx.tenpay.com/x', 'javascript:alert(1)', ''])('is not led to %j', async (h5_url) => {
    answering(ok({ h5_url }));
    await expect(channel.place({ ...order, method: 'wechat_h5', payer: { ip: '203.0.113.7' } })).rejects.toThrow();
  });

  test('by a method of another channel is not sent', async () => {
    await expect(channel.place({ ...order, method: 'alipay_qr' })).rejects.toThrow('alipay_qr');
    expect(server.received).toEqual([]);
  });

  test('has its subject cut to the 127 bytes that WeChat allows, never within a character', async () => {
    answering(good.place);
    await channel.place({ ...order, subject: '茶'.repeat(127) });
    expect(sent()).toMatchObject({ description: '茶'.repeat(42) });
    server.received.splice(0);
    await channel.place({ ...order, subject: `${'a'.repeat(125)}🍵` });
    expect(sent()).toMatchObject({ description: 'a'.repeat(125) });
  });

  test.each(['PARAM_ERROR', 'NO_AUTH', 'APPID_MCHID_NOT_MATCH', 'MCH_NOT_EXISTS', 'SIGN_ERROR'])(
    'that WeChat answers with %s was never registered: refused',
    async (code) => {
      answering(no(400, code, '原因'));
      expect(await channel.place(order)).toEqual({ kind: 'refused', failure: { code, message: '原因' } });
    },
  );

  test.each(['ORDERPAID', 'ORDER_PAID', 'ORDER_CLOSED', 'OUT_TRADE_NO_USED', 'INVALID_REQUEST'])(
    'that WeChat answers with %s is asked about',
    async (code) => {
      answering(no(400, code));
      expect(await channel.place(order)).toEqual({ kind: 'ask' });
    },
  );

  test.each(['SYSTEM_ERROR', 'RULE_LIMIT', 'TRADE_ERROR', 'BANK_ERROR', 'A_NEW_CODE', ''])(
    'that WeChat answers with %j is unknown',
    async (code) => {
      answering(no(403, code));
      await expect(channel.place(order)).rejects.toThrow('placing');
    },
  );

  test('that WeChat has taken and not yet handled (202) is unknown, whatever is in the answer', async () => {
    answering({ ...good.place, status: 202 });
    await expect(channel.place(order)).rejects.toThrow('202');
    answering({ ...good.query, status: 202 });
    await expect(channel.query(order)).rejects.toThrow('202');
  });

  test('that is being paid by code is pending, one that was reversed is closed, one that could not be paid has failed', async () => {
    answering(ok(orderIs('USERPAYING')));
    expect(await channel.query(order)).toEqual({ kind: 'pending' });
    answering(ok(orderIs('REVOKED')));
    expect(await channel.query(order)).toEqual({ kind: 'closed' });
    answering(ok(orderIs('PAYERROR')));
    const failure = { code: 'PAYERROR', message: '说明' };
    expect(await channel.query(order)).toEqual({ kind: 'failed', failure });
  });

  test('is asked about under our number and our merchant', async () => {
    answering(good.query);
    await channel.query(order);
    const target = `/v3/pay/transactions/out-trade-no/${order.channelOrderNo}?mchid=${mchid}`;
    expect(server.received[0]).toMatchObject({ method: 'GET', target, body: '' });
  });

  test('has the receipt that WeChat states, be it ours or not', async () => {
    const amount = { total: 12_344, currency: 'USD' };
    answering(ok({ ...transaction, mchid: '1900000002', appid: 'wx2', amount }));
    expect(await channel.query(order)).toMatchObject({
      receipt: { amount: 12_344n, currency: 'USD', merchantAtChannel: '1900000002', appAtChannel: 'wx2' },
    });
  });

  test.each(['transaction_id', 'success_time', 'amount'])('that is paid without its %s is unknown', async (member) => {
    answering(ok({ ...transaction, [member]: undefined }));
    await expect(channel.query(order)).rejects.toThrow();
  });

  test.each([12_345.5, '12345', 0, -1, 1e300])('that is paid with %j fen is unknown', async (total) => {
    answering(ok({ ...transaction, amount: { total, currency: 'CNY' } }));
    await expect(channel.query(order)).rejects.toThrow();
  });

  test.each([400, 403, 500])('is absent only where WeChat says 404, not %i', async (status) => {
    answering(no(status, 'ORDER_NOT_EXIST'));
    await expect(channel.query(order)).rejects.toThrow('querying');
    await expect(channel.close(order)).rejects.toThrow('closing');
  });

  test.each([404, 400])('is not absent for any other code of a %i', async (status) => {
    for (const code of ['MCH_NOT_EXISTS', 'NO_AUTH', 'RESOURCE_NOT_EXISTS', 'SIGN_ERROR']) {
      answering(no(status, code));
      await expect(channel.query(order)).rejects.toThrow('querying');
    }
  });

  test('that its payer is paying while it is closed is asked about', async () => {
    answering({ status: 202, body: '{"code":"USERPAYING","message":"用户支付中"}' });
    expect(await channel.close(order)).toEqual({ kind: 'ask' });
  });

  test('is not closed by an answer that is signed and is not 204', async () => {
    answering(ok({}));
    await expect(channel.close(order)).rejects.toThrow('200');
  });

  test.each(['SYSTEM_ERROR', 'NO_AUTH', 'SIGN_ERROR', 'PARAM_ERROR', 'A_NEW_CODE'])(
    'whose closing meets %s may be open still: unknown',
    async (code) => {
      answering(no(400, code));
      await expect(channel.close(order)).rejects.toThrow('closing');
    },
  );
});

describe('a payer’s code at WeChat', () => {
  const early = { ...codeOrder, createdAt: new Date(now.getTime() - 14_999) };
  const targets = () => server.received.map(({ method, target }) => `${method} ${target.replace(/\?.*/, '')}`);
  const path = `/v3/pay/transactions/out-trade-no/${order.channelOrderNo}`;

  test('is charged with what WeChat documents, and where it was scanned', async () => {
    answering(beingPaid);
    expect(await channel.place(codeOrder)).toEqual({ kind: 'placed', action: { type: 'none' } });
    expect(targets()).toEqual(['POST /v3/pay/transactions/codepay']);
    expect(sent()).toEqual({
      appid,
      mchid,
      description: '一杯茶',
      out_trade_no: order.channelOrderNo,
      payer: { auth_code: '134567890123456789' },
      amount: { total: 12_345, currency: 'CNY' },
      scene_info: { device_id: 'till-3', device_ip: '203.0.113.7', store_info: { out_id: mchid } },
    });
    const terminal = 'T1';
    await openWith({ store: 'store-7' }).place({ ...codeOrder, payer: { auth_code: '1', terminal } });
    expect(JSON.parse(server.received[1]!.body)).toMatchObject({
      scene_info: { device_id: terminal, store_info: { out_id: 'store-7' } },
    });
  });

  test.each(['SUCCESS', 'PAYERROR', 'REVOKED', 'A_NEW_STATE'])(
    'that is answered with %s is asked about',
    async (state) => {
      answering(ok(orderIs(state)));
      expect(await channel.place(codeOrder)).toEqual({ kind: 'ask' });
    },
  );

  test('that is answered about another order is unknown', async () => {
    answering(ok(orderIs('USERPAYING', { out_trade_no: 'ANOTHERORDER' })));
    await expect(channel.place(codeOrder)).rejects.toThrow('another order');
  });

  test.each(['USERPAYING', 'USER_PAYING'])('whose payer is asked for a password (%s) is being paid', async (code) => {
    answering(no(400, code));
    expect(await channel.place(codeOrder)).toEqual({ kind: 'placed', action: { type: 'none' } });
    answering(no(500, code));
    await expect(channel.place(codeOrder)).rejects.toThrow('placing');
  });

  test.each(['AUTH_CODE_EXPIRED', 'AUTH_CODE_ERROR', 'AUTH_CODE_INVALID', 'NOT_ENOUGH'])(
    'that is refused with %s has failed',
    async (code) => {
      answering(no(403, code, '原因'));
      expect(await channel.place(codeOrder)).toEqual({ kind: 'refused', failure: { code, message: '原因' } });
    },
  );

  test.each(['SYSTEM_ERROR', 'BANK_ERROR', 'BANKERROR', 'A_NEW_CODE'])('that meets %s is unknown', async (code) => {
    answering(no(400, code));
    await expect(channel.place(codeOrder)).rejects.toThrow('placing');
  });

  test('that waits is asked about, undone, and asked about again: only the state counts', async () => {
    codeRig.play('closing done');
    expect(await channel.close(codeOrder)).toEqual({ kind: 'closed' });
    expect(targets()).toEqual([`GET ${path}`, `POST ${path}/reverse`, `GET ${path}`]);
    expect(JSON.parse(server.received[1]!.body)).toEqual({ appid, mchid });
  });

  test('that is undone, as is said, and waits all the same is not closed', async () => {
    say = (asked) => (whatIsAsked(asked) === 'reverse' ? good.reverse : beingPaid);
    expect(await channel.close(codeOrder)).toEqual({ kind: 'ask' });
  });

  test('of the last 15 seconds is asked about and not undone', async () => {
    say = (asked) => (whatIsAsked(asked) === 'reverse' ? good.reverse : beingPaid);
    expect(await channel.close(early)).toEqual({ kind: 'ask' });
    expect(targets()).toEqual([`GET ${path}`]);
  });

  test.each(['SUCCESS', 'REFUND', 'PAYERROR'])('that is %s is never undone', async (state) => {
    answering(state === 'PAYERROR' ? ok(orderIs(state)) : ok({ ...transaction, trade_state: state }));
    expect(await channel.close(codeOrder)).toEqual({ kind: 'ask' });
    expect(targets()).toEqual([`GET ${path}`]);
  });

  test.each(Object.keys(faults(() => good.reverse)).filter(isFault))(
    'whose undoing meets %s is asked about, and is closed only when that says so',
    async (fault) => {
      const met = (asked: Asked) => {
        if (asked.target.startsWith('/elsewhere')) return good.reverse;
        return whatIsAsked(asked) === 'reverse' ? faults(() => good.reverse)[fault]('reverse') : beingPaid;
      };
      say = met;
      const closing = await channel.close(codeOrder).catch(() => 'unknown');
      expect(['unknown', { kind: 'ask' }]).toContainEqual(closing);
    },
  );
});

describe('a refund at WeChat', () => {
  test('is sent with what WeChat documents', async () => {
    answering(good.refund);
    await channel.refund(refund);
    expect(server.received[0]).toMatchObject({ method: 'POST', target: '/v3/refund/domestic/refunds' });
    expect(sent()).toEqual({
      out_trade_no: order.channelOrderNo,
      out_refund_no: refund.channelRefundNo,
      reason: '退货',
      notify_url: refund.notifyUrl,
      amount: { refund: 345, total: 12_345, currency: 'CNY' },
    });
  });

  test('has its reason cut to 80 bytes, or none', async () => {
    answering(good.refund);
    await channel.refund({ ...refund, reason: '退'.repeat(80) });
    await channel.refund({ ...refund, reason: undefined });
    expect(sent()).toMatchObject({ reason: '退'.repeat(26) });
    expect(JSON.parse(server.received[1]!.body)).not.toHaveProperty('reason');
  });

  test.each([
    'PARAM_ERROR',
    'INVALID_REQUEST',
    'NO_AUTH',
    'MCH_NOT_EXISTS',
    'USER_ACCOUNT_ABNORMAL',
    'TRADE_OVERDUE',
    'RESOURCE_NOT_EXISTS',
    'ORDER_NOT_EXIST',
  ])('that WeChat answers with %s has failed', async (code) => {
    answering(no(403, code, '原因'));
    expect(await channel.refund(refund)).toEqual({ kind: 'failed', failure: { code, message: '原因' } });
  });

  test.each(['NOT_ENOUGH', 'BIZERR_NEED_RETRY', 'SYSTEM_ERROR', 'SIGN_ERROR', 'FREQUENCY_LIMITED', 'A_NEW_CODE'])(
    'that WeChat answers with %s may still be made: unknown',
    async (code) => {
      answering(no(403, code));
      await expect(channel.refund(refund)).rejects.toThrow('refunding');
    },
  );

  test('whose number WeChat knows with other content has not failed: there is one', async () => {
    const message =
      '请求内容和上次请求不一致,请核实后再试。原因主要是商户号不一致,或者商户订单号/商户退款单号已经被其他请求使用。';
    answering(no(400, 'INVALID_REQUEST', message));
    await expect(channel.refund(refund)).rejects.toThrow('refunding');
  });

  test.each([
    ['another amount', { amount: { refund: 344, currency: 'CNY' } }],
    ['another currency', { amount: { refund: 345, currency: 'USD' } }],
    ['another order', { out_trade_no: 'ANOTHERORDER' }],
  ])('that WeChat says to be of %s is unknown', async (_, more) => {
    answering(ok(refundIs('SUCCESS', { ...refundDone, ...more })));
    await expect(channel.refund(refund)).rejects.toThrow('another');
  });

  test('that succeeded without saying when is unknown', async () => {
    answering(ok(refundIs('SUCCESS')));
    await expect(channel.queryRefund(refund)).rejects.toThrow('when');
  });

  test('is absent only for the code that says so', async () => {
    for (const said of [no(404, 'ORDER_NOT_EXIST'), no(404, 'MCH_NOT_EXISTS'), no(400, 'RESOURCE_NOT_EXISTS')]) {
      answering(said);
      await expect(channel.queryRefund(refund)).rejects.toThrow('querying');
    }
  });
});

describe('a bill of WeChat', () => {
  test.each([
    ['trade', `/v3/bill/tradebill?bill_date=2026-01-31&bill_type=ALL&tar_type=GZIP`],
    ['fund', `/v3/bill/fundflowbill?bill_date=2026-01-31&account_type=BASIC&tar_type=GZIP`],
  ] as const)('of kind %s is asked for at its own address, and fetched with a signature', async (which, target) => {
    rig.play('a statement is offered');
    await channel.fetchStatement('2026-01-31', which);
    expect(server.received.map((asked) => asked.target)).toEqual([
      target,
      '/v3/billdownload/file?token=abc-_1&tartype=gzip',
    ]);
  });

  test('that comes unpacked, or is unpacked on its way, is the same', async () => {
    for (const file of [
      handedOut(statement.file),
      { ...handedOut(gzipSync(statement.file)), headers: { 'content-encoding': 'gzip' } },
    ]) {
      say = (asked) => (whatIsAsked(asked) === 'file' ? file : offered());
      expect(await channel.fetchStatement('2026-01-31', 'trade')).toEqual({ kind: 'file', bytes: statement.file });
    }
  });

  test.each([
    ['without a hash', { hash_value: '' }],
    ['with a hash of another kind', { hash_type: 'MD5' }],
    ['without an address', { download_url: undefined }],
    ['at no address', { download_url: 'bill.csv' }],
    ['with a name and a password', { download_url: 'http://a:b@127.0.0.1:1/v3/billdownload/file' }],
  ])('that is offered %s is not fetched', async (_, over) => {
    say = (asked) => (whatIsAsked(asked) === 'file' ? good.file : offered(over));
    await expect(channel.fetchStatement('2026-01-31', 'trade')).rejects.toThrow();
    expect(server.received).toHaveLength(1);
  });

  test.each(['FREQUENCY_LIMITED', 'SYSTEM_ERROR', 'NO_AUTH', 'A_NEW_CODE'])(
    'that meets %s is unknown',
    async (code) => {
      answering(no(403, code));
      await expect(channel.fetchStatement('2026-01-31', 'trade')).rejects.toThrow('asking for a bill');
    },
  );
});

const heardOf = (status: string) => channel.readCallback(notification(`REFUND.${status}`, refundNotice(status), now));
const answer = (taken: boolean) => {
  const { status, body } = kind.acknowledge(taken);
  return [status, JSON.parse(body)];
};
const openWith = (given: object, secret: object = {}) =>
  kind.open(accountWith({ ...settings(), ...given }), { ...secrets, ...secret }, () => now);

describe('a callback of WeChat', () => {
  test('of a refund does not say when it was accepted, so neither do we', () => {
    const heard = channel.readCallback(rig.callback('refunded'));
    expect(heard).toMatchObject({ outcome: { kind: 'succeeded', acceptedAt: undefined } });
  });

  test('of an abnormal refund leaves it processing, of a closed one makes it fail', () => {
    expect(heardOf('ABNORMAL')).toMatchObject({ about: 'refund', outcome: { kind: 'processing' } });
    expect(heardOf('CLOSED')).toMatchObject({
      about: 'refund',
      outcome: { kind: 'failed', failure: { code: 'CLOSED' } },
    });
  });

  test('of a refund of another merchant is refused', () => {
    const theirs = refundNotice('SUCCESS', { ...refundDone, mchid: '1900000002' });
    expect(() => channel.readCallback(notification('REFUND.SUCCESS', theirs, now))).toThrow('another merchant');
  });

  test('of a payment of another merchant is heard with that name on its receipt', () => {
    const theirs = { ...transaction, mchid: '1900000002' };
    expect(channel.readCallback(notification('TRANSACTION.SUCCESS', theirs, now))).toMatchObject({
      outcome: { receipt: { merchantAtChannel: '1900000002' } },
    });
  });

  test('may have empty associated data', () => {
    const callback = notification('TRANSACTION.SUCCESS', transaction, now, { associatedData: '' });
    expect(channel.readCallback(callback).about).toBe('payment');
  });

  test('sealed with another key, signed all the same, is refused', () => {
    const key = 'another-APIv3-key-of-32-bytes-ok';
    const callback = notification('TRANSACTION.SUCCESS', transaction, now, { key });
    expect(() => channel.readCallback(callback)).toThrow(CallbackRefused);
  });

  test.each(['', 'null', '[]', '{}', '{"trade_state":"SUCCESS"}', 'not json'])(
    'that is genuine and says %j is refused, without its content in the message',
    (resource) => {
      expect(() => channel.readCallback(notification('TRANSACTION.SUCCESS', resource, now))).toThrow(
        'the callback is signed and cannot be read',
      );
    },
  );

  test('that only probes whether we verify is refused', () => {
    const probe = notification('TRANSACTION.SUCCESS', transaction, now, { probe: true });
    expect(() => channel.readCallback(probe)).toThrow('probe');
  });

  test('that is genuine and larger than any is refused unread', () => {
    const padded = { ...transaction, padding: ' '.repeat(300_000) };
    expect(() => channel.readCallback(notification('TRANSACTION.SUCCESS', padded, now))).toThrow('too large');
  });

  test('made by the official client is taken', () => {
    const nonce = 'abcdef012345';
    const ciphertext = Aes.AesGcm.encrypt(JSON.stringify(transaction), account.apiKey, nonce, 'transaction');
    const resource = { algorithm: 'AEAD_AES_256_GCM', ciphertext, associated_data: 'transaction', nonce };
    const body = JSON.stringify({ event_type: 'TRANSACTION.SUCCESS', resource });
    const timestamp = String(now.getTime() / 1_000);
    const message = Formatter.response(timestamp, 'EcZ9Cmy4Xyx1i6RlJQzLcCyEqDa26NBz', body);
    const headers = {
      'wechatpay-timestamp': timestamp,
      'wechatpay-nonce': 'EcZ9Cmy4Xyx1i6RlJQzLcCyEqDa26NBz',
      'wechatpay-serial': account.platformSerial,
      'wechatpay-signature': Rsa.sign(message, keys.platform.privateKey),
    };
    expect(channel.readCallback({ headers, body: Buffer.from(body) }).about).toBe('payment');
  });

  test('signed over a nonce with a line feed, which moves the border of the body, is refused', () => {
    const genuine = rig.callback('paid');
    const text = genuine.body.toString();
    const nonce = `${genuine.headers['wechatpay-nonce']}\n${text.slice(0, 10)}`;
    expect(() =>
      channel.readCallback({
        headers: { ...signed(text, now), 'wechatpay-nonce': nonce },
        body: Buffer.from(text.slice(11)),
      }),
    ).toThrow('wechatpay-nonce');
  });

  test('is answered in the words of WeChat', () => {
    expect(answer(true)).toEqual([200, { code: 'SUCCESS', message: '成功' }]);
    expect(answer(false)).toEqual([400, { code: 'FAIL', message: '失败' }]);
  });
});

describe('an account at WeChat', () => {
  test('has its usual address unless another is given', () => {
    const { base_url, ...rest } = settings();
    expect(base_url).toMatch(/^http:/);
    expect(kind.settings.parse(rest)).toMatchObject({ base_url: 'https://api.mch.weixin.qq.com' });
  });

  test('under a path of an address signs the whole path', async () => {
    answering(good.query);
    await openWith({ base_url: `${server.url}/proxy/` }).query(order);
    expect(server.received[0]!.target).toMatch(/^\/proxy\/v3\/pay/);
  });

  test.each([
    ['an address of another protocol', { base_url: 'ftp://example.com' }],
    ['no merchant', { mchid: '' }],
    ['a merchant that would break a header', { mchid: '1900"0001' }],
    ['an unknown member', { loopback: true }],
    ['a key that is none', { platform_public_key_pem: 'nothing' }],
    ['a private key for the public one', { platform_public_key_pem: merchantKeyPem }],
  ])('with %s is not opened', (_, given) => {
    expect(() => openWith(given)).toThrow();
  });

  test.each([
    ['an APIv3 key of 31 bytes', { api_v3_key: account.apiKey.slice(1) }],
    ['an APIv3 key of 32 characters and more bytes', { api_v3_key: `茶${account.apiKey.slice(1)}` }],
    ['a damaged private key', { merchant_private_key_pem: merchantKeyPem.replace(/\n.{9}/, '\n!!!!!!!!!') }],
  ])('with %s is not opened, and its secrets stay out of the message', (_, secret) => {
    let thrown: unknown;
    try {
      openWith({}, secret);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(Error);
    const text = thrown instanceof Error ? `${thrown.message}${thrown.stack}` : '';
    for (const part of [account.apiKey.slice(1), merchantKeyPem.split('\n')[2]!]) expect(text).not.toContain(part);
  });
});
