import { AlipaySdk } from 'alipay-sdk';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';

import { statementReader } from '#channels/readers.ts';
import { ChannelAccount } from '#channels/account.ts';
import {
  CallbackRefused,
  type Action,
  type Channel,
  type OrderToPlace,
  type Placing,
  type RefundToPlace,
} from '#channels/channel.ts';
import { channelKind } from '#channels/registry.ts';
import type { TransferToPlace } from '#channels/transfer.ts';

import { account as billAccount, fileOf, someRows, tradeArchive, tradeLines } from './alipay-bill.ts';
import { account, alipayServer, isFromApp, keys, notification, pem, type Asked, type Said } from './alipay-server.ts';
import {
  channelContract,
  limitsOfCalls,
  type BadDownload,
  type Rig,
  type Situation,
  type Uncertain,
} from './contract.ts';
import { zip } from './zip.ts';

const now = new Date('2026-01-31T02:00:00.000Z');
let clock = now;
const kind = channelKind('alipay');
const { appId, sellerId } = account;

const order: OrderToPlace = {
  channelOrderNo: '01KG7X0000ORDER0000000001',
  appId: 'app_00000000000000000000000001',
  method: 'alipay_qr',
  amount: 12_345n,
  currency: 'CNY',
  createdAt: now,
  subject: '一杯茶',
  expiresAt: new Date('2026-01-31T02:30:00.000Z'),
  notifyUrl: 'https://pay.example.com/callbacks/alipay/chn_1',
  payer: {},
};
const byCode: OrderToPlace = { ...order, method: 'alipay_code', payer: { auth_code: '288888888888888888' } };
const tradeNo = '2026013122001400000000000001';
const refund: RefundToPlace = {
  channelRefundNo: '01KG7X0000REFUND000000001',
  channelOrderNo: order.channelOrderNo,
  channelTradeNo: tradeNo,
  amount: 345n,
  paid: order.amount,
  currency: 'CNY',
  createdAt: new Date('2026-01-31T01:58:59.500Z'),
  reason: '退货',
  notifyUrl: 'https://pay.example.com/callbacks/alipay/chn_1',
};
const transfer: TransferToPlace = {
  channelTransferNo: '01KG7X0000TRANSFER0000001',
  amount: 10_050n,
  currency: 'CNY',
  createdAt: now,
  payee: { kind: 'alipay_account', account: 'payee@example.com', name: '张三' },
  title: '结算',
  notifyUrl: 'https://pay.example.com/callbacks/alipay/chn_1/payouts',
};

const ok = (body: object = {}): Said => ({ body: { code: '10000', msg: 'Success', ...body } });
const no = (sub_code: string, more: Said & { code?: string } = {}): Said => ({
  body: { code: more.code ?? '40004', msg: 'Business Failed', sub_code, sub_msg: '说明' },
  ...more,
});
const named = { out_trade_no: order.channelOrderNo };
const orderIs = (trade_status: string, more: object = {}) =>
  ok({ ...named, trade_no: tradeNo, trade_status, total_amount: '123.45', buyer_logon_id: '159****5620', ...more });
const paidAt = { send_pay_date: '2026-01-31 09:59:58' };
const paid = orderIs('TRADE_SUCCESS', {
  ...paidAt,
  // The payer used a coupon of Alipay's: the order's own amount is what counts.
  buyer_pay_amount: '120.00',
  receipt_amount: '123.45',
});
const refundTime = { gmt_refund_pay: '2026-01-31 09:59:00' };
const refunded = (more: object = {}) =>
  ok({ ...named, trade_no: tradeNo, fund_change: 'Y', refund_fee: '99.00', ...refundTime, ...more });
const refundIs = (refund_status: string, more: object = {}) =>
  ok({
    ...named,
    trade_no: tradeNo,
    out_request_no: refund.channelRefundNo,
    refund_amount: '3.45',
    total_amount: '123.45',
    refund_status,
    ...refundTime,
    ...more,
  });

const statement = {
  file: fileOf(tradeLines(someRows)),
  packed: tradeArchive(someRows),
  lines: someRows.length,
  billDate: '2026-01-30',
};
const fileAt = (path = '/downloadBillFile.resource', origin = server.url) =>
  `${origin}${path}?bizType=trade&userId=${billAccount}&token=abc`;
const offered = (bill_download_url = fileAt()): Said => ok({ bill_download_url });
const handedOut = (body: Buffer): Said => ({ body });

const downloadsOf: Record<BadDownload, { offer?: () => Said; file: () => Said }> = {
  'is another than the one announced': { file: () => handedOut(tradeArchive(someRows, { day: '2026-01-29' })) },
  'has lost its end': { file: () => handedOut(statement.packed.subarray(0, -20)) },
  'has been changed in one byte': {
    file: () => handedOut(Buffer.from(statement.packed).fill(statement.packed[200]! ^ 1, 200, 201)),
  },
  'is unpacked larger than any': {
    file: () => handedOut(zip([{ name: 'large.csv', bytes: Buffer.alloc(64_000_001) }])),
  },
  'is empty': { file: () => handedOut(Buffer.alloc(0)) },
  'is at an address of somebody else': {
    offer: () => offered(fileAt(undefined, server.url.replace('127.0.0.1', 'localhost'))),
    file: () => handedOut(statement.packed),
  },
  'is at another address of the channel': {
    offer: () => offered(fileAt('/gateway.do')),
    file: () => handedOut(statement.packed),
  },
  'has gone from its address': { file: () => ({ status: 404, body: 'gone' }) },
  'is behind a redirect': { file: () => ({ status: 302, headers: { location: '/elsewhere/file' } }) },
};

type What = 'place' | 'query' | 'close' | 'cancel' | 'refund' | 'queryRefund' | 'offer' | 'file';
const whatIsAsked = ({ params, path }: Asked): What => {
  const method = params['method'] ?? '';
  if (path === '/downloadBillFile.resource') return 'file';
  if (method === 'alipay.trade.query') return 'query';
  if (method === 'alipay.trade.close') return 'close';
  if (method === 'alipay.trade.cancel') return 'cancel';
  if (method === 'alipay.trade.refund') return 'refund';
  if (method === 'alipay.trade.fastpay.refund.query') return 'queryRefund';
  return method.endsWith('downloadurl.query') ? 'offer' : 'place';
};

const notClosable = no('ACQ.REASON_TRADE_STATUS_INVALID');
const placed = { alipay_qr: ok({ ...named, qr_code: 'https://qr.alipay.com/bavh4wjlxf12tper3a' }) };
const waiting: Said = { body: { code: '10003', msg: 'order success pay inprocess', ...named, trade_no: tradeNo } };

const situations: Record<Situation, (what: What, method: string) => Said> = {
  placed: (_, method) => (method === 'alipay_qr' ? placed.alipay_qr : waiting),
  'order refused for good': () => no('ACQ.EXIST_FORBIDDEN_WORD'),
  'order number known already': () => no('ACQ.TRADE_HAS_SUCCESS'),
  'not paid yet': () => orderIs('WAIT_BUYER_PAY'),
  paid: () => paid,
  'paid and partly refunded': () => paid,
  closed: () => orderIs('TRADE_CLOSED'),
  'in a state nobody knows': () => orderIs('TRADE_FROZEN'),
  'another order is answered': () => orderIs('TRADE_SUCCESS', { ...paidAt, out_trade_no: 'ANOTHERORDER' }),
  absent: () => no('ACQ.TRADE_NOT_EXIST'),
  'closing done': () => ok({ ...named, trade_no: tradeNo }),
  'closed before': (what) => (what === 'query' ? orderIs('TRADE_CLOSED') : notClosable),
  'cannot be closed since it is paid': (what) => (what === 'query' ? paid : notClosable),
  'refund accepted': (what) => (what === 'refund' ? refunded({ fund_change: 'N' }) : refundIs('REFUND_PROCESSING')),
  'refund done': (what) => (what === 'refund' ? refunded() : refundIs('REFUND_SUCCESS')),
  'refund refused for good': () => no('ACQ.TRADE_NOT_ALLOW_REFUND'),
  'refund not now': () => no('ACQ.SELLER_BALANCE_NOT_ENOUGH'),
  'refund failed': (what) =>
    what === 'refund' ? no('ACQ.TRADE_HAS_FINISHED') : refundIs('REFUND_FAIL', { error_code: 'REFUND_FAIL' }),
  'refund needs a person': (what) => (what === 'refund' ? refunded({ fund_change: 'N' }) : refundIs('REFUND_ABNORMAL')),
  'refund in a state nobody knows': (what) =>
    what === 'refund' ? refunded({ fund_change: undefined }) : refundIs('REFUND_WAITING'),
  'another refund is answered': (what) =>
    what === 'refund'
      ? refunded({ out_trade_no: 'ANOTHERORDER' })
      : refundIs('REFUND_SUCCESS', { out_request_no: 'X' }),
  // Alipay knows nothing of it, and says just that.
  'refund absent': () => ok(),
  'a statement is offered': () => offered(),
  'a statement is being made': () => no('isp.bill_not_exist'),
  'there is no statement since there were no trades': () => no('isp.bill_not_exist'),
};

