import { deflateSync } from 'node:zlib';

import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';

import { statementReader } from '#channels/readers.ts';
import { ChannelAccount } from '#channels/account.ts';
import { CallbackRefused, type Channel, type OrderToPlace, type RefundToPlace } from '#channels/channel.ts';
import { channelKind } from '#channels/registry.ts';

import { channelContract, type BadDownload, type Rig, type Situation, type Uncertain } from './contract.ts';
import { archiveOf, billMerchant, someRows, zmOf } from './unionpay-bill.ts';
import {
  certificates,
  isFromMerchant,
  merchantKeyPem,
  notification,
  signedByUnionPay,
  strangerKeyPem,
  unionpayServer,
  type Asked,
  type Said,
} from './unionpay-server.ts';
import { zip } from './zip.ts';

const now = new Date('2026-01-31T02:00:00.000Z');
let clock = now;
const kind = channelKind('unionpay');
const merId = billMerchant;

const code: OrderToPlace = {
  channelOrderNo: '01KG7X0000ORDER0000000001',
  appId: 'app_00000000000000000000000001',
  method: 'unionpay_code',
  amount: 12_345n,
  currency: 'CNY',
  createdAt: new Date('2026-01-31T01:59:57.600Z'),
  subject: '一杯茶',
  expiresAt: new Date('2026-01-31T02:30:00.000Z'),
  notifyUrl: 'https://pay.example.com/callbacks/unionpay/chn_1',
  payer: { auth_code: '6200000000000000001' },
};
const qr: OrderToPlace = { ...code, method: 'unionpay_qr', payer: {} };
const queryId = '782601310959580674018';
const refund: RefundToPlace = {
  channelRefundNo: '01KG7X0000REFUND000000001',
  channelOrderNo: code.channelOrderNo,
  channelTradeNo: queryId,
  amount: 345n,
  paid: code.amount,
  currency: 'CNY',
  createdAt: new Date('2026-01-31T01:59:00.500Z'),
  reason: '退货',
  notifyUrl: 'https://pay.example.com/callbacks/unionpay/chn_1',
};

const said = (respCode: string, more: Record<string, string> = {}): Said => ({
  body: { merId, respCode, respMsg: `说明[${respCode}&6100]`, ...more },
});
const orderKey = { orderId: code.channelOrderNo, txnTime: '20260131095957' };
const refundKey = { orderId: refund.channelRefundNo, txnTime: '20260131095900' };
const about = (respCode: string, more: Record<string, string> = {}) => said(respCode, { ...orderKey, ...more });
const orderIs = (origRespCode: string, more: Record<string, string> = {}) =>
  about('00', {
    txnType: '01',
    txnAmt: '12345',
    currencyCode: '156',
    queryId,
    origRespCode,
    origRespMsg: '说明',
    ...more,
  });
const money = { traceTime: '0131095958', traceNo: '067401', settleDate: '0131' };
const paid = orderIs('00', money);
const refunded = (respCode: string, more: Record<string, string> = {}) =>
  said(respCode, { ...refundKey, txnType: '04', txnAmt: '345', origQryId: queryId, ...more });
const refundIs = (origRespCode: string, more: Record<string, string> = {}) =>
  refunded('00', { origRespCode, traceTime: '0131095900', queryId: '782601310959000674028', ...more });

const statement = {
  file: zmOf(someRows),
  packed: archiveOf(zmOf(someRows)),
  lines: someRows.length,
  billDate: '2026-01-30',
};
const handedOut = (archive: Buffer, more: Record<string, string> = {}): Said =>
  said('00', {
    txnType: '76',
    settleDate: '0130',
    fileName: '700000000000001_20260130.zip',
    fileContent: deflateSync(archive).toString('base64'),
    ...more,
  });
const noFile = said('98', { txnType: '76', settleDate: '0130' });

const offeredBadly: Record<BadDownload, () => Said> = {
  'is another than the one announced': () => handedOut(archiveOf(zmOf(someRows), { day: '250130' })),
  'has lost its end': () => handedOut(statement.packed.subarray(0, -20)),
  'has been changed in one byte': () =>
    handedOut(Buffer.from(statement.packed).fill(statement.packed[300]! ^ 1, 300, 301)),
  'is unpacked larger than any': () => handedOut(zip([{ name: 'large', bytes: Buffer.alloc(64_000_001) }])),
  'is empty': () => handedOut(Buffer.alloc(0)),
  'is at an address of somebody else': () => ({ status: 500 }),
  'is at another address of the channel': () => ({ status: 500 }),
  'has gone from its address': () => ({ status: 404, body: 'gone' }),
  'is behind a redirect': () => ({ status: 302, headers: { location: '/elsewhere/file' } }),
};

