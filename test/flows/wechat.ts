import { createCipheriv, createSign, randomBytes, randomInt, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { replyOf, type Reply } from './client.ts';

interface Issued {
  readonly appid: string;
  readonly mchid: string;
  readonly platform_serial: string;
  readonly platform_private_key_pem: string;
  readonly forger_private_key_pem: string;
  readonly api_v3_key: string;
}

/** What only WeChat has, its private key among it: as somebody who stole it would use it. */
const issuedIn = (dataDir: string): Issued => {
  const db = new DatabaseSync(join(dataDir, 'sandbox', 'sandbox.sqlite'), { readOnly: true });
  try {
    const row = db.prepare(`SELECT value FROM settings WHERE key = 'wechat.credentials'`).get();
    return JSON.parse(String(row?.['value'])) as Issued;
  } finally {
    db.close();
  }
};

const beijing = (instant: Date) => `${new Date(instant.getTime() + 8 * 3_600_000).toISOString().slice(0, 19)}+08:00`;

const seal = (text: string, key: string) => {
  const nonce = randomBytes(6).toString('hex');
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from('transaction'));
  const ciphertext = Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return { ciphertext: ciphertext.toString('base64'), associated_data: 'transaction', nonce };
};

export interface Sending {
  readonly forged?: boolean;
  /** How far the timestamp of the callback is from now. */
  readonly skewSeconds?: number;
  readonly change?: (headers: Record<string, string>) => void;
  readonly path?: string;
}

/** WeChat's hand: callbacks of any content, signed as its documents say. */
export const wechatHand = (api: string, account: string, dataDir: string, now: () => Date) => {
  const issued = issuedIn(dataDir);

  const headersOf = (body: string | Buffer, { forged = false, skewSeconds = 0 }: Sending): Record<string, string> => {
    const timestamp = String(Math.floor(now().getTime() / 1_000) + skewSeconds);
    const nonce = randomBytes(16).toString('hex');
    const message = Buffer.concat([Buffer.from(`${timestamp}\n${nonce}\n`), Buffer.from(body), Buffer.from('\n')]);
    const key = forged ? issued.forger_private_key_pem : issued.platform_private_key_pem;
    return {
      'content-type': 'application/json',
      'wechatpay-timestamp': timestamp,
      'wechatpay-nonce': nonce,
      'wechatpay-serial': issued.platform_serial,
      'wechatpay-signature': createSign('RSA-SHA256').update(message).sign(key, 'base64'),
    };
  };

  /** Sends these very bytes, signed. */
  const send = async (body: string | Buffer, sending: Sending = {}): Promise<Reply> => {
    const headers = headersOf(body, sending);
    sending.change?.(headers);
    const url = new URL(sending.path ?? `/callbacks/wechat/${account}`, api);
    return replyOf(await fetch(url, { method: 'POST', headers, body }));
  };

  const notification = (resource: object, event = 'TRANSACTION.SUCCESS'): string =>
    JSON.stringify({
      id: randomUUID(),
      create_time: beijing(now()),
      resource_type: 'encrypt-resource',
      event_type: event,
      summary: '支付成功',
      resource: {
        original_type: 'transaction',
        algorithm: 'AEAD_AES_256_GCM',
        ...seal(JSON.stringify(resource), issued.api_v3_key),
      },
    });

  /** A success of an order, as the documents of WeChat show one. */
  const success = (orderNo: string, amount: number, over: object = {}): Record<string, unknown> => ({
    appid: issued.appid,
    mchid: issued.mchid,
    out_trade_no: orderNo,
    transaction_id: `42009${randomInt(1e9)}${randomInt(1e9)}`,
    trade_type: 'NATIVE',
    trade_state: 'SUCCESS',
    trade_state_desc: '支付成功',
    bank_type: 'OTHERS',
    success_time: beijing(now()),
    payer: { openid: 'oPayer' },
    amount: { total: amount, payer_total: amount, currency: 'CNY', payer_currency: 'CNY' },
    ...over,
  });

  return { issued, send, notification, success };
};
