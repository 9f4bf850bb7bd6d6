import { AlipaySdk } from 'alipay-sdk';
import { describe, expect, test } from 'vitest';

import { keys, notification, pem } from './server.ts';
import {
  answering,
  appId,
  appKeyPem,
  byCode,
  channel,
  contentIn,
  now,
  openedBy,
  order,
  paid,
  paidNotice,
  placed,
  read,
  responding,
  server,
} from './world.ts';

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
    responding(() => paid);
    const raw = await (await fetch(`${server.url}/raw?method=alipay.trade.query`)).text();
    const { sign } = JSON.parse(raw) as { sign: string };
    expect(() => app.checkResponseSign(raw, 'alipay_trade_query_response', sign, '')).not.toThrow();
  });
});
