import { describe, expect, test } from 'vitest';

import { account } from './server.ts';
import {
  answering,
  atCounter,
  channel,
  code,
  dataOf,
  merchant_no,
  openWith,
  orders,
  placed,
  pos,
  qr,
  refused,
  replied,
  rigOf,
  scanned,
  server,
  trade,
} from './world.ts';

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
