import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  asked,
  call,
  content,
  opened,
  orderNo,
  paid,
  paramsOf,
  pays,
  placed,
  refunded,
  sent,
} from './alipay-merchant.ts';
import { control, given, until, type Given } from './given.ts';

let world: Given;
beforeAll(async () => {
  world = await given();
});
afterAll(() => world.end());

const otherKey = () =>
  generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  }).privateKey;
const without = (params: Record<string, string>, name: string) =>
  Object.fromEntries(Object.entries(params).filter(([other]) => other !== name));
const precreate = 'alipay.trade.precreate';
const fails = (world_: Given, no: string) => control(world_, 'POST', `/payer/alipay/${no}/fail`);
const inBeijing = (seconds: number) =>
  new Date(world.clock.now().getTime() + seconds * 1000 + 8 * 3_600_000).toISOString().slice(0, 19).replace('T', ' ');

describe('a merchant who does not prove who calls', () => {
  it.each<[string, string, (params: Record<string, string>) => Record<string, string>]>([
    ['content changed on the way', 'isv.invalid-signature', (params) => ({ ...params, biz_content: '{}' })],
    [
      'a parameter added on the way',
      'isv.invalid-signature',
      (params) => ({ ...params, notify_url: 'http://x.test/' }),
    ],
    ['a parameter lost on the way', 'isv.invalid-signature', (params) => without(params, 'biz_content')],
    ['no signature', 'isv.missing-signature', (params) => without(params, 'sign')],
    ['a signature that is none', 'isv.invalid-signature', (params) => ({ ...params, sign: 'nonsense' })],
    ['the old kind of signature', 'isv.invalid-signature-type', (params) => ({ ...params, sign_type: 'RSA' })],
    ['another character set', 'isv.invalid-charset', (params) => ({ ...params, charset: 'gbk' })],
    ['a time in another form', 'isv.invalid-timestamp', (params) => ({ ...params, timestamp: '2026-01-31T09:30:00' })],
  ])('is refused: %s', async (_, code, spoil) => {
    const order = content();
    const reply = await sent(world, spoil(paramsOf(world, precreate, order)));
    expect(reply).toMatchObject({
      status: 200,
      member: 'alipay_trade_precreate_response',
      document: { sub_code: code },
    });
    expect(await pays(world, order.out_trade_no)).toMatchObject({ status: 404 });
  });

  it('is refused with another key', async () => {
    const reply = await call(world, precreate, content(), { key: otherKey() });
    expect(reply).toMatchObject({ code: '40002', sub_code: 'isv.invalid-signature' });
  });

  it('is answered without a signature when Alipay does not know it', async () => {
    const stranger = await sent(
      world,
      paramsOf(world, precreate, content(), { params: { app_id: '2021000000000000' } }),
    );
    expect(stranger).toMatchObject({ member: 'error_response', document: { sub_code: 'isv.invalid-app-id' } });
    expect(stranger.sign).toBeUndefined();
    const unknown = await sent(world, paramsOf(world, 'alipay.trade.steal', {}));
    expect(unknown).toMatchObject({ member: 'error_response', document: { sub_code: 'isv.invalid-method' } });
  });

  it('may send an empty parameter, which is not signed, and an old time, which is not refused', async () => {
    const reply = await call(world, precreate, content(), {
      params: { return_url: '', timestamp: '2001-01-01 00:00:00' },
    });
    expect(reply['code']).toBe('10000');
  });

  it('is refused when a browser brings a forged order', async () => {
    const params = paramsOf(world, 'alipay.trade.page.pay', content({ product_code: 'FAST_INSTANT_TRADE_PAY' }));
    const forged = { ...params, biz_content: String(params['biz_content']).replace('100.00', '1.00') };
    const gate = await fetch(`${world.sandbox.credentials.alipay.gateway}?${new URLSearchParams(forged).toString()}`);
    expect(gate.status).toBe(400);
    expect(await gate.text()).toContain('isv.invalid-signature');
  });

  it('escapes slashes in what it signs', async () => {
    const { text } = await sent(world, paramsOf(world, precreate, content()));
    expect(text).toContain(String.raw`"qr_code":"https:\/\/qr.alipay.com\/bax`);
  });
});