type What = 'place' | 'query' | 'reverse' | 'refund' | 'queryRefund' | 'file';
const whatIsAsked = ({ params }: Asked): What => {
  const { txnType, orderId } = params;
  if (txnType === '76') return 'file';
  if (txnType === '04') return 'refund';
  if (txnType === '99') return 'reverse';
  if (txnType === '01') return 'place';
  return orderId === refund.channelRefundNo ? 'queryRefund' : 'query';
};

const placed = (method: string) =>
  method === 'unionpay_qr' ? about('00', { qrCode: 'https://qr.95516.com/00010000/62171' }) : about('00', { queryId });

const situations: Record<Situation, (what: What, method: string) => Said> = {
  placed: (_, method) => placed(method),
  'order refused for good': () => about('33'),
  'order number known already': () => about('12'),
  'not paid yet': () => orderIs('05'),
  paid: () => paid,
  'paid and partly refunded': () => paid,
  closed: () => orderIs('01'),
  'in a state nobody knows': () => orderIs('42'),
  'another order is answered': () => orderIs('00', { ...money, orderId: 'ANOTHERORDER' }),
  absent: () => about('34'),
  'closing done': (what, method) => {
    if (what === 'reverse') return about('00');
    return method === 'unionpay_code' ? orderIs('05') : orderIs('01');
  },
  'closed before': () => orderIs('65'),
  'cannot be closed since it is paid': () => paid,
  'refund accepted': (what) => (what === 'refund' ? refunded('00') : refundIs('05')),
  'refund done': (what) => (what === 'refund' ? refunded('00') : refundIs('00')),
  'refund refused for good': () => refunded('36'),
  'refund not now': () => refunded('06'),
  'refund failed': (what) => (what === 'refund' ? refunded('30') : refundIs('30')),
  'refund needs a person': (what) => (what === 'refund' ? refunded('05') : refundIs('04')),
  'refund in a state nobody knows': (what) => (what === 'refund' ? refunded('05') : refundIs('Z9')),
  'another refund is answered': (what) =>
    what === 'refund' ? refunded('00', { orderId: 'ANOTHER' }) : refundIs('00', { txnAmt: '346' }),
  'refund absent': () => refunded('34'),
  'a statement is offered': () => handedOut(statement.packed),
  'a statement is being made': () => noFile,
  'there is no statement since there were no trades': () => noFile,
};

const good = (what: What, method: string): Said => {
  const usual: Record<What, () => Said> = {
    place: () => placed(method),
    query: () => paid,
    reverse: () => about('00'),
    refund: () => refunded('00'),
    queryRefund: () => refundIs('00'),
    file: () => handedOut(statement.packed),
  };
  return usual[what]();
};
const definite: Record<What, () => Said> = {
  place: () => about('33'),
  query: () => about('34'),
  reverse: () => about('34'),
  refund: () => refunded('36'),
  queryRefund: () => refunded('34'),
  file: () => noFile,
};

/** Everything but the one fault is as it should be, so that each guard stands alone. */
const faults: Record<Uncertain, (what: What, method: string) => Said> = {
  'an outage that calls itself a definite refusal': (what) => ({ ...definite[what](), status: 500 }),
  'an outage without words': () => ({ status: 502, body: '' }),
  'too many requests': (what) => ({ ...definite[what](), status: 429 }),
  'absence claimed by a page of a proxy': () => ({ status: 404, body: '<html>respCode=34</html>' }),
  'a redirect': (what) => ({ status: 307, headers: { location: `/elsewhere/${what}` } }),
  'a signed reply that is not in the language of the channel': () => ({ body: 'SUCCESS' }),
  'a signed reply without what was asked': () => ({ body: { merId, ...orderKey } }),
  'a good reply with a forged signature': (...all) => ({ ...good(...all), signing: { by: 'somebody else' } }),
  'a good reply without a signature': (...all) => ({ ...good(...all), signing: { not: true } }),
  'a good reply signed with an unknown key': (...all) => ({ ...good(...all), signing: { by: 'an unknown key' } }),
  'a good reply of yesterday, replayed': () => {
    throw new Error('nothing in a reply of UnionPay says when it was made');
  },
  'a good reply cut short': (...all) => ({ ...good(...all), line: 'cut' }),
  'a reply that never ends growing': (...all) => ({ ...good(...all), padding: 4_000_000 }),
  'a connection that is reset': () => ({ line: 'reset' }),
};

