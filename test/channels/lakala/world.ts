import { afterAll, beforeAll, beforeEach } from 'vitest';

import { ChannelAccount } from '#channels/account.ts';
import type { Channel, OrderToPlace, RefundToPlace } from '#channels/channel.ts';
import { channelKind } from '#channels/registry.ts';

import type { BadDownload, Rig, Situation, Uncertain } from '../contract.ts';
import { someRows, statementOf } from './bill.ts';
import { account, lakalaServer, notification, type Asked, type Said } from './server.ts';

/* Lakala's own side, for the tests of one file: what it can say, and a channel that talks to it. */

export const now = new Date('2026-01-31T02:00:00.000Z');
export const kind = channelKind('lakala');
export const merchant_no = account.merchantNo;

export const code: OrderToPlace = {
  channelOrderNo: '01KG7X0000ORDER0000000001A01',
  appId: 'app_00000000000000000000000001',
  method: 'lakala_code',
  amount: 12_345n,
  currency: 'CNY',
  createdAt: new Date('2026-01-31T01:59:57.600Z'),
  subject: '一杯茶',
  expiresAt: new Date('2026-01-31T02:30:00.000Z'),
  notifyUrl: 'https://pay.example.com/callbacks/lakala/chn_1',
  payer: { auth_code: '134567890123456789', ip: '203.0.113.7' },
};

export const qr: OrderToPlace = { ...code, method: 'lakala_qr', payer: {} };
export const pos: OrderToPlace = { ...code, method: 'lakala_pos', payer: { terminal: 'A0073841' } };
export const orders = { lakala_code: code, lakala_qr: qr, lakala_pos: pos };
export type Way = keyof typeof orders;
export const tradeNo = '2026013166210309260100';

export const refund: RefundToPlace = {
  channelRefundNo: '01KG7X0000REFUND000000001',
  channelOrderNo: code.channelOrderNo,
  channelTradeNo: tradeNo,
  amount: 345n,
  paid: code.amount,
  currency: 'CNY',
  createdAt: new Date('2026-01-31T01:59:00.500Z'),
  reason: '退货',
  notifyUrl: 'https://pay.example.com/callbacks/lakala/chn_1/refunds',
};

export const replied = (replyCode: string, resp_data?: object, msg = '说明'): Said => ({
  body: { code: replyCode, msg, resp_time: '20260131100000', resp_data },
});

export const isPos = (way: Way) => way === 'lakala_pos';
export const taken = (way: Way) => (isPos(way) ? '000000' : 'BBS00000');
export const refused = (way: Way, msg = '金额超限', more?: object) =>
  replied(isPos(way) ? 'CCS00012' : 'BBS16288', more, msg);

export const scanned = (trade_state: string, more: object = {}) =>
  replied('BBS00000', {
    merchant_no,
    out_trade_no: code.channelOrderNo,
    trade_no: tradeNo,
    log_no: '66210309260100',
    account_type: 'WECHAT',
    trade_state,
    total_amount: '12345',
    payer_amount: '12300',
    trade_time: '20260131095958',
    ...more,
  });

export const trade = (more: object = {}) => ({
  trade_no: tradeNo,
  log_no: '66210309260100',
  trade_type: 'PAY',
  trade_status: 'S',
  trade_amount: 12_345,
  busi_type: 'UPCARD',
  payer_account_no: '6226****8223',
  trade_time: '20260131095958',
  ...more,
});

export const counterOrder = (order_status: string, more: object = {}) => ({
  merchant_no,
  term_no: 'A0073841',
  pay_order_no: '21092211012001970631000488056',
  out_order_no: code.channelOrderNo,
  channel_id: '15',
  order_status,
  total_amount: 12_345,
  order_trade_info_list: ['2', '6'].includes(order_status)
    ? [trade({ trade_type: 'REFUND', trade_amount: 1 }), trade()].slice(order_status === '2' ? 1 : 0)
    : [],
  ...more,
});

export const atCounter = (status: string, more: object = {}) => replied('000000', counterOrder(status, more));

/** The states of both families, by what they mean. */
export const states = {
  waiting: ['CREATE', '0'],
  paid: ['SUCCESS', '2'],
  partly: ['PART_REFUND', '6'],
  closed: ['CLOSE', '7'],
  strange: ['WHATEVER', '9'],
} as const;

export const orderIs = (way: Way, state: keyof typeof states, more: object = {}) =>
  isPos(way) ? atCounter(states[state][1], more) : scanned(states[state][0], more);