describe('an order', () => {
  it.each([
    ['no amount', { total_amount: undefined }],
    ['nothing to pay', { total_amount: '0.00' }],
    ['a third decimal', { total_amount: '1.001' }],
    ['more than a hundred million', { total_amount: '100000000.01' }],
    ['a negative amount', { total_amount: '-1.00' }],
    ['a number with a hyphen', { out_trade_no: 'A-1' }],
    ['no subject', { subject: '' }],
    ['a timeout of no unit', { timeout_express: '90' }],
    ['an end that is past', { time_expire: '2001-01-01 00:00:00' }],
    ['another seller', { seller_id: '2088000000000000' }],
  ])('with %s is refused', async (_, over) => {
    expect(await call(world, precreate, content(over))).toMatchObject({
      code: '40004',
      sub_code: 'ACQ.INVALID_PARAMETER',
    });
  });

  it('is the same order when it is sent again, and refused when its amount or subject is another', async () => {
    const order = content();
    const first = await call(world, precreate, order);
    expect(await call(world, precreate, order)).toEqual(first);
    for (const over of [{ total_amount: '100.01' }, { subject: '两把' }]) {
      expect(await call(world, precreate, { ...order, ...over })).toMatchObject({
        code: '40004',
        sub_code: 'ACQ.CONTEXT_INCONSISTENT',
      });
    }
  });

  it('paid is not charged again', async () => {
    const order = content();
    await call(world, precreate, order);
    expect((await pays(world, order.out_trade_no)).status).toBe(200);
    expect(await call(world, precreate, order)).toMatchObject({ sub_code: 'ACQ.TRADE_HAS_SUCCESS' });
    expect((await pays(world, order.out_trade_no)).status).toBe(409);
  });

  it('waits once the payer has failed, and can be closed', async () => {
    const no = await placed(world);
    expect(await fails(world, no)).toMatchObject({ status: 200, json: { trade_state: 'WAIT_BUYER_PAY' } });
    expect(await asked(world, no)).toMatchObject({ trade_status: 'WAIT_BUYER_PAY', total_amount: '100.00' });
    const closed = await call(world, 'alipay.trade.close', { out_trade_no: no });
    expect(closed).toMatchObject({ code: '10000', out_trade_no: no });
    expect((await asked(world, no))['trade_status']).toBe('TRADE_CLOSED');
    expect(await asked(world, no)).not.toHaveProperty('send_pay_date');
    expect(await call(world, 'alipay.trade.close', { out_trade_no: no })).toMatchObject({
      sub_code: 'ACQ.TRADE_STATUS_ERROR',
    });
    expect(await pays(world, no)).toMatchObject({ status: 409, json: { code: 'order_closed' } });
  });

  it('whose code nobody scanned is no trade to be closed, and cannot be paid afterwards all the same', async () => {
    const no = await placed(world);
    const closing = await call(world, 'alipay.trade.close', { out_trade_no: no });
    expect(closing).toMatchObject({ code: '40004', sub_code: 'ACQ.TRADE_NOT_EXIST' });
    expect(await pays(world, no)).toMatchObject({ status: 409, json: { code: 'order_closed' } });
  });

  it('paid cannot be closed', async () => {
    const no = await paid(world);
    expect(await call(world, 'alipay.trade.close', { out_trade_no: no })).toMatchObject({
      sub_code: 'ACQ.TRADE_STATUS_ERROR',
    });
  });

  it.each([
    ['time_expire', () => ({ time_expire: inBeijing(90) })],
    ['timeout_express', () => ({ timeout_express: '1m' })],
  ])('closes itself at its end (%s)', async (_, end) => {
    const no = await placed(world, end());
    await fails(world, no);
    await world.clock.advance(91);
    expect((await asked(world, no))['trade_status']).toBe('TRADE_CLOSED');
    expect((await pays(world, no)).status).toBe(409);
  });

  it('nobody placed is unknown', async () => {
    expect(await asked(world, 'NOSUCHORDER')).toMatchObject({ sub_code: 'ACQ.TRADE_NOT_EXIST' });
    expect((await pays(world, 'NOSUCHORDER')).status).toBe(404);
  });
});