const isBad = (situation: string): situation is BadDownload => situation in offeredBadly;
const isFault = (situation: string): situation is Uncertain => situation in faults;

let say: (asked: Asked) => Said = () => ({ status: 500 });
let server: Awaited<ReturnType<typeof unionpayServer>>;
let channel: Channel;

const settings = () => ({
  mer_id: merId,
  merchant_certificate_pem: certificates.merchant,
  root_certificate_pem: certificates.root,
  middle_certificate_pem: certificates.middle,
  base_url: server.url,
});
const openWith = (given: object, secret: object = {}) =>
  kind.open(
    ChannelAccount.parse({
      id: 'chn_00000000000000000000000001',
      channel: 'unionpay',
      name: '银联',
      ownership: 'shared',
      status: 'enabled',
      methods: ['unionpay_qr'],
      cost: { rate_ppm: 6_000 },
      settings: { ...settings(), ...given },
    }),
    { merchant_private_key_pem: merchantKeyPem, ...secret },
    () => clock,
  );

beforeAll(async () => {
  server = await unionpayServer((asked) => say(asked));
  channel = openWith({});
});
afterAll(() => server.close());
beforeEach(() => {
  clock = now;
  server.received.splice(0);
});

const paidNotice = (more: Record<string, string> = {}) => ({
  merId,
  ...orderKey,
  txnType: '01',
  txnSubType: '06',
  bizType: '000000',
  accessType: '0',
  currencyCode: '156',
  txnAmt: '12345',
  queryId,
  respCode: '00',
  respMsg: '成功[0000000]',
  ...money,
  ...more,
});
const refundNotice = (more: Record<string, string> = {}) =>
  paidNotice({
    ...refundKey,
    txnType: '04',
    txnAmt: '345',
    origQryId: queryId,
    traceTime: '0131095900',
    reqReserved: refund.channelOrderNo,
    ...more,
  });

const rigOf = (placing: OrderToPlace): Rig => ({
  kind,
  get channel() {
    return channel;
  },
  now,
  order: placing,
  refund,
  secrets: [merchantKeyPem.split('\n')[1]!],
  paid: { channelTradeNo: queryId, paidAt: new Date('2026-01-31T01:59:58.000Z') },
  refunded: {
    acceptedAt: new Date('2026-01-31T01:59:00.000Z'),
    succeededAt: new Date('2026-01-31T01:59:00.000Z'),
  },
  play(situation) {
    // UnionPay says the same of a file that is not made yet: the time of day tells them apart.
    clock = situation === 'there is no statement since there were no trades' ? new Date('2026-01-31T06:00:00Z') : now;
    say = (asked) => {
      const what = whatIsAsked(asked);
      const { method } = placing;
      if (asked.path.startsWith('/elsewhere')) return good(what, method);
      if (situation === 'silence') return { line: 'silence' };
      if (situation === 'drip') return { ...good(what, method), line: 'drip' };
      if (isBad(situation)) return offeredBadly[situation]();
      return isFault(situation) ? faults[situation](what, method) : situations[situation](what, method);
    };
  },
  get received() {
    return server.received.map(({ path, body }) => `${path} ${body}`);
  },
  callback(what, signing) {
    if (what === 'paid') return notification(paidNotice(), signing);
    if (what === 'refunded') return notification(refundNotice(), signing);
    return notification(paidNotice({ txnType: '31' }), signing);
  },
  statement,
});

const nature = {
  undated: true,
  signedWithin: true,
  closedIsFailed: true,
  refundsAreDoneLater: true,
  statementsInReplies: true,
  statementsEndAnywhere: true,
} as const;
channelContract('UnionPay by the payer’s code', () => rigOf(code), nature);
channelContract('UnionPay by a code to scan', () => rigOf(qr), { ...nature, ordersAppearWhenOpened: true });