const good = (what: What, method: string): Said => {
  const usual: Record<What, () => Said> = {
    place: () => situations.placed(what, method),
    query: () => paid,
    close: () => situations['closing done'](what, method),
    cancel: () => ok({ ...named, retry_flag: 'N', action: 'close' }),
    refund: () => refunded(),
    queryRefund: () => refundIs('REFUND_SUCCESS'),
    offer: () => offered(),
    file: () => handedOut(statement.packed),
  };
  return usual[what]();
};
const definite: Record<What, string> = {
  place: 'ACQ.INVALID_PARAMETER',
  query: 'ACQ.TRADE_NOT_EXIST',
  close: 'ACQ.TRADE_NOT_EXIST',
  cancel: 'ACQ.TRADE_NOT_EXIST',
  refund: 'ACQ.TRADE_NOT_ALLOW_REFUND',
  queryRefund: 'ACQ.TRADE_NOT_EXIST',
  offer: 'isp.bill_not_exist',
  file: 'isp.bill_not_exist',
};

/** Everything but the one fault is as it should be, so that each guard stands alone. */
const faults: Record<Uncertain, (what: What, method: string) => Said> = {
  'an outage that calls itself a definite refusal': (what) => no(definite[what], { status: 500 }),
  'an outage without words': () => ({ status: 502, body: '' }),
  'too many requests': (what) => no(definite[what], { status: 429 }),
  'absence claimed by a page of a proxy': () => ({ status: 404, body: '<html>ACQ.TRADE_NOT_EXIST</html>' }),
  'a redirect': (what) => ({ status: 307, headers: { location: `/elsewhere/${what}` } }),
  'a signed reply that is not in the language of the channel': () => ({ body: 'SUCCESS' }),
  // Saying nothing at all about a refund is how Alipay says that it knows of none.
  'a signed reply without what was asked': (what) =>
    ok(what === 'queryRefund' ? { refund_status: 'REFUND_SUCCESS' } : {}),
  'a good reply with a forged signature': (...all) => ({ ...good(...all), signing: { by: 'somebody else' } }),
  'a good reply without a signature': (...all) => ({ ...good(...all), signing: { not: true } }),
  'a good reply signed with an unknown key': (...all) => ({ ...good(...all), signing: { by: 'an unknown key' } }),
  'a good reply of yesterday, replayed': () => {
    throw new Error('nothing in a reply of Alipay says when it was made');
  },
  'a good reply cut short': (...all) => ({ ...good(...all), line: 'cut' }),
  'a reply that never ends growing': (...all) => ({ ...good(...all), padding: 4_000_000 }),
  'a connection that is reset': () => ({ line: 'reset' }),
};

const isBad = (situation: string): situation is BadDownload => situation in downloadsOf;
const isFault = (situation: string): situation is Uncertain => situation in faults;

let say: (asked: Asked) => Said = () => ({ status: 500 });
let server: Awaited<ReturnType<typeof alipayServer>>;
let channel: Channel;

const settings = () => ({
  app_id: appId,
  seller_id: sellerId,
  alipay_public_key_pem: pem(keys.alipay.publicKey),
  base_url: `${server.url}/gateway.do`,
});
const appKeyPem = pem(keys.app.privateKey);
const secrets = { app_private_key_pem: appKeyPem };
const openWith = (given: object, secret: object = {}) =>
  kind.open(
    ChannelAccount.parse({
      id: 'chn_00000000000000000000000001',
      channel: 'alipay',
      name: '支付宝',
      ownership: 'shared',
      status: 'enabled',
      methods: ['alipay_qr'],
      cost: { rate_ppm: 6_000 },
      settings: { ...settings(), ...given },
    }),
    { ...secrets, ...secret },
    () => clock,
  );

beforeAll(async () => {
  server = await alipayServer(
    () => clock,
    (asked) => say(asked),
  );
  channel = openWith({});
});
afterAll(() => server.close());
beforeEach(() => {
  clock = now;
  server.received.splice(0);
});

const notice = (trade_status: string, more: Record<string, string> = {}) => ({
  notify_type: 'trade_status_sync',
  notify_id: '2026013100222155624068450559358070',
  app_id: appId,
  auth_app_id: appId,
  seller_id: sellerId,
  buyer_id: '2088102534368455',
  out_trade_no: order.channelOrderNo,
  trade_no: tradeNo,
  trade_status,
  total_amount: '123.45',
  subject: '一杯茶 + 1/2',
  gmt_create: '2026-01-31 09:59:50',
  fund_bill_list: '[{"amount":"123.45","fundChannel":"ALIPAYACCOUNT"}]',
  ...more,
});
const paidNotice = (more: Record<string, string> = {}) =>
  notice('TRADE_SUCCESS', { gmt_payment: '2026-01-31 09:59:58', ...more });
const refundNotice = (more: Record<string, string> = {}) =>
  paidNotice({
    gmt_refund: '2026-01-31 09:59:00.320',
    refund_fee: '3.45',
    out_biz_no: refund.channelRefundNo,
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
  secrets: [appKeyPem.split('\n')[1]!],
  paid: { channelTradeNo: tradeNo, paidAt: new Date('2026-01-31T01:59:58.000Z') },
  refunded: {
    acceptedAt: new Date('2026-01-31T01:59:00.000Z'),
    succeededAt: new Date('2026-01-31T01:59:00.000Z'),
  },
  play(situation) {
    // Alipay says the same of a bill that is not made yet: the time of day tells them apart.
    clock = situation === 'there is no statement since there were no trades' ? new Date('2026-01-31T06:00:00Z') : now;
    say = (asked) => {
      const what = whatIsAsked(asked);
      const { method } = placing;
      if (asked.path.startsWith('/elsewhere')) return good(what, method);
      if (situation === 'silence') return { line: 'silence' };
      if (situation === 'drip') return { ...good(what, method), line: 'drip' };
      if (isBad(situation)) {
        const { offer = offered, file } = downloadsOf[situation];
        return what === 'offer' ? offer() : file();
      }
      if (isFault(situation)) return faults[situation](what, method);
      return what === 'file' ? good(what, method) : situations[situation](what, method);
    };
  },
  get received() {
    return server.received.map(({ target, body }) => `${target} ${body}`);
  },
  callback(what, signing) {
    if (what === 'paid') return notification(paidNotice(), now, signing);
    if (what === 'refunded') return notification(refundNotice(), now, signing);
    return notification({ notify_type: 'open_app_auth_notify', app_id: appId }, now, signing);
  },
  statement,
});

const nature = { undated: true, signedWithin: true } as const;
channelContract('Alipay by a code that is shown', () => rigOf(order), { ...nature, ordersAppearWhenOpened: true });
channelContract('Alipay by a code that is scanned', () => rigOf(byCode), nature);