describe('a payer’s code', () => {
  const charge = (code: string, over = {}) => {
    const order = content({ auth_code: code, ...over });
    return call(world, 'alipay.trade.pay', order).then((reply) => ({ reply, no: order.out_trade_no, order }));
  };

  it('that waits is asked about until the payer has decided', async () => {
    const { reply, no, order } = await charge('280000000000010003');
    expect(reply).toMatchObject({ code: '10003', msg: ' order success pay inprocess', out_trade_no: no });
    expect((await asked(world, no))['trade_status']).toBe('WAIT_BUYER_PAY');
    expect((await call(world, 'alipay.trade.pay', order))['code']).toBe('10003');
    await pays(world, no);
    expect((await asked(world, no))['trade_status']).toBe('TRADE_SUCCESS');
    expect(await call(world, 'alipay.trade.pay', order)).toMatchObject({ sub_code: 'ACQ.TRADE_HAS_SUCCESS' });
  });

  it('that waits is closed when the payer turns away, and may be cancelled before', async () => {
    const away = await charge('280000000000010003');
    expect((await fails(world, away.no)).json['trade_state']).toBe('TRADE_CLOSED');
    const undone = await charge('280000000000010003');
    expect(await call(world, 'alipay.trade.cancel', { out_trade_no: undone.no })).toMatchObject({ action: 'close' });
    expect((await pays(world, undone.no)).status).toBe(409);
  });

  it('is refused for want of money, and the trade is over', async () => {
    const { reply, no } = await charge('280000000000040004');
    expect(reply).toMatchObject({ code: '40004', sub_code: 'ACQ.BUYER_BALANCE_NOT_ENOUGH' });
    expect((await asked(world, no))['trade_status']).toBe('TRADE_CLOSED');
  });

  it('may be charged while the answer says that nobody knows', async () => {
    const { reply, no } = await charge('280000000000020000');
    expect(reply).toMatchObject({ code: '20000', sub_code: 'aop.ACQ.SYSTEM_ERROR' });
    expect((await asked(world, no))['trade_status']).toBe('TRADE_SUCCESS');
  });

  it.each([['280000000000040002'], ['134567890123456789'], ['28123'], ['28000000000000000000000000']])(
    'that is none leaves no trade: %s',
    async (code) => {
      const { reply, no } = await charge(code);
      expect(reply).toMatchObject({ code: '40004', sub_code: 'ACQ.PAYMENT_AUTH_CODE_INVALID' });
      expect(await asked(world, no)).toMatchObject({ sub_code: 'ACQ.TRADE_NOT_EXIST' });
    },
  );
});

describe('a refund', () => {
  it('moves money once for one number, and never more than was paid', async () => {
    const no = await paid(world);
    expect(await refunded(world, no, 'R1', '60.00')).toMatchObject({ fund_change: 'Y', refund_fee: '60.00' });
    expect(await refunded(world, no, 'R1', '60.00')).toMatchObject({ fund_change: 'N', refund_fee: '60.00' });
    expect(await refunded(world, no, 'R1', '60.01')).toMatchObject({ sub_code: 'ACQ.DISCORDANT_REPEAT_REQUEST' });
    expect(await refunded(world, no, 'R2', '40.01')).toMatchObject({ sub_code: 'ACQ.REFUND_AMT_NOT_EQUAL_TOTAL' });
    expect(await refunded(world, no, 'R2', '40.00')).toMatchObject({ fund_change: 'Y', refund_fee: '100.00' });
    const closed = await asked(world, no);
    expect(closed['trade_status']).toBe('TRADE_CLOSED');
    expect(closed).toHaveProperty('send_pay_date');
    expect(await refunded(world, no, 'R1', '60.00')).toMatchObject({ fund_change: 'N', refund_fee: '100.00' });
  });

  it('of what was not paid, or of nothing known, is refused', async () => {
    const no = await placed(world);
    expect(await refunded(world, no, 'R1', '1.00')).toMatchObject({ sub_code: 'ACQ.TRADE_NOT_EXIST' });
    await fails(world, no);
    expect(await refunded(world, no, 'R1', '1.00')).toMatchObject({ sub_code: 'ACQ.TRADE_STATUS_ERROR' });
  });

  it('in part needs a number of its own; of the whole it may have the order’s', async () => {
    const no = await paid(world);
    const refund = (refund_amount: string) => call(world, 'alipay.trade.refund', { out_trade_no: no, refund_amount });
    expect(await refund('1.00')).toMatchObject({ sub_code: 'ACQ.INVALID_PARAMETER' });
    expect(await refund('100.00')).toMatchObject({ fund_change: 'Y' });
    expect(await refund('100.00')).toMatchObject({ fund_change: 'N' });
  });

  it('nobody asked for is answered with nothing but that the question was understood', async () => {
    const no = await paid(world);
    const query = { out_trade_no: no, out_request_no: 'NEVER' };
    expect(await call(world, 'alipay.trade.fastpay.refund.query', query)).toEqual({ code: '10000', msg: 'Success' });
    expect(await call(world, 'alipay.trade.fastpay.refund.query', { ...query, out_trade_no: 'NOSUCH' })).toMatchObject({
      sub_code: 'ACQ.TRADE_NOT_EXIST',
    });
  });

  it('tells its time only to those who ask for it', async () => {
    const no = await paid(world);
    await refunded(world, no, 'R1', '1.00');
    const query = { out_trade_no: no, out_request_no: 'R1' };
    expect(await call(world, 'alipay.trade.fastpay.refund.query', query)).not.toHaveProperty('gmt_refund_pay');
  });

  it('is too late after a year', async () => {
    const no = await paid(world);
    await world.clock.advance(366 * 86_400);
    expect((await asked(world, no))['trade_status']).toBe('TRADE_FINISHED');
    expect(await refunded(world, no, 'R1', '1.00')).toMatchObject({ sub_code: 'ACQ.TRADE_HAS_FINISHED' });
  });
});