const answering = (reply: Said) => void (say = () => reply);
const opened = async (method: 'unionpay_gateway' | 'unionpay_wap', over: Partial<OrderToPlace> = {}) => {
  const placing = await channel.place({ ...code, method, payer: {}, ...over });
  if (placing.kind !== 'placed' || placing.action.type !== 'form') throw new Error('no form');
  return placing.action;
};

describe('an order at UnionPay', () => {
  test.each([
    ['unionpay_gateway', '07'],
    ['unionpay_wap', '08'],
  ] as const)('%s is a form that only we can have signed, and asks nobody', async (method, channelType) => {
    const { url, fields } = await opened(method, { returnUrl: 'https://shop.example.com/?a=1' });
    expect(url).toBe(`${server.url}/gateway/api/frontTransReq.do`);
    expect(isFromMerchant(fields)).toBe(true);
    expect(fields).toMatchObject({
      ...orderKey,
      txnType: '01',
      txnSubType: '01',
      bizType: '000201',
      channelType,
      merId,
      txnAmt: '12345',
      currencyCode: '156',
      backUrl: code.notifyUrl,
      frontUrl: 'https://shop.example.com/?a=1',
      payTimeout: '20260131103000',
      orderDesc: '一杯茶',
    });
    expect(server.received).toEqual([]);
    for (const name of Object.keys(fields).filter((each) => each !== 'signature'))
      expect(isFromMerchant({ ...fields, [name]: `${fields[name]}0` }), name).toBe(false);
  });

  test('has a description of 32 bytes at most, without what separates fields', async () => {
    const { fields } = await opened('unionpay_gateway', { subject: 'a&b=c{d}[e]\n一二三四五六七八九十' });
    expect(fields['orderDesc']).toBe('a b c d  e  一二三四五六');
    const none = await opened('unionpay_gateway', { subject: '&' });
    expect(none.fields).not.toHaveProperty('orderDesc');
    expect(isFromMerchant(none.fields)).toBe(true);
  });

  test.each([
    ['a code to scan', qr, { txnSubType: '07' }, { type: 'qr_code', content: 'https://qr.95516.com/00010000/62171' }],
    ['the payer’s code', code, { txnSubType: '06', qrNo: '6200000000000000001' }, { type: 'none' }],
  ])('by %s is asked for by ourselves', async (_, order, more, action) => {
    answering(placed(order.method));
    expect(await channel.place(order)).toEqual({ kind: 'placed', action });
    expect(server.received[0]!.path).toBe('/gateway/api/backTransReq.do');
    expect(server.received[0]!.params).toMatchObject({ ...orderKey, ...more, bizType: '000000', txnAmt: '12345' });
  });

  test.each([
    [undefined, '00000001'],
    ['T1', '00000001'],
    ['A0073841', 'A0073841'],
  ])('by the payer’s code at the terminal %s names %s', async (terminal, termId) => {
    answering(about('00', { queryId }));
    await channel.place({ ...code, payer: { ...code.payer, terminal } });
    expect(server.received[0]!.params['termId']).toBe(termId);
  });

  test('whose code is being charged (05) is placed', async () => {
    answering(about('05'));
    expect(await channel.place(code)).toEqual({ kind: 'placed', action: { type: 'none' } });
  });

  test.each(['03', '04', '06', '34', '42', 'Z9'])('answered with %s at placing is unknown', async (respCode) => {
    answering(about(respCode));
    await expect(channel.place(code)).rejects.toThrow(respCode);
  });

  test.each([
    ['00', 'succeeded'],
    ['A6', 'succeeded'],
    ['01', 'failed'],
    ['64', 'failed'],
    ...['03', '04', '05', '06', '12', '34', '42', '99', 'A2', 'Z9'].map((each) => [each, 'pending'] as const),
  ] as const)('in the state %s is %s', async (state, outcome) => {
    answering(orderIs(state, money));
    expect(await channel.query(code)).toMatchObject({ kind: outcome });
  });

  test.each(['03', '05', '12', '37', '99'])(
    'asked about with the answer %s is unknown, whatever its state says',
    async (respCode) => {
      answering(orderIs('00', { ...money, respCode }));
      await expect(channel.query(code)).rejects.toThrow(respCode);
    },
  );

  test.each([
    ['no state', orderIs('00', { ...money, origRespCode: '' })],
    ['no time', orderIs('00')],
    ['a time that is none', orderIs('00', { ...money, traceTime: '0230095958' })],
    ['an amount that is none', orderIs('00', { ...money, txnAmt: '123.45' })],
    ['another merchant', orderIs('00', { ...money, merId: '700000000000002' })],
    ['another time of order', orderIs('00', { ...money, txnTime: '20260131095958' })],
  ])('said to be paid with %s is unknown', async (_, reply) => {
    answering(reply);
    await expect(channel.query(code)).rejects.toThrow();
  });

  test.each([
    ['before the end of a year', '2025-12-31T15:59:50.000Z', '0101000001', '2025-12-31T16:00:01.000Z'],
    ['after it', '2025-12-31T16:00:01.000Z', '1231235959', '2025-12-31T15:59:59.000Z'],
  ])('of a time without a year, made %s, is of the nearest one', async (_, createdAt, traceTime, at) => {
    const order = { ...code, createdAt: new Date(createdAt) };
    const txnTime = traceTime === '0101000001' ? '20251231235950' : '20260101000001';
    answering(orderIs('00', { ...money, txnTime, traceTime }));
    expect(await channel.query(order)).toMatchObject({ receipt: { paidAt: new Date(at) } });
  });

  test('in another money says which, so that it is seen', async () => {
    answering(orderIs('00', { ...money, currencyCode: '840' }));
    expect(await channel.query(code)).toMatchObject({ receipt: { currency: '840' } });
  });
});

