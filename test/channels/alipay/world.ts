import { afterAll, beforeAll, beforeEach } from 'vitest';

import { ChannelAccount } from '#channels/account.ts';
import type { Action, Channel, OrderToPlace, Placing, RefundToPlace } from '#channels/channel.ts';
import { channelKind } from '#channels/registry.ts';

import type { BadDownload, Rig, Situation, Uncertain } from '../contract.ts';
import { zip } from '../zip.ts';
import { account as billAccount, fileOf, someRows, tradeArchive, tradeLines } from './bill.ts';
import { account, alipayServer, keys, notification, pem, type Asked, type Said } from './server.ts';

/* Alipay's own side, for the tests of one file: what it can say, and a channel that talks to it. */

export const now = new Date('2026-01-31T02:00:00.000Z');
let clock = now;
export const kind = channelKind('alipay');
export const { appId, sellerId } = account;

export const order: OrderToPlace = {
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

export const byCode: OrderToPlace = { ...order, method: 'alipay_code', payer: { auth_code: '288888888888888888' } };
export const tradeNo = '2026013122001400000000000001';

export const refund: RefundToPlace = {
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

export const ok = (body: object = {}): Said => ({ body: { code: '10000', msg: 'Success', ...body } });

export const no = (sub_code: string, more: Said & { code?: string } = {}): Said => ({
  body: { code: more.code ?? '40004', msg: 'Business Failed', sub_code, sub_msg: '说明' },
  ...more,
});

export const named = { out_trade_no: order.channelOrderNo };

export const orderIs = (trade_status: string, more: object = {}) =>
  ok({ ...named, trade_no: tradeNo, trade_status, total_amount: '123.45', buyer_logon_id: '159****5620', ...more });

export const paidAt = { send_pay_date: '2026-01-31 09:59:58' };

export const paid = orderIs('TRADE_SUCCESS', {
  ...paidAt,
  // The payer used a coupon of Alipay's: the order's own amount is what counts.
  buyer_pay_amount: '120.00',
  receipt_amount: '123.45',
});

export const refundTime = { gmt_refund_pay: '2026-01-31 09:59:00' };

export const refunded = (more: object = {}) =>
  ok({ ...named, trade_no: tradeNo, fund_change: 'Y', refund_fee: '99.00', ...refundTime, ...more });

export const refundIs = (refund_status: string, more: object = {}) =>
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

export const statement = {
  file: fileOf(tradeLines(someRows)),
  packed: tradeArchive(someRows),
  lines: someRows.length,
  billDate: '2026-01-30',
};

export const fileAt = (path = '/downloadBillFile.resource', origin = server.url) =>
  `${origin}${path}?bizType=trade&userId=${billAccount}&token=abc`;

export const offered = (bill_download_url = fileAt()): Said => ok({ bill_download_url });
export const handedOut = (body: Buffer): Said => ({ body });

export const downloadsOf: Record<BadDownload, { offer?: () => Said; file: () => Said }> = {
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

export type What = 'place' | 'query' | 'close' | 'cancel' | 'refund' | 'queryRefund' | 'offer' | 'file';

export const whatIsAsked = ({ params, path }: Asked): What => {
  const method = params['method'] ?? '';
  if (path === '/downloadBillFile.resource') return 'file';
  if (method === 'alipay.trade.query') return 'query';
  if (method === 'alipay.trade.close') return 'close';
  if (method === 'alipay.trade.cancel') return 'cancel';
  if (method === 'alipay.trade.refund') return 'refund';
  if (method === 'alipay.trade.fastpay.refund.query') return 'queryRefund';
  return method.endsWith('downloadurl.query') ? 'offer' : 'place';
};

export const notClosable = no('ACQ.REASON_TRADE_STATUS_INVALID');
export const placed = { alipay_qr: ok({ ...named, qr_code: 'https://qr.alipay.com/bavh4wjlxf12tper3a' }) };
export const waiting: Said = {
  body: { code: '10003', msg: 'order success pay inprocess', ...named, trade_no: tradeNo },
};

export const situations: Record<Situation, (what: What, method: string) => Said> = {
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

export const good = (what: What, method: string): Said => {
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

export const definite: Record<What, string> = {
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
export const faults: Record<Uncertain, (what: What, method: string) => Said> = {
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

export const isBad = (situation: string): situation is BadDownload => situation in downloadsOf;
export const isFault = (situation: string): situation is Uncertain => situation in faults;
let say: (asked: Asked) => Said = () => ({ status: 500 });
export let server: Awaited<ReturnType<typeof alipayServer>>;
export let channel: Channel;

export const settings = () => ({
  app_id: appId,
  seller_id: sellerId,
  alipay_public_key_pem: pem(keys.alipay.publicKey),
  base_url: `${server.url}/gateway.do`,
});

export const appKeyPem = pem(keys.app.privateKey);
export const secrets = { app_private_key_pem: appKeyPem };

export const openWith = (given: object, secret: object = {}) =>
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

export const notice = (trade_status: string, more: Record<string, string> = {}) => ({
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

export const paidNotice = (more: Record<string, string> = {}) =>
  notice('TRADE_SUCCESS', { gmt_payment: '2026-01-31 09:59:58', ...more });

export const refundNotice = (more: Record<string, string> = {}) =>
  paidNotice({
    gmt_refund: '2026-01-31 09:59:00.320',
    refund_fee: '3.45',
    out_biz_no: refund.channelRefundNo,
    ...more,
  });

export const rigOf = (placing: OrderToPlace): Rig => ({
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

export const answering = (...said: Said[]) => {
  say = () => (said.length > 1 ? said.shift()! : said[0]!);
};

export const sent = (index = 0) => server.received[index]!.content;
export const methodsAsked = () => server.received.map(({ params }) => params['method']);

export const actionOf = (placing: Placing): Action => {
  if (placing.kind !== 'placed') throw new Error('not placed');
  return placing.action;
};

export const openedBy = async (method: OrderToPlace['method'], more: Partial<OrderToPlace> = {}) => {
  const action = actionOf(await channel.place({ ...order, method, ...more }));
  const text = action.type === 'redirect' ? new URL(action.url).search : '';
  const query = action.type === 'sdk' ? (action.params['order_string'] ?? '') : text;
  return { action, query, params: Object.fromEntries(new URLSearchParams(query)) };
};

export const contentIn = (params: Record<string, string>) => JSON.parse(params['biz_content'] ?? '{}') as unknown;

export const read = (members: Record<string, string | undefined>, signing = {}) =>
  channel.readCallback(notification(members, now, signing));

/** What the channel's own side does about whatever is asked next. */
export const responding = (how: typeof say): void => {
  say = how;
};

/** What time it is. */
export const at = (instant: Date): void => {
  clock = instant;
};