export const refundIs = (trade_state: string, more: object = {}) =>
  replied('000000', {
    merchant_no,
    out_trade_no: refund.channelRefundNo,
    origin_out_trade_no: refund.channelOrderNo,
    origin_trade_no: tradeNo,
    trade_state,
    refund_amount: '345',
    payer_amount: '345',
    trade_time: '20260131095900',
    ...more,
  });

export const absent = (way: Way) => refused(way, '订单不存在');

export const placed = (way: Way): Said => {
  if (way === 'lakala_code') return replied('BBS11105', undefined, '等待用户输入密码');
  if (isPos(way)) return replied('000000', counterOrder('0'));
  const acc_resp_fields = { code: 'https://qr.alipay.com/bax03206ug0kulveltqc80a8' };
  return replied('BBS00000', { merchant_no, out_trade_no: qr.channelOrderNo, trade_no: tradeNo, acc_resp_fields });
};

export const ended = (way: Way) =>
  replied(taken(way), isPos(way) ? counterOrder('7') : { origin_out_trade_no: code.channelOrderNo });

export type What = 'place' | 'query' | 'end' | 'refund' | 'queryRefund';

export const whats: readonly (readonly [string, What])[] = [
  ['/trans/', 'place'],
  ['special_create', 'place'],
  ['tradequery', 'query'],
  ['order/query', 'query'],
  ['/relation/', 'end'],
  ['order/close', 'end'],
  ['refund_query', 'queryRefund'],
  ['refund_front/refund', 'refund'],
];

export const whatOf = ({ path }: Asked): What => whats.find(([part]) => path.includes(part))![1];

export const situations: Record<Situation, (what: What, way: Way) => Said> = {
  placed: (_, way) => placed(way),
  'order refused for good': (_, way) => refused(way),
  'order number known already': (_, way) => refused(way, '商户订单号重复'),
  'not paid yet': (_, way) => orderIs(way, 'waiting'),
  paid: (_, way) => orderIs(way, 'paid'),
  'paid and partly refunded': (_, way) => orderIs(way, 'partly'),
  closed: (_, way) => orderIs(way, 'closed'),
  'in a state nobody knows': (_, way) => orderIs(way, 'strange'),
  'another order is answered': (_, way) =>
    orderIs(way, 'paid', { out_trade_no: 'ANOTHERORDER', out_order_no: 'ANOTHERORDER' }),
  absent: (_, way) => absent(way),
  'closing done': (what, way) => (what === 'end' ? ended(way) : orderIs(way, 'waiting')),
  'closed before': (_, way) => orderIs(way, 'closed'),
  'cannot be closed since it is paid': (what, way) =>
    what === 'end' ? refused(way, '订单已支付') : orderIs(way, 'waiting'),
  'refund accepted': () => refundIs('DEAL'),
  'refund done': () => refundIs('SUCCESS'),
  'refund refused for good': () => replied('RFD00050', undefined, '原交易拉卡拉交易订单号错误'),
  'refund not now': () => replied('RFD11112', undefined, '交易处理中'),
  'refund failed': () => refundIs('FAIL', { trade_state_desc: '退款失败' }),
  'refund needs a person': () => refundIs('EXCEPTION'),
  'refund in a state nobody knows': () => refundIs('WHATEVER'),
  'another refund is answered': () => refundIs('SUCCESS', { out_trade_no: 'ANOTHER' }),
  'refund absent': () => replied('RFD00051', undefined, '交易不存在'),
  'a statement is offered': () => ({ status: 500 }),
  'a statement is being made': () => ({ status: 500 }),
  'there is no statement since there were no trades': () => ({ status: 500 }),
};

export const good = (what: What, way: Way): Said => {
  const usual: Record<What, () => Said> = {
    place: () => placed(way),
    query: () => orderIs(way, 'paid'),
    end: () => ended(way),
    refund: () => refundIs('SUCCESS'),
    queryRefund: () => refundIs('SUCCESS'),
  };
  return usual[what]();
};

export const definite = (what: What, way: Way): Said =>
  what === 'place' || what === 'refund' ? refused(way) : absent(way);