describe('closing an order at UnionPay', () => {
  test('is asking: one that a bank is at work on is left alone', async () => {
    answering(orderIs('05'));
    for (const method of ['unionpay_gateway', 'unionpay_wap', 'unionpay_qr'] as const)
      expect(await channel.close({ ...qr, method })).toEqual({ kind: 'ask' });
    expect(server.received.map(({ params }) => params['txnType'])).toEqual(['00', '00', '00']);
  });

  test('takes a scanned code back when nobody knows its end', async () => {
    say = (asked) => (whatIsAsked(asked) === 'reverse' ? about('00') : orderIs('03'));
    expect(await channel.close(code)).toEqual({ kind: 'closed' });
    expect(server.received[1]!.params).toMatchObject({ ...orderKey, txnType: '99', txnSubType: '01' });
  });

  test.each(['03', '05', '12', '35', '39'])('is unknown when taking it back is answered with %s', async (respCode) => {
    say = (asked) => (whatIsAsked(asked) === 'reverse' ? about(respCode) : orderIs('05'));
    await expect(channel.close(code)).rejects.toThrow(respCode);
  });

  test('never takes back what is paid', async () => {
    answering(paid);
    expect(await channel.close(code)).toEqual({ kind: 'ask' });
    expect(server.received).toHaveLength(1);
  });
});

describe('a refund at UnionPay', () => {
  test('names the payment by UnionPay’s number, and its order for what comes back', async () => {
    answering(refunded('00'));
    await channel.refund(refund);
    expect(server.received[0]!.params).toMatchObject({
      ...refundKey,
      txnType: '04',
      origQryId: queryId,
      txnAmt: '345',
      backUrl: refund.notifyUrl,
      reqReserved: refund.channelOrderNo,
    });
  });

  test.each(['03', '04', '06', '12', '34', '35', '42', 'A6'])('answered with %s is unknown', async (respCode) => {
    answering(refunded(respCode));
    await expect(channel.refund(refund)).rejects.toThrow(respCode);
  });

  test('of another payment, by the answer, is unknown', async () => {
    answering(refunded('00', { origQryId: '782601310959580674019' }));
    await expect(channel.refund(refund)).rejects.toThrow('another payment');
    answering(refundIs('00', { origQryId: '782601310959580674019' }));
    await expect(channel.queryRefund(refund)).rejects.toThrow('another payment');
  });

  test('too young to be known for sure is not absent', async () => {
    answering(refunded('34'));
    clock = new Date(refund.createdAt.getTime() + 9_999);
    await expect(channel.queryRefund(refund)).rejects.toThrow('young');
    clock = new Date(refund.createdAt.getTime() + 10_000);
    expect(await channel.queryRefund(refund)).toEqual({ kind: 'absent' });
  });
});

const heard = (fields: Record<string, string>) => channel.readCallback(notification(fields));

