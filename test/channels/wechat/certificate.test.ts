import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import { TLSSocket, getCACertificates, setDefaultCACertificates } from 'node:tls';

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { ChannelAccount } from '#channels/account.ts';
import type { OrderRef } from '#channels/channel.ts';
import { channelKind } from '#channels/registry.ts';

import { certificateOf } from '../certificate.ts';
import { account, keys, signedV2 } from './server.ts';

const now = new Date('2026-01-31T02:00:00.000Z');
const order: OrderRef = {
  channelOrderNo: '01KG7X0000ORDER0000000001',
  method: 'wechat_code',
  amount: 12_345n,
  currency: 'CNY',
  createdAt: new Date(now.getTime() - 60_000),
};
const { appid, mchid } = account;
const platform = certificateOf('localhost', keys.platform);
const ours = certificateOf(mchid, keys.merchant);
const pemOf = (key: typeof keys.merchant.privateKey) => key.export({ type: 'pkcs8', format: 'pem' }).toString();

/** What came to each path, and whose certificate came with it. */
const shown: [string, string | undefined][] = [];
const usual = getCACertificates('default');
const servers: Server[] = [];
let [url, elsewhere] = ['', ''];

const answerTo = (path: string) => {
  const undone = shown.some(([seen, by]) => seen === '/secapi/pay/reverse' && by !== undefined);
  const fields: Record<string, string> = {
    return_code: 'SUCCESS',
    result_code: 'SUCCESS',
    appid,
    mch_id: mchid,
    out_trade_no: order.channelOrderNo,
    ...(path === '/pay/orderquery' ? { trade_state: undone ? 'REVOKED' : 'USERPAYING' } : { recall: 'N' }),
  };
  const all = Object.entries({ ...fields, sign: signedV2(fields) });
  return `<xml>${all.map(([name, value]) => `<${name}>${value}</${name}>`).join('')}</xml>`;
};

const serve = async ({ privateKey }: typeof keys.platform, cert: string): Promise<string> => {
  const tls = { key: pemOf(privateKey), cert, requestCert: true, rejectUnauthorized: false };
  const server = createServer(tls, ({ url: path = '', socket }, response) => {
    const peer = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined;
    shown.push([path, peer?.fingerprint256]);
    // As WeChat's door answers whoever comes without.
    if (path.startsWith('/secapi/') && !peer) response.writeHead(400).end('No required SSL certificate was sent');
    else response.writeHead(200).end(answerTo(path));
  });
  servers.push(server);
  server.listen(0);
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not listening');
  return `https://localhost:${address.port}`;
};

beforeAll(async () => {
  setDefaultCACertificates([...usual, platform]);
  url = await serve(keys.platform, platform);
  elsewhere = await serve(keys.stranger, certificateOf('localhost', keys.stranger));
});
afterAll(() => {
  setDefaultCACertificates(usual);
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});
beforeEach(() => void shown.splice(0));

const opened = (certificate_pem: string, base_url = url) =>
  channelKind('wechat').open(
    ChannelAccount.parse({
      id: 'chn_00000000000000000000000001',
      channel: 'wechat',
      name: '微信',
      ownership: 'shared',
      status: 'enabled',
      methods: ['wechat_code'],
      cost: { rate_ppm: 6_000 },
      settings: {
        appid,
        mchid,
        merchant_serial: account.merchantSerial,
        platform_serial: account.platformSerial,
        platform_public_key_pem: keys.platform.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
        base_url,
        code_pay: { version: 'v2', certificate_pem },
      },
    }),
    {
      merchant_private_key_pem: pemOf(keys.merchant.privateKey),
      api_v3_key: account.apiKey,
      api_v2_key: account.apiV2Key,
    },
    () => now,
  );

describe('an order that is undone by version 2 over https', () => {
  test('is undone by the holder of the merchant’s certificate, which nobody else is shown', async () => {
    expect(await opened(ours).close(order)).toEqual({ kind: 'closed' });
    const { fingerprint256 } = new X509Certificate(ours);
    expect(shown).toEqual([
      ['/pay/orderquery', undefined],
      ['/secapi/pay/reverse', fingerprint256],
      ['/pay/orderquery', undefined],
    ]);
  });

  test('is not sent to a server whose certificate nobody vouches for', async () => {
    await expect(opened(ours, elsewhere).close(order)).rejects.toThrow('self-signed certificate');
    expect(shown).toEqual([]);
  });

  test.each([
    ['of another key', platform],
    ['that is none', 'nothing'],
  ])('with a certificate %s is not opened', (_, certificate) => {
    expect(() => opened(certificate)).toThrow();
  });
});