/** Everything but the one fault is as it should be, so that each guard stands alone. */
export const faults: Record<Uncertain, (what: What, way: Way) => Said> = {
  'an outage that calls itself a definite refusal': (...all) => ({ ...definite(...all), status: 500 }),
  'an outage without words': () => ({ status: 502, body: '' }),
  'too many requests': (...all) => ({ ...definite(...all), status: 429 }),
  'absence claimed by a page of a proxy': () => ({ status: 404, body: '<html>订单不存在</html>' }),
  'a redirect': (what) => ({ status: 307, headers: { location: `/elsewhere/${what}` } }),
  'a signed reply that is not in the language of the channel': () => ({ body: 'SUCCESS' }),
  'a signed reply without what was asked': (what, way) =>
    replied(what.endsWith('efund') ? '000000' : taken(way), { merchant_no }),
  'a good reply with a forged signature': (...all) => ({ ...good(...all), signing: { by: 'somebody else' } }),
  'a good reply without a signature': (...all) => ({ ...good(...all), signing: { not: true } }),
  'a good reply signed with an unknown key': (...all) => ({ ...good(...all), signing: { by: 'an unknown key' } }),
  'a good reply of yesterday, replayed': (...all) => ({ ...good(...all), signing: { age: 86_400 } }),
  'a good reply cut short': (...all) => ({ ...good(...all), line: 'cut' }),
  'a reply that never ends growing': (...all) => ({ ...good(...all), padding: 4_000_000 }),
  'a connection that is reset': () => ({ line: 'reset' }),
};

let say: (asked: Asked) => Said = () => ({ status: 500 });
export let server: Awaited<ReturnType<typeof lakalaServer>>;
export let channel: Channel;

export const openWith = (given: object, secret: object = {}) =>
  kind.open(
    ChannelAccount.parse({
      id: 'chn_00000000000000000000000001',
      channel: 'lakala',
      name: '拉卡拉',
      ownership: 'shared',
      status: 'enabled',
      methods: ['lakala_pos'],
      cost: { rate_ppm: 6_000 },
      settings: {
        appid: account.appid,
        merchant_no,
        term_no: account.termNo,
        merchant_serial: account.merchantSerial,
        platform_serial: account.platformSerial,
        platform_public_key_pem: account.platformPublicPem,
        base_url: server.url,
        ...given,
      },
    }),
    { merchant_private_key_pem: account.merchantKeyPem, ...secret },
    () => now,
  );

beforeAll(async () => {
  server = await lakalaServer(now, (asked) => say(asked));
  channel = openWith({});
});

afterAll(() => server.close());
beforeEach(() => void server.received.splice(0));

export const scanNotice = (more: object = {}) => ({
  merchant_no,
  out_trade_no: code.channelOrderNo,
  trade_no: tradeNo,
  trade_status: 'SUCCESS',
  total_amount: '12345',
  payer_amount: '12300',
  trade_time: '20260131095958',
  account_type: 'WECHAT',
  ...more,
});

export const { order_trade_info_list: _, ...named } = counterOrder('2');
export const counterNotice = (more: object = {}) => ({ ...named, order_trade_info: trade(), ...more });

export const refundNotice = (more: object = {}) => ({
  merchant_no,
  out_trade_no: refund.channelRefundNo,
  origin_out_trade_no: refund.channelOrderNo,
  origin_trade_no: tradeNo,
  trade_state: 'SUCCESS',
  refund_amount: '345',
  trade_time: '20260131095900',
  ...more,
});

export const isFault = (situation: string): situation is Uncertain => situation in faults;
export const isKnown = (situation: string): situation is Situation => situation in situations;

export const rigOf = (way: Way): Rig => ({
  kind,
  get channel() {
    return channel;
  },
  now,
  order: orders[way],
  refund,
  secrets: [account.merchantKeyPem.split('\n')[1]!],
  paid: { channelTradeNo: tradeNo, paidAt: new Date('2026-01-31T01:59:58.000Z') },
  refunded: {
    acceptedAt: new Date('2026-01-31T01:59:00.000Z'),
    succeededAt: new Date('2026-01-31T01:59:00.000Z'),
  },
  play(situation: Situation | Uncertain | BadDownload | 'silence' | 'drip') {
    say = (asked) => {
      if (asked.path.startsWith('/elsewhere')) return good('query', way);
      const what = whatOf(asked);
      if (situation === 'silence') return { line: 'silence' };
      if (situation === 'drip') return { ...good(what, way), line: 'drip' };
      if (isFault(situation)) return faults[situation](what, way);
      return isKnown(situation) ? situations[situation](what, way) : { status: 500 };
    };
  },
  get received() {
    return server.received.map(({ path, body }) => `${path} ${body}`);
  },
  callback(what, signing) {
    if (what === 'paid') return notification(isPos(way) ? counterNotice() : scanNotice(), now, signing);
    if (what === 'refunded') return notification(refundNotice(), now, signing);
    return notification({ merchant_no, log_no: '1', cmd: 'something' }, now, signing);
  },
  statement: { file: statementOf(someRows), lines: someRows.length, billDate: '2026-01-30' },
});

export const answering = (reply: Said) => void (say = () => reply);
export const dataOf = () => server.received.at(-1)!.data;

/** What the channel's own side does about whatever is asked next. */
export const responding = (how: typeof say): void => {
  say = how;
};