describe('a callback of UnionPay', () => {
  test.each([
    ['a flaw', { respCode: 'A6' }, 'succeeded'],
    ['a failure, which is never told', { respCode: '01' }, 'pending'],
    ['an unknown code', { respCode: 'Z9' }, 'pending'],
  ])('with %s', (_, more, outcome) => {
    expect(heard(paidNotice(more))).toMatchObject({ about: 'payment', outcome: { kind: outcome } });
  });

  test('of a payment of another merchant is heard with that name on its receipt', () => {
    expect(heard(paidNotice({ merId: '700000000000002' }))).toMatchObject({
      outcome: { receipt: { merchantAtChannel: '700000000000002' } },
    });
  });

  test('of a refund of another merchant is refused', () => {
    expect(() => heard(refundNotice({ merId: '700000000000002' }))).toThrow('another merchant');
  });

  test.each([
    ['that was made elsewhere', { reqReserved: '' }],
    ['that is not done', { respCode: '05' }],
  ])('of a refund %s is no news', (_, more) => {
    expect(heard(refundNotice(more))).toEqual({ about: 'nothing' });
  });

  test.each([
    ['an amount', { txnAmt: '123.45' }],
    ['a time', { traceTime: 'now' }],
    ['a number', { orderId: '1'.repeat(41) }],
  ])('that is genuine and has no such thing as %s is refused, without its content in the message', (_, more) => {
    expect(() => heard(paidNotice(more))).toThrow('the callback cannot be read');
  });

  test('in GBK, as it says, is read in GBK; its signature is of its bytes', () => {
    const gbkOf = (text: string) => Buffer.from(text.replaceAll('成功', '\xb3\xc9\xb9\xa6'), 'latin1');
    const fields = signedByUnionPay(paidNotice({ encoding: 'GBK' }), {}, gbkOf);
    const body = Object.entries(fields)
      .map(([name, value]) =>
        [...gbkOf(value)].reduce((all, byte) => `${all}%${byte.toString(16).padStart(2, '0')}`, `${name}=`),
      )
      .join('&');
    expect(channel.readCallback({ headers: {}, body: Buffer.from(body) })).toEqual(heard(paidNotice()));
    // The same bytes, said to be what they are not.
    const said8 = signedByUnionPay(paidNotice({ encoding: 'utf-8' }), {}, gbkOf);
    const lied = new URLSearchParams(said8).toString().replaceAll(encodeURIComponent('成功'), '%B3%C9%B9%A6');
    expect(() => channel.readCallback({ headers: {}, body: Buffer.from(lied) })).toThrow('encoding');
  });

  test.each(['utf-16', 'latin1', ''])('in %j, which UnionPay does not write, is refused', (encoding) => {
    expect(() => heard(paidNotice({ encoding }))).toThrow(CallbackRefused);
  });

  const changed = (change: (text: string) => string) => () =>
    channel.readCallback({ headers: {}, body: Buffer.from(change(notification(paidNotice()).body.toString())) });
  test.each([
    ['a member twice', (text: string) => `${text}&txnAmt=12345`],
    ['one member more', (text: string) => `${text}&x=1`],
    ['a name without a value', (text: string) => `${text}&x`],
    ['a broken escape', (text: string) => `${text}&x=%zz`],
    ['no signature', (text: string) => text.replace(/signature=[^&]*/, 'x=')],
    ['an empty signature', (text: string) => text.replace(/signature=[^&]*/, 'signature=')],
    ['no certificate', (text: string) => text.replace(/signPubKeyCert=[^&]*/, 'x=')],
    ['another version', (text: string) => text.replace('5.1.0', '5.0.0')],
  ])('with %s is refused', (_, change) => expect(changed(change)).toThrow(CallbackRefused));

  test('is answered by its status', () => {
    expect(kind.acknowledge(true).status).toBe(200);
    expect(kind.acknowledge(false).status).toBe(400);
  });
});