const answering = (...said: Said[]) => {
  say = () => (said.length > 1 ? said.shift()! : said[0]!);
};
const sent = (index = 0) => server.received[index]!.content;
const methodsAsked = () => server.received.map(({ params }) => params['method']);
const actionOf = (placing: Placing): Action => {
  if (placing.kind !== 'placed') throw new Error('not placed');
  return placing.action;
};
const openedBy = async (method: OrderToPlace['method'], more: Partial<OrderToPlace> = {}) => {
  const action = actionOf(await channel.place({ ...order, method, ...more }));
  const text = action.type === 'redirect' ? new URL(action.url).search : '';
  const query = action.type === 'sdk' ? (action.params['order_string'] ?? '') : text;
  return { action, query, params: Object.fromEntries(new URLSearchParams(query)) };
};
const contentIn = (params: Record<string, string>) => JSON.parse(params['biz_content'] ?? '{}') as unknown;

describe('an order at Alipay', () => {
  test('by a code that is shown is placed with what Alipay documents, in Beijing time', async () => {
    answering(placed.alipay_qr);
    expect(await channel.place(order)).toEqual({
      kind: 'placed',
      action: { type: 'qr_code', content: 'https://qr.alipay.com/bavh4wjlxf12tper3a' },
      // Alipay's own two hours, less five minutes for the payer.
      goodUntil: new Date('2026-01-31T03:55:00.000Z'),
    });
    expect(sent()).toEqual({
      out_trade_no: order.channelOrderNo,
      total_amount: '123.45',
      subject: '一杯茶',
      time_expire: '2026-01-31 10:30:00',
      product_code: 'FACE_TO_FACE_PAYMENT',
    });
    const { sign, biz_content, ...common } = server.received[0]!.params;
    expect(common).toEqual({
      app_id: appId,
      method: 'alipay.trade.precreate',
      format: 'JSON',
      charset: 'utf-8',
      sign_type: 'RSA2',
      timestamp: '2026-01-31 10:00:00',
      version: '1.0',
      notify_url: order.notifyUrl,
    });
    expect([sign, biz_content]).toEqual([expect.any(String), expect.any(String)]);
  });

  test('by a scanned code says which, and whether its payer still has to confirm', async () => {
    answering(waiting);
    expect(await channel.place(byCode)).toEqual({ kind: 'placed', action: { type: 'none' } });
    expect(sent()).not.toHaveProperty('terminal_id');
    expect(sent()).toMatchObject({ scene: 'bar_code', auth_code: '288888888888888888' });
    expect(server.received[0]!.params).toMatchObject({ method: 'alipay.trade.pay', notify_url: order.notifyUrl });
    // Done at once: the query that follows says when, and for how much.
    answering(ok({ ...named, trade_no: tradeNo, total_amount: '123.45', gmt_payment: '2026-01-31 10:00:01' }));
    expect(await channel.place({ ...byCode, payer: { ...byCode.payer, terminal: 'T1' } })).toEqual({ kind: 'ask' });
    expect(JSON.parse(server.received[1]!.params['biz_content'] ?? '')).toMatchObject({ terminal_id: 'T1' });
  });

  test.each([
    ['alipay_page', 'alipay.trade.page.pay', 'FAST_INSTANT_TRADE_PAY'],
    ['alipay_wap', 'alipay.trade.wap.pay', 'QUICK_WAP_WAY'],
  ] as const)('by %s is an address at the gateway that only we can have made', async (way, method, product) => {
    const { action, params } = await openedBy(way, { returnUrl: 'https://shop.example.com/done?a=1&b=2' });
    expect(action).toMatchObject({ type: 'redirect', url: expect.stringMatching(`^${server.url}/gateway.do\\?`) });
    expect(isFromApp(params)).toBe(true);
    expect(params).toMatchObject({
      method,
      notify_url: order.notifyUrl,
      return_url: 'https://shop.example.com/done?a=1&b=2',
    });
    expect(contentIn(params)).toEqual({
      out_trade_no: order.channelOrderNo,
      total_amount: '123.45',
      subject: '一杯茶',
      time_expire: '2026-01-31 10:30:00',
      product_code: product,
    });
    expect(server.received, 'nothing is placed until the payer opens it').toEqual([]);
  });

  test('in an app is one text for the SDK, in which a blank is no plus', async () => {
    const { action, query, params } = await openedBy('alipay_app', { subject: 'two cups' });
    expect(action.type).toBe('sdk');
    expect(query).not.toContain('+');
    expect(isFromApp(params)).toBe(true);
    expect(params).toMatchObject({ method: 'alipay.trade.app.pay' });
    expect(params).not.toHaveProperty('return_url');
    expect(contentIn(params)).toMatchObject({ subject: 'two cups', product_code: 'QUICK_MSECURITY_PAY' });
    expect(server.received).toEqual([]);
  });

  test('has no character in its subject that Alipay excludes', async () => {
    answering(placed.alipay_qr);
    await channel.place({ ...order, subject: 'a/b=c&d "e"' });
    expect(sent()).toMatchObject({ subject: 'a／b＝c＆d "e"' });
  });

  test.each([1n, 10n, 100n, 12_345_678_90n, 10_000_000_000n])(
    'of %i fen is asked for in yuan, exactly',
    async (amount) => {
      answering(placed.alipay_qr);
      await channel.place({ ...order, amount });
      const text = String(sent()['total_amount']);
      expect(text).toMatch(/^\d+\.\d\d$/);
      expect(BigInt(text.replace('.', ''))).toBe(amount);
    },
  );

  test.each(['INVALID_PARAMETER', 'BUYER_BALANCE_NOT_ENOUGH', 'PAYMENT_AUTH_CODE_INVALID', 'SELLER_BEEN_BLOCKED'])(
    'that Alipay answers with ACQ.%s has failed',
    async (code) => {
      answering(no(`ACQ.${code}`));
      const failure = { code: `ACQ.${code}`, message: '说明' };
      expect(await channel.place(byCode)).toEqual({ kind: 'refused', failure });
    },
  );

  test.each(['40001', '40002', '40003', '40006'])('that the gateway turns away with %s has failed', async (code) => {
    answering(no('isv.insufficient-isv-permissions', { code }));
    const failure = { code: 'isv.insufficient-isv-permissions', message: '说明' };
    expect(await channel.place(order)).toEqual({ kind: 'refused', failure });
  });

  test.each(['TRADE_HAS_SUCCESS', 'TRADE_HAS_CLOSE', 'CONTEXT_INCONSISTENT', 'TRADE_BUYER_NOT_MATCH'])(
    'that Alipay answers with ACQ.%s is asked about',
    async (code) => {
      answering(no(`ACQ.${code}`));
      expect(await channel.place(byCode)).toEqual({ kind: 'ask' });
    },
  );

  test.each([
    ['40004', 'ACQ.SYSTEM_ERROR'],
    ['40004', 'ACQ.A_NEW_CODE'],
    ['40004', ''],
    ['20000', 'isp.unknow-error'],
    ['20000', 'ACQ.INVALID_PARAMETER'],
    ['40005', 'ACQ.INVALID_PARAMETER'],
    ['10001', ''],
  ])('that Alipay answers with %s %j is unknown', async (code, subCode) => {
    answering(no(subCode, { code }));
    await expect(channel.place(order)).rejects.toThrow('placing');
    await expect(channel.place(byCode)).rejects.toThrow('placing');
  });

  test('that the gateway refuses without a signature is unknown, and the reason is in the log', async () => {
    answering({ body: '{"error_response":{"code":"40002","msg":"Invalid","sub_code":"isv.invalid-app-id"}}' });
    await expect(channel.query(order)).rejects.toThrow('the gateway refused the request: 40002');
  });

  test('is not proved by a signed answer to another question', async () => {
    answering(placed.alipay_qr);
    await expect(channel.query(order)).rejects.toThrow();
  });

  test.each([
    ['two answers', (text: string) => text.replace('{', '{"alipay_trade_query_response":{"code":"10000"},')],
    ['two signatures', (text: string) => text.replace('{', '{"sign":"x",')],
    ['an answer by another name', (text: string) => text.replace('trade_query', 'trade_close')],
    ['a byte that is not UTF-8', (text: string) => Buffer.concat([Buffer.from(text), Buffer.from([0xff])])],
  ])('whose reply has %s is unknown', async (_, change) => {
    const genuine = await new Promise<string>((resolve) => {
      say = () => paid;
      void fetch(`${server.url}/raw?method=alipay.trade.query`).then(async (reply) => resolve(await reply.text()));
    });
    answering({ body: genuine });
    expect((await channel.query(order)).kind).toBe('succeeded');
    answering({ body: change(genuine) });
    await expect(channel.query(order)).rejects.toThrow();
  });

  test('whose reply has its signature first, or blanks around its answer, is read all the same', async () => {
    say = () => paid;
    const genuine = await (await fetch(`${server.url}/raw?method=alipay.trade.query`)).text();
    const [, answer = '', sign = ''] = /^\{"alipay_trade_query_response":(.*),"sign":(".*")\}$/.exec(genuine) ?? [];
    answering({ body: `{ "sign" : ${sign},\n"alipay_trade_query_response" : ${answer} }` });
    expect((await channel.query(order)).kind).toBe('succeeded');
  });

  test('is asked about under our number', async () => {
    answering(paid);
    await channel.query(order);
    expect([methodsAsked(), sent()]).toEqual([['alipay.trade.query'], { out_trade_no: order.channelOrderNo }]);
  });

  test.each(['alipay_page', 'alipay_wap', 'alipay_app', 'alipay_qr'] as const)(
    'by %s that nobody has opened yet is pending; closing it finds nothing',
    async (method) => {
      answering(no('ACQ.TRADE_NOT_EXIST'));
      expect(await channel.query({ ...order, method })).toEqual({ kind: 'pending' });
      expect(await channel.close({ ...order, method })).toEqual({ kind: 'absent' });
    },
  );

  test.each([
    ['never paid', {}, 'closed'],
    ['paid, and given back in full', paidAt, 'succeeded'],
  ])('that is closed and was %s is told apart by when it was paid', async (_, more, outcome) => {
    answering(orderIs('TRADE_CLOSED', more));
    expect((await channel.query(order)).kind).toBe(outcome);
  });

  test('that is finished is paid', async () => {
    answering(orderIs('TRADE_FINISHED', paidAt));
    expect((await channel.query(order)).kind).toBe('succeeded');
  });

  test('has the amount and currency that Alipay states', async () => {
    answering(orderIs('TRADE_SUCCESS', { ...paidAt, total_amount: '123.4', trans_currency: 'USD' }));
    expect(await channel.query(order)).toMatchObject({ receipt: { amount: 12_340n, currency: 'USD' } });
  });

  test.each([123.45, '123.456', '-1.00', '1e3', '', '1,000.00', ' 1.00'])(
    'that is paid with %j yuan is unknown',
    async (total_amount) => {
      answering(orderIs('TRADE_SUCCESS', { ...paidAt, total_amount }));
      await expect(channel.query(order)).rejects.toThrow();
    },
  );

  test.each([{}, { send_pay_date: '2026-02-30 00:00:00' }, { send_pay_date: 'yesterday' }])(
    'that is paid at no time (%j) is unknown',
    async (more) => {
      answering(orderIs('TRADE_SUCCESS', more));
      await expect(channel.query(order)).rejects.toThrow();
    },
  );

  test.each(['ACQ.SYSTEM_ERROR', 'ACQ.INVALID_PARAMETER', 'TRADE_NOT_EXIST'])('is not absent for %s', async (code) => {
    answering(no(code));
    await expect(channel.query(byCode)).rejects.toThrow('querying');
    await expect(channel.close(byCode)).rejects.toThrow('closing');
  });

  test('is not absent for a word beside another code', async () => {
    answering(no('ACQ.TRADE_NOT_EXIST', { code: '20000' }));
    await expect(channel.query(byCode)).rejects.toThrow('querying');
    await expect(channel.close(byCode)).rejects.toThrow('closing');
  });
});

