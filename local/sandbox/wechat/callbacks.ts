import { createCipheriv, randomBytes, randomUUID } from 'node:crypto';
import { beijingInstant } from '../beijing.ts';
import type { CallbackProtocol } from '../postman.ts';
import { CHANNEL, nowOf, type Desk } from './desk.ts';
import { platformHeaders } from './signature.ts';
import { parsed, toldText, type Fields } from './version-2/fields.ts';

/** 15s/15s/30s/3m/10m/20m/30m/30m/30m/60m/3h/3h/3h/6h/6h, 24 h 4 m in all. Source: WeChat Pay API v3, 「支付通知」. */
const WAIT_SECONDS = [15, 15, 30, 180, 600, 1200, 1800, 1800, 1800, 3600, 10_800, 10_800, 10_800, 21_600, 21_600];

const isVersion2 = (body: string): boolean => body.startsWith('<');

export const wechatCallbacks = (desk: Pick<Desk, 'issued' | 'clock'>): CallbackProtocol => ({
  waitSeconds: WAIT_SECONDS,
  timeoutMs: 5000,
  headers: (body, forged) => ({
    'User-Agent': 'Mozilla/4.0',
    ...(isVersion2(body)
      ? { 'Content-Type': 'text/xml' }
      : {
          'Content-Type': 'application/json',
          ...platformHeaders(body, desk.issued, desk.clock.now().getTime(), forged),
        }),
  }),
  // Version 2 reads the answer. In version 3 its body is free; the status alone says whether it was heard.
  acknowledged: (status, said, body) =>
    isVersion2(body) ? parsed(said)?.['return_code'] === 'SUCCESS' : status === 200 || status === 204,
});

const events = {
  'TRANSACTION.SUCCESS': { type: 'transaction', summary: '支付成功' },
  'REFUND.SUCCESS': { type: 'refund', summary: '退款成功' },
  'REFUND.CLOSED': { type: 'refund', summary: '退款关闭' },
  'MCHTRANSFER.BILL.FINISHED': { type: 'mch_payment', summary: '商家转账单据终态通知' },
} as const;
export type EventType = keyof typeof events;

/** AEAD_AES_256_GCM: the tag follows the ciphertext. Source: WeChat Pay API v3, 「证书和回调报文解密」. */
const seal = (plaintext: string, key: string, associatedData: string) => {
  const nonce = randomBytes(6).toString('hex');
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(associatedData));
  const sealed = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return { ciphertext: sealed.toString('base64'), associated_data: associatedData, nonce };
};

/** Tells the merchant; the event's id stays the same however often it is told. */
export const notify = (desk: Desk, url: string, event: EventType, resource: object): void => {
  const { type, summary } = events[event];
  const id = randomUUID();
  const createTime = beijingInstant(nowOf(desk));
  desk.postman.post(CHANNEL, {
    event_id: id,
    url,
    body: () =>
      JSON.stringify({
        id,
        create_time: createTime,
        resource_type: 'encrypt-resource',
        event_type: event,
        summary,
        resource: {
          original_type: type,
          algorithm: 'AEAD_AES_256_GCM',
          ...seal(JSON.stringify(resource), desk.issued.api_v3_key, type),
        },
      }),
  });
};

/** Tells in version 2, where the signature is within. */
export const notifyVersion2 = (desk: Desk, url: string, fields: Fields): void => {
  const told = { ...fields, nonce_str: randomBytes(16).toString('hex') };
  desk.postman.post(CHANNEL, {
    event_id: randomUUID(),
    url,
    body: (forged) => toldText(told, desk.issued.api_v2_key, forged),
  });
};
