import { describe, expect, test } from 'vitest';

import { isFromApp } from './server.ts';
import {
  answering,
  appId,
  byCode,
  channel,
  contentIn,
  methodsAsked,
  named,
  no,
  ok,
  openedBy,
  order,
  orderIs,
  paid,
  paidAt,
  placed,
  responding,
  sent,
  server,
  tradeNo,
  waiting,
} from './world.ts';

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
      responding(() => paid);
      void fetch(`${server.url}/raw?method=alipay.trade.query`).then(async (reply) => resolve(await reply.text()));
    });
    answering({ body: genuine });
    expect((await channel.query(order)).kind).toBe('succeeded');
    answering({ body: change(genuine) });
    await expect(channel.query(order)).rejects.toThrow();
  });

  test('whose reply has its signature first, or blanks around its answer, is read all the same', async () => {
    responding(() => paid);
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