describe('closing an order at Alipay', () => {
  const cancelled = (more: object) => ok({ ...named, retry_flag: 'N', ...more });

  test('never undoes a payment: what cannot be closed is asked about first', async () => {
    answering(notClosable, paid);
    expect(await channel.close(byCode)).toEqual({ kind: 'ask' });
    expect(methodsAsked()).toEqual(['alipay.trade.close', 'alipay.trade.query']);
  });

  test.each(['REASON_TRADE_STATUS_INVALID', 'REASON_ILLEGAL_STATUS', 'TRADE_STATUS_ERROR'])(
    'cancels a scanned code that still waits for its payer and cannot be closed (ACQ.%s)',
    async (code) => {
      answering(no(`ACQ.${code}`), orderIs('WAIT_BUYER_PAY'), cancelled({ action: 'close' }));
      expect(await channel.close(byCode)).toEqual({ kind: 'closed' });
      expect(methodsAsked()).toEqual(['alipay.trade.close', 'alipay.trade.query', 'alipay.trade.cancel']);
      expect(sent(2)).toEqual({ out_trade_no: order.channelOrderNo });
    },
  );

  test('cancels nothing else', async () => {
    answering(notClosable, orderIs('WAIT_BUYER_PAY'));
    expect(await channel.close(order)).toEqual({ kind: 'ask' });
    expect(methodsAsked()).not.toContain('alipay.trade.cancel');
  });

  test.each([
    [{ action: 'refund' }, 'closed'],
    [{}, 'absent'],
  ])('by a cancelling that answers %j is %s', async (more, outcome) => {
    answering(notClosable, orderIs('WAIT_BUYER_PAY'), cancelled(more));
    expect(await channel.close(byCode)).toEqual({ kind: outcome });
  });

  test.each([
    ['is to be tried again', cancelled({ retry_flag: 'Y', action: 'close' })],
    ['is of another order', cancelled({ out_trade_no: 'ANOTHERORDER', action: 'close' })],
    ['was refused', no('ACQ.SELLER_BALANCE_NOT_ENOUGH')],
    ['does what nobody knows', cancelled({ action: 'freeze' })],
  ])('by a cancelling that %s is unknown', async (_, said) => {
    answering(notClosable, orderIs('WAIT_BUYER_PAY'), said);
    await expect(channel.close(byCode)).rejects.toThrow();
  });

  test('that Alipay confirms of another order is unknown', async () => {
    answering(ok({ out_trade_no: 'ANOTHERORDER' }));
    await expect(channel.close(order)).rejects.toThrow('another order');
  });

  test('takes no longer than 8 seconds in all', async () => {
    const limits = limitsOfCalls();
    let calls = 0;
    say = () => {
      calls += 1;
      return calls === 1 ? notClosable : { line: 'silence' };
    };
    const closing = expect(channel.close(byCode)).rejects.toThrow();
    await vi.waitFor(() => expect(calls).toBe(2), 5_000);
    expect(limits).toEqual([{ milliseconds: 8_000, pass: expect.any(Function) }]);
    limits[0]!.pass();
    await closing;
  });
});

