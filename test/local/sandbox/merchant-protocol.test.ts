import { request } from 'node:http';
import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  asked,
  call,
  closed,
  given,
  inSeconds,
  orderNo,
  orderOf,
  paid,
  pays,
  placed,
  refunded,
  type Given,
} from './given.ts';

let world: Given;
beforeAll(async () => {
  world = await given();
});
afterAll(() => world.end());

const PLACE = '/v3/pay/transactions/native';
const place = (order: object, how = {}) => call(world, 'POST', PLACE, order, how);
const seconds = () => Math.floor(world.clock.now().getTime() / 1000);
const otherKey = () =>
  generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  }).privateKey;

describe('a merchant who does not prove who calls', () => {
  it.each([
    ['a body changed on the way', () => ({ signedBody: '{}' })],
    ['a path changed on the way', () => ({ signedPath: '/v3/pay/transactions/app' })],
    ['a query added on the way', () => ({ signedPath: `${PLACE}?x=1` })],
    ['another key', () => ({ key: otherKey() })],
    ['another merchant', () => ({ mchid: '1900000000' })],
    ['an unknown certificate', () => ({ serial: 'ABCDEF' })],
    ['a signature six minutes old', () => ({ timestamp: seconds() - 360 })],
    ['a signature from the future', () => ({ timestamp: seconds() + 360 })],
  ])('is refused: %s', async (_, how) => {
    const order = orderOf(world);
    const { status, json, headers } = await place(order, how());
    expect(status).toBe(401);
    expect(json).toMatchObject({
      code: 'SIGN_ERROR',
      message: expect.any(String),
      detail: { location: 'authorization' },
    });
    expect(headers.get('wechatpay-signature')).toBeNull();
    expect((await asked(world, order.out_trade_no)).status).toBe(404);
  });

  it('is refused without any authorization', async () => {
    const response = await fetch(world.sandbox.channels.wechat + PLACE, { method: 'POST', body: '{}' });
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ code: 'SIGN_ERROR' });
  });

  it.each(['Accept', 'User-Agent'])('is refused when the client does not say its %s', async (name) => {
    const headers = { Accept: 'application/json', 'User-Agent': 'till/1' };
    const status = await new Promise((resolve, reject) => {
      const asking = request(world.sandbox.channels.wechat + PLACE, {
        method: 'POST',
        headers: { ...headers, [name]: [] },
      });
      asking.on('response', (response) => resolve(response.resume().statusCode)).on('error', reject);
      asking.end();
    });
    expect(status).toBe(400);
  });

  it('is heard with a signature four minutes old', async () => {
    expect((await place(orderOf(world), { timestamp: seconds() - 240 })).status).toBe(200);
  });
});

