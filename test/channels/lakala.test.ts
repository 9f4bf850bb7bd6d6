import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { ChannelAccount } from '#channels/account.ts';
import { CallbackRefused, type Channel, type OrderToPlace, type RefundToPlace } from '#channels/channel.ts';
import { channelKind } from '#channels/registry.ts';

import { channelContract, type BadDownload, type Rig, type Situation, type Uncertain } from './contract.ts';
import { account, lakalaServer, notification, type Asked, type Said } from './lakala-server.ts';
import { someRows, statementOf } from './lakala-statement.ts';

const now = new Date('2026-01-31T02:00:00.000Z');
const kind = channelKind('lakala');
const merchant_no = account.merchantNo;

const code: OrderToPlace = {
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
const qr: OrderToPlace = { ...code, method: 'lakala_qr', payer: {} };
const pos: OrderToPlace = { ...code, method: 'lakala_pos', payer: { terminal: 'A0073841' } };
const orders = { lakala_code: code, lakala_qr: qr, lakala_pos: pos };
type Way = keyof typeof orders;

const tradeNo = '2026013166210309260100';
const refund: RefundToPlace = {
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

const replied = (replyCode: string, resp_data?: object, msg = '说明'): Said => ({
  body: { code: replyCode, msg, resp_time: '20260131100000', resp_data },
});
const isPos = (way: Way) => way === 'lakala_pos';
const taken = (way: Way) => (isPos(way) ? '000000' : 'BBS00000');
const refused = (way: Way, msg = '金额超限', more?: object) => replied(isPos(way) ? 'CCS00012' : 'BBS16288', more, msg);

const scanned = (trade_state: string, more: object = {}) =>
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
const trade = (more: object = {}) => ({
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
const counterOrder = (order_status: string, more: object = {}) => ({
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
const atCounter = (status: string, more: object = {}) => replied('000000', counterOrder(status, more));

/** The states of both families, by what they mean. */
const states = {
  waiting: ['CREATE', '0'],
  paid: ['SUCCESS', '2'],
  partly: ['PART_REFUND', '6'],
  closed: ['CLOSE', '7'],
  strange: ['WHATEVER', '9'],
} as const;
const orderIs = (way: Way, state: keyof typeof states, more: object = {}) =>
  isPos(way) ? atCounter(states[state][1], more) : scanned(states[state][0], more);

const refundIs = (trade_state: string, more: object = {}) =>
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

const absent = (way: Way) => refused(way, '订单不存在');
const placed = (way: Way): Said => {
  if (way === 'lakala_code') return replied('BBS11105', undefined, '等待用户输入密码');
  if (isPos(way)) return replied('000000', counterOrder('0'));
  const acc_resp_fields = { code: 'https://qr.alipay.com/bax03206ug0kulveltqc80a8' };
  return replied('BBS00000', { merchant_no, out_trade_no: qr.channelOrderNo, trade_no: tradeNo, acc_resp_fields });
};
const ended = (way: Way) =>
  replied(taken(way), isPos(way) ? counterOrder('7') : { origin_out_trade_no: code.channelOrderNo });

type What = 'place' | 'query' | 'end' | 'refund' | 'queryRefund';
const whats: readonly (readonly [string, What])[] = [
  ['/trans/', 'place'],
  ['special_create', 'place'],
  ['tradequery', 'query'],
  ['order/query', 'query'],
  ['/relation/', 'end'],
  ['order/close', 'end'],
  ['refund_query', 'queryRefund'],
  ['refund_front/refund', 'refund'],
];
const whatOf = ({ path }: Asked): What => whats.find(([part]) => path.includes(part))![1];

const situations: Record<Situation, (what: What, way: Way) => Said> = {
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

const good = (what: What, way: Way): Said => {
  const usual: Record<What, () => Said> = {
    place: () => placed(way),
    query: () => orderIs(way, 'paid'),
    end: () => ended(way),
    refund: () => refundIs('SUCCESS'),
    queryRefund: () => refundIs('SUCCESS'),
  };
  return usual[what]();
};
const definite = (what: What, way: Way): Said => (what === 'place' || what === 'refund' ? refused(way) : absent(way));

/** Everything but the one fault is as it should be, so that each guard stands alone. */
const faults: Record<Uncertain, (what: What, way: Way) => Said> = {
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
let server: Awaited<ReturnType<typeof lakalaServer>>;
let channel: Channel;

const openWith = (given: object, secret: object = {}) =>
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

const scanNotice = (more: object = {}) => ({
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
const { order_trade_info_list: _, ...named } = counterOrder('2');
const counterNotice = (more: object = {}) => ({ ...named, order_trade_info: trade(), ...more });
const refundNotice = (more: object = {}) => ({
  merchant_no,
  out_trade_no: refund.channelRefundNo,
  origin_out_trade_no: refund.channelOrderNo,
  origin_trade_no: tradeNo,
  trade_state: 'SUCCESS',
  refund_amount: '345',
  trade_time: '20260131095900',
  ...more,
});

const isFault = (situation: string): situation is Uncertain => situation in faults;
const isKnown = (situation: string): situation is Situation => situation in situations;

const rigOf = (way: Way): Rig => ({
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

const nature = { statementsAreBrought: true } as const;
channelContract('Lakala by a card at a POS', () => rigOf('lakala_pos'), nature);
channelContract('Lakala by the payer’s code', () => rigOf('lakala_code'), nature);

const answering = (reply: Said) => void (say = () => reply);
const dataOf = () => server.received.at(-1)!.data;

describe('an order at Lakala', () => {
  test('for a POS names the terminal and allows cards alone; the terminal is told the number to take up', async () => {
    answering(placed('lakala_pos'));
    expect(await channel.place(pos)).toEqual({
      kind: 'placed',
      action: {
        type: 'sdk',
        params: {
          merchant_no,
          term_no: 'A0073841',
          pay_order_no: '21092211012001970631000488056',
          total_amount: '12345',
        },
      },
    });
    expect(server.received[0]!.path).toBe('/api/v3/ccss/counter/order/special_create');
    expect(dataOf()).toMatchObject({
      out_order_no: pos.channelOrderNo,
      merchant_no,
      term_no: 'A0073841',
      total_amount: '12345',
      order_efficient_time: '20260131103000',
      notify_url: pos.notifyUrl,
      support_repeat_pay: '0',
      counter_param: '{"pay_mode":"CARD"}',
    });
    expect(JSON.parse(String(dataOf()['busi_type_param']))).toEqual([expect.objectContaining({ busi_type: 'UPCARD' })]);
  });

  test('for a POS lives for a week at most', async () => {
    answering(placed('lakala_pos'));
    await channel.place({ ...pos, expiresAt: new Date('2026-02-15T00:00:00Z') });
    expect(dataOf()['order_efficient_time']).toBe('20260207095957');
  });

  test('by the payer’s code is charged at once, by our own terminal and from the payer’s address', async () => {
    answering(placed('lakala_code'));
    expect(await channel.place(code)).toEqual({ kind: 'placed', action: { type: 'none' } });
    expect(server.received[0]!.path).toBe('/api/v3/labs/trans/micropay');
    expect(dataOf()).toMatchObject({
      merchant_no,
      term_no: account.termNo,
      out_trade_no: code.channelOrderNo,
      auth_code: '134567890123456789',
      total_amount: '12345',
      location_info: { request_ip: '203.0.113.7' },
    });
  });

  test('by the payer’s code that is taken at once is asked about: taken is not paid', async () => {
    answering(scanned('SUCCESS'));
    expect(await channel.place(code)).toEqual({ kind: 'ask' });
  });

  test('shows the code of the wallet that is set, for as long as the payment lives and a quarter of an hour at most', async () => {
    answering(placed('lakala_qr'));
    expect(await channel.place(qr)).toMatchObject({ action: { content: expect.stringMatching(/^https:\/\/qr/) } });
    const minutes = () => dataOf()['acc_busi_fields'];
    expect(dataOf()).toMatchObject({
      account_type: 'ALIPAY',
      trans_type: '41',
      location_info: { request_ip: '127.0.0.1' },
    });
    expect(minutes()).toEqual({ timeout_express: '15' });
    await openWith({ qr_wallet: 'UQRCODEPAY' }).place({ ...qr, expiresAt: new Date('2026-01-31T02:05:30Z') });
    expect(dataOf()).toMatchObject({ account_type: 'UQRCODEPAY' });
    expect(minutes()).toEqual({ timeout_express: '5' });
  });

  // What is asked, ended and answered otherwise is what the payer's own code has in the contract above.
  test.each([
    ['order refused for good', { kind: 'refused', failure: { code: 'BBS16288', message: '金额超限' } }],
    ['order number known already', { kind: 'ask' }],
  ] as const)('to be shown as a code that meets "%s"', async (situation, placing) => {
    rigOf('lakala_qr').play(situation);
    expect(await channel.place(qr)).toEqual(placing);
    answering(replied('BBS00000', { out_trade_no: 'ANOTHER', acc_resp_fields: { code: 'https://qr.alipay.com/1' } }));
    await expect(channel.place(qr)).rejects.toThrow('another order');
  });

  test.each(['BBS10000', 'BBS00100', 'BPS10034', 'GW000001', 'SYSTEM'])(
    'answered with %s at placing is unknown',
    async (replyCode) => {
      answering(replied(replyCode, undefined, '失败'));
      for (const order of [code, qr, pos]) await expect(channel.place(order)).rejects.toThrow(replyCode);
    },
  );

  test.each(['系统异常', '请求超时', '系统繁忙，请稍后再试', '交易未知'])(
    'refused with the words %s is unknown, whatever its code',
    async (msg) => {
      for (const way of ['lakala_code', 'lakala_qr', 'lakala_pos'] as const) {
        answering(refused(way, msg));
        await expect(channel.place(orders[way])).rejects.toThrow();
      }
    },
  );

  test('of a merchant that does not exist is refused, and is not absent', async () => {
    answering(refused('lakala_code', '商户不存在'));
    expect(await channel.place(code)).toMatchObject({ kind: 'refused' });
    await expect(channel.query(code)).rejects.toThrow('BBS16288');
  });

  test.each([
    ['SUCCESS', 'succeeded'],
    ['PART_REFUND', 'succeeded'],
    ['REFUND', 'succeeded'],
    ['FAIL', 'failed'],
    ['CLOSE', 'closed'],
    ['REVOKED', 'closed'],
    ...['INIT', 'CREATE', 'DEAL', 'UNKNOWN', 'success'].map((each) => [each, 'pending'] as const),
  ] as const)('in the state %s is %s', async (state, outcome) => {
    answering(scanned(state));
    expect(await channel.query(code)).toMatchObject({ kind: outcome });
  });

  test.each([
    ...['0', '1', '8'].map((each) => [each, 'pending'] as const),
    ['2', 'succeeded'],
    ['3', 'failed'],
    ['4', 'closed'],
    ['5', 'closed'],
    ['6', 'succeeded'],
    ['7', 'closed'],
  ] as const)('of the counter with the status %s is %s', async (status, outcome) => {
    answering(atCounter(status));
    expect(await channel.query(pos)).toMatchObject({ kind: outcome });
  });

  test.each([
    ['no trade', atCounter('2', { order_trade_info_list: [] })],
    ['a trade that failed', atCounter('2', { order_trade_info_list: [trade({ trade_status: 'F' })] })],
    ['no time', atCounter('2', { order_trade_info_list: [trade({ trade_time: '' })] })],
    ['a time that is none', atCounter('2', { order_trade_info_list: [trade({ trade_time: '2026092264452' })] })],
    ['parts of a fen', atCounter('2', { order_trade_info_list: [trade({ trade_amount: 1.5 })] })],
  ])('said to be paid with %s is unknown', async (_what, reply) => {
    answering(reply);
    await expect(channel.query(pos)).rejects.toThrow();
  });

  test('is read without anything of the card', async () => {
    answering(atCounter('2'));
    expect(
      JSON.stringify(await channel.query(pos), (_k, value) => (typeof value === 'bigint' ? String(value) : value)),
    ).not.toContain('6226');
  });

  test('is believed with headers that a gateway has put in quotes', async () => {
    answering({ ...scanned('SUCCESS'), signing: { quoted: true } });
    expect(await channel.query(code)).toMatchObject({ kind: 'succeeded' });
  });
});

describe('ending an order at Lakala', () => {
  test.each([
    ['lakala_qr', '/api/v3/labs/relation/close', { origin_out_trade_no: code.channelOrderNo }],
    ['lakala_code', '/api/v3/labs/relation/revoked', { out_trade_no: `${code.channelOrderNo}R` }],
    ['lakala_pos', '/api/v3/ccss/counter/order/close', { out_order_no: code.channelOrderNo }],
  ] as const)('of %s asks first, and then calls %s', async (way, path, data) => {
    rigOf(way).play('closing done');
    expect(await channel.close(orders[way])).toEqual({ kind: 'closed' });
    expect(server.received.map(({ path: each }) => each)).toEqual([expect.stringContaining('query'), path]);
    expect(dataOf()).toMatchObject(data);
  });

  test('that is paid is left alone: nothing of what came in is undone', async () => {
    rigOf('lakala_code').play('paid');
    expect(await channel.close(code)).toEqual({ kind: 'ask' });
    expect(server.received).toHaveLength(1);
  });

  test('that nobody can tell is not ended', async () => {
    say = (asked) => (whatOf(asked) === 'end' ? replied('BBS11112') : scanned('DEAL'));
    await expect(channel.close(code)).rejects.toThrow('BBS11112');
  });
});

describe('a refund at Lakala', () => {
  test('goes by one door for codes and cards, and names the payment by both numbers', async () => {
    answering(refundIs('SUCCESS'));
    await channel.refund(refund);
    expect(server.received[0]!.path).toBe('/api/v3/rfd/refund_front/refund');
    expect(dataOf()).toMatchObject({
      out_trade_no: refund.channelRefundNo,
      origin_out_trade_no: refund.channelOrderNo,
      origin_trade_no: tradeNo,
      refund_amount: '345',
      notify_url: refund.notifyUrl,
    });
  });

  test.each(['重复的退款流水号', '可用余额不足', '系统繁忙'])('refused with %s has not failed', async (msg) => {
    answering(replied('RFD00034', undefined, msg));
    await expect(channel.refund(refund)).rejects.toThrow('RFD00034');
  });

  test('of another amount or payment answers nothing', async () => {
    for (const more of [{ refund_amount: '346' }, { origin_trade_no: '1' }]) {
      answering(refundIs('SUCCESS', more));
      await expect(channel.queryRefund(refund)).rejects.toThrow('another');
    }
  });

  test('that is too young is not absent', async () => {
    answering(replied('RFD00051', undefined, '交易不存在'));
    await expect(channel.queryRefund({ ...refund, createdAt: now })).rejects.toThrow('RFD00051');
  });
});

describe('a callback of Lakala', () => {
  const read = (content: object) => channel.readCallback(notification(content, now));

  test('about a refund that a terminal made is none about a payment', () => {
    expect(read(counterNotice({ order_status: '6', order_trade_info: trade({ trade_type: 'REFUND' }) }))).toEqual({
      about: 'nothing',
    });
  });

  test('about a refund of another merchant is refused', () => {
    expect(() => read(refundNotice({ merchant_no: '82229007392000B' }))).toThrow(CallbackRefused);
  });

  test('about a payment of another merchant is heard, so that it is seen', () => {
    expect(read(scanNotice({ merchant_no: 'X' }))).toMatchObject({
      outcome: { receipt: { merchantAtChannel: 'X', amount: 12_345n } },
    });
  });

  test('that is no JSON, or says that it is paid and not when, is refused', () => {
    expect(() => channel.readCallback(notification('SUCCESS', now))).toThrow(CallbackRefused);
    expect(() => read(scanNotice({ trade_time: '' }))).toThrow(CallbackRefused);
  });
});

test('an account of Lakala is refused with numbers that are none, or a key that is none', () => {
  for (const given of [{ merchant_no: '123' }, { term_no: 'D92964001' }, { qr_wallet: 'WECHAT' }, { more: 1 }])
    expect(() => openWith(given)).toThrow();
  expect(() => openWith({}, { merchant_private_key_pem: 'x' })).toThrow('not an RSA key');
});