describe('a refund at Alipay', () => {
  test('is sent with what Alipay documents', async () => {
    answering(refunded());
    await channel.refund(refund);
    expect([methodsAsked(), sent()]).toEqual([
      ['alipay.trade.refund'],
      {
        out_trade_no: order.channelOrderNo,
        out_request_no: refund.channelRefundNo,
        refund_amount: '3.45',
        refund_reason: '退货',
      },
    ]);
  });

  test.each([undefined, ''])('without a reason (%j) has none', async (reason) => {
    answering(refunded());
    await channel.refund({ ...refund, reason });
    expect(sent()).not.toHaveProperty('refund_reason');
  });

  test('that was made by this very call and says no time is dated by now', async () => {
    answering(refunded({ gmt_refund_pay: undefined }));
    expect(await channel.refund(refund)).toMatchObject({ kind: 'succeeded', acceptedAt: now, succeededAt: now });
  });

  test.each(['N', undefined])('by a call that moved nothing (%j) proves nothing', async (fund_change) => {
    answering(refunded({ fund_change, gmt_refund_pay: undefined }));
    await expect(channel.refund(refund)).rejects.toThrow('moved nothing');
  });

  test('is asked about with its time, which Alipay says to those who ask for it', async () => {
    answering(refundIs('REFUND_SUCCESS'));
    await channel.queryRefund(refund);
    expect(sent()).toEqual({
      out_trade_no: order.channelOrderNo,
      out_request_no: refund.channelRefundNo,
      query_options: ['gmt_refund_pay'],
    });
  });

  test('that succeeded at a time that Alipay keeps to itself is dated by when it was made', async () => {
    answering(refundIs('REFUND_SUCCESS', { gmt_refund_pay: undefined }));
    expect(await channel.queryRefund(refund)).toMatchObject({ kind: 'succeeded', acceptedAt: refund.createdAt });
  });

  test('on its way since nobody knows when is unknown', async () => {
    answering(refundIs('REFUND_PROCESSING', { gmt_refund_pay: undefined }));
    await expect(channel.queryRefund(refund)).rejects.toThrow('since when');
  });

  test('is not absent within ten seconds of its making', async () => {
    answering(ok());
    const young = { ...refund, createdAt: new Date(now.getTime() - 9_999) };
    await expect(channel.queryRefund(young)).rejects.toThrow('too young');
    const older = { ...refund, createdAt: new Date(now.getTime() - 10_000) };
    expect(await channel.queryRefund(older)).toEqual({ kind: 'absent' });
  });

  test.each([
    ['another amount', { refund_amount: '3.44' }],
    ['another order', { out_trade_no: 'ANOTHERORDER' }],
  ])('that Alipay says to be of %s is unknown', async (_, more) => {
    answering(refundIs('REFUND_SUCCESS', more));
    await expect(channel.queryRefund(refund)).rejects.toThrow('another');
  });

  test.each([
    'INVALID_PARAMETER',
    'REFUND_AMT_NOT_EQUAL_TOTAL',
    'REASON_TRADE_REFUND_FEE_ERR',
    'TRADE_NOT_EXIST',
    'TRADE_HAS_FINISHED',
    'TRADE_NOT_ALLOW_REFUND',
  ])('that Alipay answers with ACQ.%s has failed', async (code) => {
    answering(no(`ACQ.${code}`));
    const failure = { code: `ACQ.${code}`, message: '说明' };
    expect(await channel.refund(refund)).toEqual({ kind: 'failed', failure });
  });

  test.each([
    'SELLER_BALANCE_NOT_ENOUGH',
    'REASON_TRADE_BEEN_FREEZEN',
    'DISCORDANT_REPEAT_REQUEST',
    'TRADE_STATUS_ERROR',
    'TRADE_HAS_CLOSE',
    'SYSTEM_ERROR',
    'A_NEW_CODE',
  ])('that Alipay answers with ACQ.%s may be made, or may be there: unknown', async (code) => {
    answering(no(`ACQ.${code}`));
    await expect(channel.refund(refund)).rejects.toThrow('refunding');
  });

  test.each(['ACQ.TRADE_NOT_EXIST', 'TRADE_NOT_EXIST', 'ACQ.SYSTEM_ERROR'])(
    'is not absent because a query meets %s',
    async (code) => {
      answering(no(code));
      await expect(channel.queryRefund(refund)).rejects.toThrow('querying a refund');
    },
  );
});

describe('a transfer to an account at Alipay', () => {
  const transfers = () => channel.transfers!;
  const transferIs = (status: string, more: object = {}) =>
    ok({
      out_biz_no: transfer.channelTransferNo,
      order_id: '20260131110070000002000001',
      pay_fund_order_id: '20260131110070001502000001',
      status,
      ...more,
    });
  const done = transferIs('SUCCESS', { trans_date: '2026-01-31 10:00:01' });
  const at = new Date('2026-01-31T02:00:01.000Z');
  const success = { kind: 'succeeded', channelTradeNo: '20260131110070000002000001', at };

  test('is what the channel says it can do', () => expect(kind.capabilities.payees).toEqual(['alipay_account']));

  test('is sent with what Alipay documents, to a login or to a user number', async () => {
    answering(done);
    expect(await transfers().place(transfer)).toEqual(success);
    await transfers().place({
      ...transfer,
      payee: { kind: 'alipay_account', account: '2088102534368455', name: '李四' },
    });
    expect(sent()).toEqual({
      out_biz_no: transfer.channelTransferNo,
      trans_amount: '100.50',
      product_code: 'TRANS_ACCOUNT_NO_PWD',
      biz_scene: 'DIRECT_TRANSFER',
      order_title: '结算',
      payee_info: { identity: 'payee@example.com', identity_type: 'ALIPAY_LOGON_ID', name: '张三' },
    });
    expect(sent(1)).toMatchObject({ payee_info: { identity_type: 'ALIPAY_USER_ID' } });
  });

  test('is not made to a bank', async () => {
    const payee = { kind: 'bank_account', account: '6222000000000000', name: '张三', bank: 'ICBC' } as const;
    await expect(transfers().place({ ...transfer, payee })).rejects.toThrow('bank_account');
    expect(server.received).toEqual([]);
  });

  test('is asked about under its number, its product and its scene', async () => {
    answering(transferIs('SUCCESS', { pay_date: '2026-01-31 10:00:01', trans_amount: '100.50' }));
    expect(await transfers().query(transfer)).toEqual(success);
    expect([methodsAsked(), sent()]).toEqual([
      ['alipay.fund.trans.common.query'],
      { product_code: 'TRANS_ACCOUNT_NO_PWD', biz_scene: 'DIRECT_TRANSFER', out_biz_no: transfer.channelTransferNo },
    ]);
  });

  const failure = { code: 'PAYEE_CARD_INFO_ERROR', message: '收款方账户信息有误' };
  const reason = { error_code: failure.code, fail_reason: failure.message };
  test.each([
    ['DEALING', {}, { kind: 'processing' }],
    ['A_NEW_STATE', {}, { kind: 'processing' }],
    ['FAIL', reason, { kind: 'failed', failure }],
    ['REFUND', reason, { kind: 'returned', channelTradeNo: success.channelTradeNo, failure, at: now }],
  ])('in state %s is %o %o', async (status, more, outcome) => {
    answering(transferIs(status, more));
    expect(await transfers().query(transfer)).toEqual(outcome);
    expect(await transfers().place(transfer)).toEqual(outcome);
  });

  test.each([
    ['of another number', { out_biz_no: 'ANOTHER' }],
    ['of another amount', { trans_amount: '100.51' }],
    ['without its own number there', { order_id: undefined }],
    ['without a time', { trans_date: undefined }],
  ])('that succeeded %s is unknown', async (_, more) => {
    answering(transferIs('SUCCESS', { trans_date: '2026-01-31 10:00:01', ...more }));
    await expect(transfers().place(transfer)).rejects.toThrow();
    await expect(transfers().query(transfer)).rejects.toThrow();
  });

  test.each(['PAYEE_NOT_EXIST', 'PAYEE_USER_INFO_ERROR', 'PAYER_BALANCE_NOT_ENOUGH', 'EXCEED_LIMIT_SM_AMOUNT'])(
    'that Alipay refuses for %s has failed',
    async (code) => {
      answering(no(code));
      expect(await transfers().place(transfer)).toEqual({ kind: 'failed', failure: { code, message: '说明' } });
    },
  );

  test.each(['SYSTEM_ERROR', 'PAYMENT_INFO_INCONSISTENCY', 'A_NEW_CODE', ''])(
    'that Alipay answers with %j may have been made: unknown',
    async (code) => {
      answering(no(code));
      await expect(transfers().place(transfer)).rejects.toThrow('transferring');
      await expect(transfers().query(transfer)).rejects.toThrow('querying a transfer');
    },
  );

  test('that Alipay has never heard of is absent', async () => {
    answering(no('ORDER_NOT_EXIST'));
    expect(await transfers().query(transfer)).toEqual({ kind: 'absent' });
    answering(no('ORDER_NOT_EXIST', { code: '20000' }));
    await expect(transfers().query(transfer)).rejects.toThrow('querying a transfer');
  });

  test('meets no fault of a reply that is an answer', async () => {
    for (const fault of Object.keys(faults).filter((name) => !name.includes('yesterday'))) {
      say = () => (isFault(fault) ? { ...faults[fault]('refund', 'alipay_qr') } : done);
      await expect(transfers().place(transfer), fault).rejects.toThrow();
    }
  });
});