describe('the certificate of a message', () => {
  test.each([
    ['of another customer of the same authority', certificates.customer],
    ['that has run out', certificates.expired],
    ['whose time has not come', certificates.future],
    ['that is the intermediate one itself', certificates.middle],
    ['that is none', 'nothing'],
    ['that is two', `${certificates.signer}\r\n${certificates.customer}`],
  ])('%s makes nothing believable', (_, certificate) => {
    const by = certificate === certificates.customer ? 'somebody else' : 'the channel';
    const fields = signedByUnionPay(paidNotice(), { by, certificate });
    const body = Buffer.from(new URLSearchParams(fields).toString());
    expect(() => channel.readCallback({ headers: {}, body })).toThrow(CallbackRefused);
  });

  test('of the test system is taken by an account that says so', () => {
    const elsewhere = openWith({ signer_name: '某某股份有限公司' });
    const fields = signedByUnionPay(paidNotice(), { by: 'somebody else', certificate: certificates.customer });
    const callback = { headers: {}, body: Buffer.from(new URLSearchParams(fields).toString()) };
    expect(elsewhere.readCallback(callback)).toMatchObject({ about: 'payment' });
    expect(() => elsewhere.readCallback(notification(paidNotice()))).toThrow('certificate');
  });
});

describe('a statement of UnionPay', () => {
  test('is asked for by month and day, at the host of files', async () => {
    answering(noFile);
    await channel.fetchStatement('2026-01-30', 'trade');
    expect(server.received[0]).toMatchObject({
      path: '/',
      params: { txnType: '76', settleDate: '0130', fileType: '00' },
    });
    const asked: string[] = [];
    vi.spyOn(globalThis, 'fetch').mockImplementation(async (to) => {
      asked.push(new Request(to).url);
      throw new Error('nobody is there');
    });
    for (const host of ['gateway.95516.com', 'gateway.test.95516.com'])
      await openWith({ base_url: `https://${host}` })
        .fetchStatement('2026-01-30', 'trade')
        .catch(() => undefined);
    vi.restoreAllMocks();
    expect(asked).toEqual(['https://filedownload.95516.com/', 'https://filedownload.test.95516.com/']);
  });

  test.each([
    ['of another day', { settleDate: '0129' }],
    ['that is no base64 of anything packed', { fileContent: 'AAAA' }],
    ['that is not there', { fileContent: '' }],
  ])('%s is fetched again', async (_, more) => {
    answering(handedOut(statement.packed, more));
    await expect(channel.fetchStatement('2026-01-30', 'trade')).rejects.toThrow();
  });

  test('of another merchant is fetched again', async () => {
    answering(handedOut(archiveOf(zmOf(someRows), { merchant: '700000000000002' })));
    await expect(channel.fetchStatement('2026-01-30', 'trade')).rejects.toThrow('another merchant');
  });

  test('that does not add up is kept: the batch will say where', async () => {
    const doubtful = archiveOf(zmOf([{ ...someRows[0]!, settled: 'C000000000001' }]));
    answering(handedOut(doubtful));
    expect(await channel.fetchStatement('2026-01-30', 'trade')).toEqual({ kind: 'file', bytes: doubtful });
    await expect(statementReader(kind.name)(doubtful, 'trade')).rejects.toThrow('结算金额');
  });
});

describe('an account at UnionPay', () => {
  test('has its usual address and signer unless others are given', () => {
    const { base_url, ...rest } = settings();
    expect(base_url).toMatch(/^http:/);
    expect(kind.settings.parse(rest)).toMatchObject({
      base_url: 'https://gateway.95516.com',
      signer_name: '中国银联股份有限公司',
    });
  });

  test.each([
    ['an address of another protocol', { base_url: 'ftp://example.com' }],
    ['a merchant who is none', { mer_id: '1' }],
    ['an unknown member', { loopback: true }],
    ['a certificate that is none', { root_certificate_pem: 'nothing' }],
    ['two certificates for one', { middle_certificate_pem: `${certificates.middle}\n${certificates.root}` }],
    ['a private key for a certificate', { merchant_certificate_pem: merchantKeyPem }],
    ['the certificate of another key', { merchant_certificate_pem: certificates.signer }],
  ])('with %s is not opened', (_, given) => expect(() => openWith(given)).toThrow());

  test('with the key of another certificate is not opened, and the key stays out of the message', () => {
    for (const merchant_private_key_pem of [strangerKeyPem, merchantKeyPem.replace(/\n.{9}/, '\n!!!!!!!!!')]) {
      let thrown: unknown;
      try {
        openWith({}, { merchant_private_key_pem });
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toBeInstanceOf(Error);
      const text = thrown instanceof Error ? `${thrown.message}${thrown.stack}` : '';
      expect(text).not.toContain(merchant_private_key_pem.split('\n')[2]);
    }
  });
});
