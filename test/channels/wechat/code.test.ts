import { describe, expect, test } from 'vitest';

import type { Asked } from './server.ts';
import {
  answering,
  appid,
  beingPaid,
  channel,
  codeOrder,
  codeRig,
  faults,
  good,
  isFault,
  mchid,
  no,
  now,
  ok,
  openWith,
  order,
  orderIs,
  responding,
  sent,
  server,
  transaction,
  whatIsAsked,
} from './world.ts';

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
    responding((asked) => (whatIsAsked(asked) === 'reverse' ? good.reverse : beingPaid));
    expect(await channel.close(codeOrder)).toEqual({ kind: 'ask' });
  });

  test('of the last 15 seconds is asked about and not undone', async () => {
    responding((asked) => (whatIsAsked(asked) === 'reverse' ? good.reverse : beingPaid));
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
      responding(met);
      const closing = await channel.close(codeOrder).catch(() => 'unknown');
      expect(['unknown', { kind: 'ask' }]).toContainEqual(closing);
    },
  );
});