describe('a bill of Alipay', () => {
  test.each([
    ['trade', 'trade'],
    ['fund', 'signcustomer'],
  ] as const)('of kind %s is asked for as %s', async (which, bill_type) => {
    answering(no('isp.bill_not_exist'));
    await channel.fetchStatement('2026-01-30', which);
    expect(sent()).toEqual({ bill_type, bill_date: '2026-01-30' });
  });

  test.each([
    ['2026-01-31T05:59:59Z', 'BILL_NOT_EXIST', 'not_yet'],
    ['2026-01-31T05:59:59Z', 'isp.bill_not_exist', 'not_yet'],
    ['2026-01-31T06:00:00Z', 'BILL_NOT_EXIST', 'no_trades'],
    ['2026-02-07T00:00:00Z', 'isp.bill_not_exist', 'no_trades'],
    ['2026-01-30T06:00:00Z', 'isp.bill_not_exist', 'not_yet'],
  ])('that is not there at %s (%s) is %s', async (at, code, outcome) => {
    clock = new Date(at);
    answering(no(code));
    expect(await channel.fetchStatement('2026-01-30', 'trade')).toEqual({ kind: outcome });
  });

  test.each(['INVAILID_ARGUMENTS', 'UNKNOW_ERROR', 'isp.unknow-error', 'A_NEW_CODE'])(
    'that meets %s is unknown',
    async (code) => {
      answering(no(code));
      await expect(channel.fetchStatement('2026-01-30', 'trade')).rejects.toThrow('asking for a bill');
    },
  );

  test.each([
    'bill.zip',
    'ftp://dwbillcenter.alipay.com/bill',
    'https://dwbillcenter.alipay.com/bill',
    'https://alipay.com.evil.example/bill',
    'http://169.254.169.254/latest/meta-data',
    'http://a:b@127.0.0.1:1/bill',
    'file:///etc/passwd',
  ])('at %s is not fetched by an account on this machine', async (address) => {
    answering(offered(address));
    await expect(channel.fetchStatement('2026-01-30', 'trade')).rejects.toThrow('address');
    expect(server.received).toHaveLength(1);
  });

  describe('of an account at the true gateway', () => {
    /** The internet is this machine's own server. */
    const atTheTrueGateway = async (address: string) => {
      const asked: string[] = [];
      const usual = globalThis.fetch;
      vi.spyOn(globalThis, 'fetch').mockImplementation((to, init) => {
        const url = new URL(to instanceof Request ? to.url : to);
        asked.push(`${url.origin}${url.pathname}`);
        return usual(`${server.url}${url.pathname}${url.search}`, init);
      });
      say = (question) => (whatIsAsked(question) === 'file' ? handedOut(statement.packed) : offered(address));
      const base_url = 'https://openapi.alipay.com/gateway.do';
      const fetched = await openWith({ base_url })
        .fetchStatement('2026-01-30', 'trade')
        .catch((error: Error) => error.message);
      return { fetched, asked };
    };
    afterEach(() => void vi.restoreAllMocks());

    test.each(['http', 'https'])('is fetched from another host of Alipay, named with %s, over TLS', async (scheme) => {
      const address = `${scheme}://dwbillcenter.alipay.com/downloadBillFile.resource?bizType=trade`;
      expect(await atTheTrueGateway(address)).toEqual({
        fetched: { kind: 'file', bytes: statement.packed },
        asked: ['https://openapi.alipay.com/gateway.do', 'https://dwbillcenter.alipay.com/downloadBillFile.resource'],
      });
    });

    test.each([
      'https://alipay.com.evil.example/downloadBillFile.resource',
      'https://evilalipay.com/downloadBillFile.resource',
      'http://127.0.0.1/downloadBillFile.resource',
      'http://169.254.169.254/latest/meta-data',
      'https://dwbillcenter.alipay.com:8443/downloadBillFile.resource',
      'http://dwbillcenter.alipay.com:8080/downloadBillFile.resource',
      'https://a:b@dwbillcenter.alipay.com/downloadBillFile.resource',
      'ftp://dwbillcenter.alipay.com/downloadBillFile.resource',
      'https://openapi.alipay.com/gateway.do?method=alipay.trade.refund',
    ])('is not fetched from %s', async (address) => {
      expect(await atTheTrueGateway(address)).toEqual({
        fetched: 'the address of the bill is not one of Alipay',
        asked: ['https://openapi.alipay.com/gateway.do'],
      });
    });
  });

  test('of another merchant, of another day, or not packed, is fetched again', async () => {
    const others = [
      tradeArchive(someRows, { account: '20880000000000020156' }),
      tradeArchive(someRows, { day: '2026-01-31' }),
      statement.file,
      Buffer.from('{"code":"40004"}'),
    ];
    for (const other of others) {
      say = (asked) => (whatIsAsked(asked) === 'file' ? handedOut(other) : offered());
      await expect(channel.fetchStatement('2026-01-30', 'trade')).rejects.toThrow();
    }
  });

  test('that does not add up is kept: the batch will say where', async () => {
    const lines = tradeLines(someRows).map((line) => line.replace('退款合计：1笔', '退款合计：2笔'));
    const doubtful = zip([
      { name: 'a.csv', bytes: fileOf(lines) },
      { name: 'b.csv', bytes: fileOf(tradeLines(someRows).map((line) => line.replaceAll('业务明细', '业务汇总'))) },
    ]);
    say = (asked) => (whatIsAsked(asked) === 'file' ? handedOut(doubtful) : offered());
    const fetched = await channel.fetchStatement('2026-01-30', 'trade');
    expect(fetched).toEqual({ kind: 'file', bytes: doubtful });
    await expect(statementReader(kind.name)(doubtful, 'trade')).rejects.toThrow('退款合计');
  });
});

const read = (members: Record<string, string | undefined>, signing = {}) =>
  channel.readCallback(notification(members, now, signing));

/** What Alipay tells of a transfer, at the one address that it has for an app. */
const transferNotice = (status: string, more: object = {}, members: Record<string, string | undefined> = {}) => ({
  notify_id: '2026013100222000000000001',
  utc_timestamp: String(now.getTime()),
  msg_method: 'alipay.fund.trans.order.changed',
  app_id: account.appId,
  biz_content: JSON.stringify({
    out_biz_no: transfer.channelTransferNo,
    order_id: '20260131110070000002000001',
    product_code: 'TRANS_ACCOUNT_NO_PWD',
    biz_scene: 'DIRECT_TRANSFER',
    action_type: 'FINISH',
    status,
    trans_amount: '100.50',
    pay_date: '2026-01-31 10:00:01',
    ...more,
  }),
  ...members,
});