describe('an order', () => {
  it.each([
    ['an amount of nothing', { amount: { total: 0, currency: 'CNY' } }, '/amount/total'],
    ['an amount in yuan', { amount: { total: 1.5, currency: 'CNY' } }, '/amount/total'],
    ['another currency', { amount: { total: 1, currency: 'USD' } }, '/amount/currency'],
    ['a number too short', { out_trade_no: 'A1' }, '/out_trade_no'],
    ['a number with a blank', { out_trade_no: 'ORDER 0001' }, '/out_trade_no'],
    ['no description', { description: undefined }, '/description'],
    ['a description too long', { description: '长'.repeat(128) }, '/description'],
    ['a notify_url with a query', { notify_url: 'http://127.0.0.1/x?y=1' }, '/notify_url'],
    ['an end without a time zone', { time_expire: '2026-01-31T00:00:00' }, '/time_expire'],
    ['an end in milliseconds', { time_expire: '2026-01-31T00:00:00.000+08:00' }, '/time_expire'],
    ['a member nobody knows', { amont: 1 }, '/amont'],
  ])('with %s is refused and the fault is named', async (_, over, field) => {
    const { status, json } = await place(orderOf(world, over));
    expect(status).toBe(400);
    expect(json).toMatchObject({ code: 'PARAM_ERROR', detail: { location: 'body', field } });
  });

  it('of another merchant or another app is refused', async () => {
    expect((await place(orderOf(world, { mchid: '1900000000' }))).json).toMatchObject({ code: 'PARAM_ERROR' });
    const other = await place(orderOf(world, { appid: 'wx0000000000000000' }));
    expect(other).toMatchObject({ status: 400, json: { code: 'APPID_MCHID_NOT_MATCH' } });
  });

  it('placed again unchanged is the same order with the same code', async () => {
    const order = orderOf(world);
    const first = await place(order);
    expect((await place(order)).json).toEqual(first.json);
    expect(first.json['code_url']).toEqual(expect.stringMatching(/^weixin:\/\/wxpay\/bizpayurl\?pr=/));
  });

  it.each([
    ['amount', { amount: { total: 9_999, currency: 'CNY' } }],
    ['description', { description: '另一把' }],
    ['notify_url', { notify_url: 'http://127.0.0.1:1/elsewhere' }],
  ])('placed again with another %s is refused', async (_, over) => {
    const order = orderOf(world);
    await place(order);
    expect(await place({ ...order, ...over })).toMatchObject({ status: 400, json: { code: 'INVALID_REQUEST' } });
  });

  it('that is paid can be neither placed nor closed again', async () => {
    const order = orderOf(world);
    await place(order);
    await pays(world, order.out_trade_no);
    expect(await place(order)).toMatchObject({ status: 400, json: { code: 'ORDERPAID' } });
    expect(await closed(world, order.out_trade_no)).toMatchObject({ status: 400, json: { code: 'ORDERPAID' } });
  });

  it('that is closed stays closed, for the payer too', async () => {
    const order = orderOf(world);
    await place(order);
    expect((await closed(world, order.out_trade_no)).status).toBe(204);
    expect((await closed(world, order.out_trade_no)).status).toBe(204);
    expect(await place(order)).toMatchObject({ status: 400, json: { code: 'ORDER_CLOSED' } });
    expect((await pays(world, order.out_trade_no)).status).toBe(409);
  });

  it('that nobody placed is not known', async () => {
    expect(await asked(world, 'NOSUCHORDER')).toMatchObject({ status: 404, json: { code: 'ORDER_NOT_EXIST' } });
    expect(await closed(world, 'NOSUCHORDER')).toMatchObject({ status: 404, json: { code: 'ORDER_NOT_EXIST' } });
  });

  it('is asked for in the name of its merchant only', async () => {
    const no = await placed(world);
    const path = `/v3/pay/transactions/out-trade-no/${no}`;
    expect(await call(world, 'GET', path)).toMatchObject({ status: 400, json: { code: 'PARAM_ERROR' } });
    expect(await call(world, 'GET', `${path}?mchid=1900000000`)).toMatchObject({ json: { code: 'PARAM_ERROR' } });
  });

  it('closes itself at its end', async () => {
    const time_expire = inSeconds(world, 300);
    const no = await placed(world, { time_expire });
    await world.clock.advance(290);
    expect((await asked(world, no)).json['trade_state']).toBe('NOTPAY');
    await world.clock.advance(11);
    expect((await asked(world, no)).json['trade_state']).toBe('CLOSED');
    expect((await pays(world, no)).status).toBe(409);
  });

  it('that would end at once stays open for a minute', async () => {
    const no = await placed(world, { time_expire: inSeconds(world, -60) });
    expect((await asked(world, no)).json['trade_state']).toBe('NOTPAY');
    await world.clock.advance(61);
    expect((await asked(world, no)).json['trade_state']).toBe('CLOSED');
  });

  it('gets a new code when the old one is two hours old', async () => {
    const order = orderOf(world);
    const first = await place(order);
    await world.clock.advance(7201);
    const second = await place(order);
    expect(second.status).toBe(200);
    expect(second.json['code_url']).not.toBe(first.json['code_url']);
  });

  it.each([
    ['jsapi', { payer: { openid: 'oPayer' } }, 'prepay_id'],
    ['app', {}, 'prepay_id'],
    ['h5', { scene_info: { payer_client_ip: '127.0.0.1', h5_info: { type: 'Wap' } } }, 'h5_url'],
  ])('can be placed for %s', async (way, over, member) => {
    const { status, json } = await call(world, 'POST', `/v3/pay/transactions/${way}`, orderOf(world, over));
    expect(status).toBe(200);
    expect(json[member]).toBeTypeOf('string');
  });

  it('larger than 64 KB is refused', async () => {
    expect((await place(orderOf(world, { detail: { text: 'x'.repeat(70_000) } }))).status).toBe(413);
  });
});