describe('undoing', () => {
  const cancel = (no: string) => call(world, 'alipay.trade.cancel', { out_trade_no: no });

  it('what nobody knows succeeds and says what it did not do', async () => {
    expect(await cancel('NOSUCHORDER')).toEqual({
      code: '10000',
      msg: 'Success',
      out_trade_no: 'NOSUCHORDER',
      retry_flag: 'N',
    });
    const no = await placed(world);
    expect(await cancel(no)).not.toHaveProperty('action');
    expect((await pays(world, no)).status).toBe(409);
  });

  it('what was paid refunds all of it, once', async () => {
    const no = await paid(world);
    expect(await cancel(no)).toMatchObject({ action: 'refund' });
    expect(await cancel(no)).toMatchObject({ action: 'refund' });
    const found = await call(world, 'alipay.trade.fastpay.refund.query', { out_trade_no: no, out_request_no: no });
    expect(found).toMatchObject({ refund_amount: '100.00' });
  });

  it('is refused after a refund in part, and after a day', async () => {
    const part = await paid(world);
    await refunded(world, part, 'R1', '1.00');
    expect(await cancel(part)).toMatchObject({ sub_code: 'ACQ.REASON_TRADE_REFUND_FEE_ERR' });
    const old = await paid(world);
    await world.clock.advance(86_401);
    expect(await cancel(old)).toMatchObject({ sub_code: 'ACQ.TRADE_CANCEL_TIME_OUT' });
  });
});