describe('a message of Alipay about a transfer', () => {
  const at = new Date('2026-01-31T02:00:01.000Z');
  const channelTradeNo = '20260131110070000002000001';
  const failure = { code: 'PAYEE_CARD_INFO_ERROR', message: '收款方银行卡信息有误' };
  const reason = { error_code: failure.code, fail_reason: failure.message };

  test.each([
    ['SUCCESS', {}, { kind: 'succeeded', channelTradeNo, at }],
    ['FAIL', reason, { kind: 'failed', failure }],
    ['REFUND', reason, { kind: 'returned', channelTradeNo, failure, at: now }],
    ['DEALING', {}, { kind: 'processing' }],
  ])('says %s', (status, more, outcome) => {
    const heard = { about: 'payout', payoutNo: transfer.channelTransferNo, amount: transfer.amount, outcome };
    // Messages of the gateway sign their kind of signature as well.
    expect(read(transferNotice(status, more), { signsType: true })).toEqual(heard);
  });

  test('about another product, or of another kind, changes nothing here', () => {
    expect(read(transferNotice('SUCCESS', { product_code: 'STD_RED_PACKET' }))).toEqual({ about: 'nothing' });
    expect(read(transferNotice('SUCCESS', {}, { msg_method: 'alipay.trade.order.settle.notify' }))).toEqual({
      about: 'nothing',
    });
  });

  test.each<[string, Record<string, string | undefined>, object]>([
    ['of another app', { app_id: '2021000000000002' }, {}],
    ['without content', { biz_content: undefined }, {}],
    ['whose content is no JSON', { biz_content: '{"out_biz_no"' }, {}],
    ['that arrived and does not say when', {}, { pay_date: undefined }],
    ['that arrived without a number', {}, { order_id: undefined }],
    ['with another amount than one', {}, { trans_amount: '1e2' }],
  ])('%s is refused', (_, members, more) => {
    expect(() => read(transferNotice('SUCCESS', more, members))).toThrow(CallbackRefused);
  });

  test('that somebody else has signed is refused', () => {
    expect(() => read(transferNotice('SUCCESS'), { by: 'somebody else' })).toThrow(CallbackRefused);
  });
});

describe('an agreement at Alipay', () => {
  const withholding = { sign_scene: 'INDUSTRY|DIGITAL_MEDIA' };
  const agreement = {
    agreementNo: '01KG7X0000AGREEMENT0000001',
    channelAgreementNo: undefined,
    method: 'alipay_wap' as const,
    createdAt: now,
  };
  const toSign = {
    ...agreement,
    subject: '会员',
    payerId: 'user-1',
    limits: { amount_max: 2_000n, period: { unit: 'month' as const, count: 1 } },
    today: '2026-01-31',
    expiresAt: new Date('2026-01-31T02:30:00.000Z'),
    notifyUrl: 'https://pay.example.com/callbacks/alipay/chn_1/agreements',
    returnUrl: undefined,
  };
  const told = {
    external_agreement_no: agreement.agreementNo,
    agreement_no: '20260131000000000001',
    sign_time: '2026-01-31 09:59:58',
    invalid_time: '2115-02-01 00:00:00',
  };
  const active = {
    kind: 'active',
    channelAgreementNo: told.agreement_no,
    signedAt: new Date('2026-01-31T01:59:58.000Z'),
    validUntil: undefined,
  };
  const signing = () => openWith({ withholding }).agreements!;
  const notify = (more: Record<string, string>) =>
    openWith({ withholding }).readCallback(notification({ app_id: appId, ...told, ...more }, now));

  test('is signed at an address that only we can have made, with what its payer agrees to', async () => {
    const signed = await signing().sign(toSign);
    const action = signed.kind === 'placed' && signed.action.type === 'redirect' ? signed.action : undefined;
    const params = Object.fromEntries(new URL(action?.url ?? '').searchParams);
    expect(isFromApp(params)).toBe(true);
    expect(params).toMatchObject({ method: 'alipay.user.agreement.page.sign', notify_url: toSign.notifyUrl });
    expect(contentIn(params)).toEqual({
      product_code: 'GENERAL_WITHHOLDING',
      personal_product_code: 'CYCLE_PAY_AUTH_P',
      sign_scene: 'INDUSTRY|DIGITAL_MEDIA',
      external_agreement_no: agreement.agreementNo,
      external_logon_id: 'user-1',
      access_params: { channel: 'ALIPAYAPP' },
      effect_time: 1_800,
      period_rule_params: { period_type: 'MONTH', period: 1, execute_time: '2026-01-31', single_amount: '20.00' },
    });
    expect(await signing().sign({ ...toSign, limits: undefined })).toMatchObject({ kind: 'refused' });
    expect(channel.agreements, 'not without the contract').toBeUndefined();
  });

  test.each([
    ['NORMAL', ok({ ...told, status: 'NORMAL' }), active],
    ['TEMP', ok({ ...told, status: 'TEMP' }), { kind: 'pending' }],
    ['STOP', ok({ ...told, status: 'STOP' }), { kind: 'pending' }],
    ['not there', no('USER_AGREEMENT_NOT_EXIST'), { kind: 'absent' }],
  ] as const)('that is %s is told so', async (_, said, outcome) => {
    answering(said);
    expect(await signing().query(agreement)).toEqual(outcome);
  });

  test('of another number, or that cannot be read, is not known', async () => {
    for (const said of [ok({ ...told, status: 'NORMAL', external_agreement_no: 'OTHER' }), no('SYSTEM_ERROR'), ok()]) {
      answering(said);
      await expect(signing().query(agreement)).rejects.toThrow();
      await expect(signing().terminate(agreement, toSign.notifyUrl)).rejects.toThrow();
    }
  });

  test('is terminated only once a query no longer finds it', async () => {
    answering(ok(), ok({ ...told, status: 'NORMAL' }));
    expect(await signing().terminate(agreement, toSign.notifyUrl)).toEqual(active);
    answering(ok(), no('USER_AGREEMENT_NOT_EXIST'));
    expect(await signing().terminate(agreement, toSign.notifyUrl)).toMatchObject({ kind: 'terminated', by: 'app' });
    expect(methodsAsked().slice(-2)).toEqual(['alipay.user.agreement.unsign', 'alipay.user.agreement.query']);
  });

  test('is told of by Alipay, and by nobody else', () => {
    const about = { about: 'agreement', agreementNo: agreement.agreementNo };
    expect(notify({ notify_type: 'dut_user_sign', status: 'NORMAL' })).toEqual({ ...about, outcome: active });
    expect(notify({ notify_type: 'dut_user_unsign', status: 'UNSIGN', unsign_time: '2026-01-31 10:00:00' })).toEqual({
      ...about,
      outcome: { kind: 'terminated', at: now, by: undefined },
    });
    const another = { notify_type: 'dut_user_sign', status: 'NORMAL', app_id: '2021000000000009' };
    expect(() => notify(another)).toThrow(CallbackRefused);
  });

  test('charges by its number; refused for good where it stands no more', async () => {
    const deducting = openWith({ withholding });
    const deduction: OrderToPlace = { ...order, method: 'alipay_agreement', channelAgreementNo: told.agreement_no };
    answering(waiting);
    expect(await deducting.place(deduction)).toEqual({ kind: 'placed', action: { type: 'none' } });
    expect(sent()).toMatchObject({
      product_code: 'GENERAL_WITHHOLDING',
      agreement_params: { agreement_no: told.agreement_no },
      total_amount: '123.45',
    });
    answering(no('ACQ.AGREEMENT_NOT_EXIST'));
    expect(await deducting.place(deduction)).toMatchObject({ kind: 'refused' });
    answering(no('ACQ.TRADE_NOT_EXIST'));
    expect(await deducting.query(deduction)).toEqual({ kind: 'absent' });
  });
});