describe('a refund', () => {
  it('asked for again unchanged is the same refund', async () => {
    const [no, refundNo] = [await paid(world), orderNo()];
    const first = await refunded(world, no, refundNo, 300);
    const second = await refunded(world, no, refundNo, 300);
    expect(second.json['refund_id']).toBe(first.json['refund_id']);
    await refunded(world, no, orderNo(), 9_700);
    expect(await refunded(world, no, orderNo(), 1)).toMatchObject({ status: 400, json: { code: 'INVALID_REQUEST' } });
  });

  it('of another amount under the same number is refused', async () => {
    const [no, refundNo] = [await paid(world), orderNo()];
    await refunded(world, no, refundNo, 300);
    expect(await refunded(world, no, refundNo, 301)).toMatchObject({ status: 400, json: { code: 'INVALID_REQUEST' } });
  });

  it('of more than is left is refused, to the fen', async () => {
    const no = await paid(world);
    await refunded(world, no, orderNo(), 6_000);
    expect(await refunded(world, no, orderNo(), 4_001)).toMatchObject({
      status: 400,
      json: { code: 'INVALID_REQUEST' },
    });
    expect((await refunded(world, no, orderNo(), 4_000)).status).toBe(200);
    expect((await asked(world, no)).json['trade_state']).toBe('REFUND');
  });

  it('that misstates the payment, or returns what was never paid, is refused', async () => {
    const no = await paid(world);
    expect((await refunded(world, no, orderNo(), 1, 9_999)).json).toMatchObject({ code: 'INVALID_REQUEST' });
    const unpaid = await placed(world);
    expect((await refunded(world, unpaid, orderNo(), 1)).json).toMatchObject({ code: 'INVALID_REQUEST' });
    expect(await refunded(world, 'NOSUCHORDER', orderNo(), 1)).toMatchObject({
      status: 404,
      json: { code: 'RESOURCE_NOT_EXISTS' },
    });
    expect(await call(world, 'GET', '/v3/refund/domestic/refunds/NOSUCHREFUND')).toMatchObject({
      status: 404,
      json: { code: 'RESOURCE_NOT_EXISTS' },
    });
  });

  it('is the fifty-first of its payment and refused', async () => {
    const no = await paid(world);
    for (let count = 0; count < 50; count += 1) {
      expect((await refunded(world, no, orderNo(), 1)).status).toBe(200);
    }
    expect((await refunded(world, no, orderNo(), 1)).json).toMatchObject({ code: 'INVALID_REQUEST' });
  });

  it('reaches the payer within a moment', async () => {
    const [no, refundNo] = [await paid(world), orderNo()];
    await refunded(world, no, refundNo, 10_000);
    const began = Date.now();
    await world.sandbox.idle();
    const { json } = await call(world, 'GET', `/v3/refund/domestic/refunds/${refundNo}`);
    expect(json).toMatchObject({ status: 'SUCCESS', success_time: expect.stringMatching(/\+08:00$/) });
    expect(Date.now() - began).toBeLessThan(1000);
  });
});