describe('a transfer', () => {
  const transfer = (identity: string, over = {}) => {
    const request = {
      out_biz_no: orderNo(),
      trans_amount: '12.34',
      product_code: 'TRANS_ACCOUNT_NO_PWD',
      biz_scene: 'DIRECT_TRANSFER',
      order_title: '结算',
      payee_info: { identity, identity_type: 'ALIPAY_LOGON_ID', name: '张三' },
      ...over,
    };
    return call(world, 'alipay.fund.trans.uni.transfer', request).then((reply) => ({ reply, request }));
  };
  const found = (no: string) => call(world, 'alipay.fund.trans.common.query', { out_biz_no: no });
  const touch = (no: string, what: string) => control(world, 'POST', `/payees/alipay/${no}/${what}`);

  it('under way ends as the payee’s side decides', async () => {
    for (const [what, status] of [
      ['arrive', 'SUCCESS'],
      ['fail', 'FAIL'],
    ] as const) {
      const { reply, request } = await transfer('13800010003');
      expect(reply).toMatchObject({ code: '10000', status: 'DEALING' });
      expect((await found(request.out_biz_no))['status']).toBe('DEALING');
      expect((await touch(request.out_biz_no, 'bounce')).status).toBe(409);
      expect(await touch(request.out_biz_no, what)).toMatchObject({ status: 200, json: { status } });
      expect((await found(request.out_biz_no))['status']).toBe(status);
      expect((await touch(request.out_biz_no, what)).status).toBe(409);
    }
  });

  it('that has arrived may bounce', async () => {
    const { reply, request } = await transfer('shop@example.test');
    expect(reply['status']).toBe('SUCCESS');
    expect(await touch(request.out_biz_no, 'bounce')).toMatchObject({ status: 200, json: { status: 'REFUND' } });
    expect((await found(request.out_biz_no))['status']).toBe('REFUND');
  });

  it('sent again is the same transfer; changed, it is refused', async () => {
    const { reply, request } = await transfer('shop@example.test');
    expect(await call(world, 'alipay.fund.trans.uni.transfer', request)).toEqual(reply);
    expect(await call(world, 'alipay.fund.trans.uni.transfer', { ...request, trans_amount: '12.35' })).toMatchObject({
      sub_code: 'PAYMENT_INFO_INCONSISTENCY',
    });
  });

  it.each([
    ['nobody', 'nobody40004@example.test', {}, 'PAYEE_NOT_EXIST'],
    ['another name', 'other40002@example.test', {}, 'PAYEE_USER_INFO_ERROR'],
    ['more than there is', 'shop@example.test', { trans_amount: '99999999.00' }, 'PAYER_BALANCE_NOT_ENOUGH'],
  ])('to %s is refused and never was', async (_, identity, over, code) => {
    const { reply, request } = await transfer(identity, over);
    expect(reply).toMatchObject({ code: '40004', sub_code: code });
    expect(await found(request.out_biz_no)).toMatchObject({ sub_code: 'ORDER_NOT_EXIST' });
  });

  it('may be done while the answer says that nobody knows', async () => {
    const { reply, request } = await transfer('shop20000@example.test');
    expect(reply['code']).toBe('20000');
    expect((await found(request.out_biz_no))['status']).toBe('SUCCESS');
  });

  it('nobody made, and a channel that makes none, are unknown', async () => {
    expect((await touch('NOSUCH', 'arrive')).status).toBe(404);
    expect((await control(world, 'POST', '/payees/wechat/NOSUCH/arrive')).status).toBe(404);
  });
});

describe('a notification', () => {
  it('is sent again until it is answered with seven letters, always the same', async () => {
    world.ear.ear.status = 200;
    const no = await paid(world);
    // Others of this world have not been answered either.
    const heard = () => world.ear.heard.filter(({ body }) => new URLSearchParams(body).get('out_trade_no') === no);
    await until('it is sent', () => heard().length === 1);
    const sentAfter: number[] = [];
    for (const [seconds, answer] of [
      [240, 'SUCCESS'],
      [600, 'success\n'],
      [600, 'success'],
    ] as const) {
      await control(world, 'POST', '/clock', { advance_seconds: seconds });
      sentAfter.push(heard().length);
      world.ear.ear.body = answer;
    }
    await control(world, 'POST', '/clock', { advance_seconds: 86_400 });
    expect([...sentAfter, heard().length]).toEqual([2, 3, 4, 5]);
    const told = heard().map((notice) => opened(world, notice));
    expect(told.every(({ genuine }) => genuine)).toBe(true);
    expect(new Set(told.map((one) => one.told['notify_id'])).size).toBe(1);
    expect([...new URLSearchParams(heard()[0]!.body).values()]).not.toContain('');
    world.ear.ear.body = '';
  });

  it('nobody asked for is not sent', async () => {
    const order = content();
    await call(world, precreate, order);
    world.ear.heard.length = 0;
    await pays(world, order.out_trade_no);
    await world.sandbox.idle();
    expect(world.ear.heard).toHaveLength(0);
  });
});

describe('what was answered', () => {
  it('outlives a restart, at the same address', async () => {
    const before = world.sandbox.credentials.alipay;
    const [open, done] = [await placed(world), await paid(world)];
    await refunded(world, done, 'R1', '1.00');
    await world.restart();
    expect(world.sandbox.credentials.alipay).toEqual(before);
    expect((await pays(world, open)).status).toBe(200);
    expect((await asked(world, done))['trade_status']).toBe('TRADE_SUCCESS');
    expect(await refunded(world, done, 'R1', '1.00')).toMatchObject({ fund_change: 'N' });
  });
});