describe('a callback of Alipay', () => {
  test('is taken whether or not its kind of signature is signed as well', () => {
    expect(read(paidNotice(), { signsType: true })).toEqual(read(paidNotice()));
  });

  test('of a refund says when it was made, to the second of the bill', () => {
    const { acceptedAt, succeededAt } = rigOf(order).refunded;
    expect(read(refundNotice())).toMatchObject({
      about: 'refund',
      refundNo: refund.channelRefundNo,
      outcome: { acceptedAt, succeededAt },
    });
  });

  test('of the refund that closed the order is about the refund too', () => {
    expect(read({ ...refundNotice(), trade_status: 'TRADE_CLOSED' })).toMatchObject({ about: 'refund' });
  });

  test('of a refund without a number of ours is about its payment, which is paid', () => {
    const heard = read({ ...refundNotice(), out_biz_no: undefined, trade_status: 'TRADE_CLOSED' });
    expect(heard).toMatchObject({ about: 'payment', outcome: { kind: 'succeeded' } });
  });

  test.each([
    ['an order that ran out unpaid', notice('TRADE_CLOSED'), 'closed'],
    ['an order that waits', notice('WAIT_BUYER_PAY'), 'pending'],
    ['a state that nobody knows', notice('TRADE_FROZEN'), 'pending'],
    ['an order that is finished', paidNotice({ trade_status: 'TRADE_FINISHED' }), 'succeeded'],
  ])('of %s', (_, members, outcome) => {
    expect(read(members)).toMatchObject({ about: 'payment', outcome: { kind: outcome } });
  });

  test('of a payment of another seller or app is heard with those names on its receipt', () => {
    const heard = read(paidNotice({ seller_id: '2088000000000002', app_id: '2021000000000002' }));
    expect(heard).toMatchObject({
      outcome: { receipt: { merchantAtChannel: '2088000000000002', appAtChannel: '2021000000000002' } },
    });
  });

  test('that does not say whose it is, is ours by its signature', () => {
    const heard = read({ ...paidNotice(), seller_id: undefined });
    expect(heard).toMatchObject({ outcome: { receipt: { merchantAtChannel: sellerId } } });
  });

  test.each<Record<string, string>>([{ seller_id: '2088000000000002' }, { app_id: '2021000000000002' }])(
    'of a refund of somebody else (%j) is refused',
    (more) => expect(() => read(refundNotice(more))).toThrow('another merchant'),
  );

  test.each([
    ['an amount', { total_amount: '123.456' }],
    ['a time', { gmt_payment: 'now' }],
    ['a number', { out_trade_no: '1'.repeat(65) }],
  ])('that is genuine and has no such thing as %s is refused, without its content in the message', (_, more) => {
    expect(() => read(paidNotice(more))).toThrow('the callback cannot be read');
  });

  test('that is paid and does not say when is refused: a query will', () => {
    expect(() => read(notice('TRADE_SUCCESS'))).toThrow(CallbackRefused);
  });

  const changed = (change: (text: string) => string) => () =>
    channel.readCallback({
      headers: {},
      body: Buffer.from(change(notification(paidNotice(), now).body.toString())),
    });
  test.each([
    ['a member twice', (text: string) => `${text}&total_amount=123.45`],
    ['a member twice, first', (text: string) => `total_amount=0.01&${text}`],
    ['one member more', (text: string) => `${text}&refund_fee=1.00`],
    ['an empty member more', (text: string) => `${text}&x=`],
    ['a name without a value', (text: string) => `${text}&x`],
    ['a broken escape', (text: string) => `${text}&x=%zz`],
    ['bytes that are not UTF-8', (text: string) => `${text}&x=%ff`],
    ['another spelling of its signature', (text: string) => text.replace(/(sign=[^&]*?)%3D/, '$1')],
    ['no signature', (text: string) => text.replace(/sign=[^&]*/, 'signature=x')],
    ['an empty signature', (text: string) => text.replace(/sign=[^&]*/, 'sign=')],
    ['a letter beyond ASCII', (text: string) => `${text}&x=茶`],
  ])('with %s is refused', (_, change) => expect(changed(change)).toThrow(CallbackRefused));

  test('in capitals or small escapes, with plus or %20, says the same', () => {
    const heard = read(paidNotice());
    expect(
      changed((text) => text.replaceAll('+', '%20').replaceAll(/%[0-9A-F]{2}/g, (hex) => hex.toLowerCase()))(),
    ).toEqual(heard);
    expect(changed((text) => `&&${text}&`)()).toEqual(heard);
  });

  test('is answered with the one word that Alipay takes for a yes', () => {
    expect(kind.acknowledge(true)).toEqual({ status: 200, contentType: 'text/plain', body: 'success' });
    expect(kind.acknowledge(false).body).not.toContain('success');
  });
});

describe('the official client of Alipay', () => {
  const sdkWith = (privateKey: string, alipayPublicKey: string) =>
    new AlipaySdk({ appId, privateKey, keyType: 'PKCS8', alipayPublicKey, gateway: `${server.url}/gateway.do` });
  /** Its checks take the place of the gateway's. */
  const gateway = () => sdkWith(pem(keys.alipay.privateKey), pem(keys.app.publicKey));

  test('verifies what we send', async () => {
    answering(placed.alipay_qr);
    await channel.place(order);
    await channel.place({ ...byCode, method: 'alipay_qr', subject: '茶 & "tea" + 100%' });
    for (const { params } of server.received) expect(gateway().checkNotifySignV2(params)).toBe(true);
    expect(gateway().checkNotifySignV2({ ...server.received[0]!.params, app_id: '2021000000000002' })).toBe(false);
  });

  test.each(['alipay_page', 'alipay_wap', 'alipay_app'] as const)(
    'verifies what a payer opens (%s)',
    async (method) => {
      const { params } = await openedBy(method, { returnUrl: 'https://shop.example.com/?a=1' });
      expect(gateway().checkNotifySignV2(params)).toBe(true);
    },
  );

  test('opens the same page with the same content', async () => {
    const { params } = await openedBy('alipay_page');
    const app = sdkWith(appKeyPem, pem(keys.alipay.publicKey));
    const bizContent = contentIn(params) as Record<string, string>;
    const theirs = new URL(app.pageExec('alipay.trade.page.pay', 'GET', { bizContent, notify_url: order.notifyUrl }));
    const { sign, timestamp, format, ...same } = params;
    expect([sign, timestamp, format]).toHaveLength(3);
    for (const [name, value] of Object.entries(same)) expect(theirs.searchParams.get(name), name).toBe(value);
  });

  test('makes notifications that we take', () => {
    const members = paidNotice();
    const signed = gateway().sdkExecute('notify', members).split('&');
    const body = signed.filter((pair) => !pair.startsWith('bizContent')).join('&');
    expect(channel.readCallback({ headers: {}, body: Buffer.from(body) })).toEqual(read(members));
  });

  test('verifies notifications and replies as we do, made by our own side of Alipay', async () => {
    const app = sdkWith(appKeyPem, pem(keys.alipay.publicKey));
    const { body } = notification(paidNotice(), now);
    expect(app.checkNotifySignV2(Object.fromEntries(new URLSearchParams(body.toString())))).toBe(true);
    say = () => paid;
    const raw = await (await fetch(`${server.url}/raw?method=alipay.trade.query`)).text();
    const { sign } = JSON.parse(raw) as { sign: string };
    expect(() => app.checkResponseSign(raw, 'alipay_trade_query_response', sign, '')).not.toThrow();
  });
});

describe('an account at Alipay', () => {
  test('has its usual address unless another is given', () => {
    const { base_url, ...rest } = settings();
    expect(base_url).toMatch(/^http:/);
    expect(kind.settings.parse(rest)).toMatchObject({ base_url: 'https://openapi.alipay.com/gateway.do' });
  });

  test('with certificates names them in what it sends', async () => {
    const serials = { app_cert_sn: 'a'.repeat(32), alipay_root_cert_sn: `${'b'.repeat(32)}_${'c'.repeat(32)}` };
    answering(paid);
    await openWith(serials).query(order);
    expect(server.received[0]!.params).toMatchObject(serials);
  });

  test.each([
    ['an address of another protocol', { base_url: 'ftp://example.com' }],
    ['no seller', { seller_id: '' }],
    ['a seller who is none', { seller_id: '1088000000000001' }],
    ['no app', { app_id: '' }],
    ['an unknown member', { loopback: true }],
    ['a key that is none', { alipay_public_key_pem: 'nothing' }],
    ['a private key for the public one', { alipay_public_key_pem: appKeyPem }],
    ['a certificate serial that is none', { app_cert_sn: 'x' }],
  ])('with %s is not opened', (_, given) => expect(() => openWith(given)).toThrow());

  test('with a damaged private key is not opened, and the key stays out of the message', () => {
    const damaged = appKeyPem.replace(/\n.{9}/, '\n!!!!!!!!!');
    let thrown: unknown;
    try {
      openWith({}, { app_private_key_pem: damaged });
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(Error);
    const text = thrown instanceof Error ? `${thrown.message}${thrown.stack}` : '';
    expect(text).not.toContain(appKeyPem.split('\n')[2]);
  });
});
