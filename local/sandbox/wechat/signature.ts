import { createPublicKey, createSign, createVerify, randomBytes, type KeyObject } from 'node:crypto';
import type { Call } from '../server.ts';
import type { Issued } from './credentials.ts';
import { paramError, Refusal } from './refusal.ts';

const SCHEME = 'WECHATPAY2-SHA256-RSA2048';
const TOLERANCE_SECONDS = 300;

const signError = (message: string, detail: Readonly<Record<string, unknown>>): Refusal =>
  new Refusal(401, 'SIGN_ERROR', message, { location: 'authorization', ...detail });

const verifies = (key: KeyObject, message: string, signature: string): boolean =>
  createVerify('RSA-SHA256').update(message).verify(key, signature, 'base64');

/**
 * Checks who is calling: METHOD, path with query, timestamp, nonce and body, each closed by a line feed, signed by the merchant.
 * Source: WeChat Pay API v3, 「签名生成」.
 */
export const verifyMerchant = (call: Call, issued: Issued, now: number): void => {
  if (call.headers.accept === undefined || call.headers['user-agent'] === undefined) {
    throw paramError('Http头缺少Accept或User-Agent', { location: 'header' });
  }
  const authorization = call.headers.authorization ?? '';
  if (!authorization.startsWith(`${SCHEME} `)) {
    throw signError('Http头Authorization值格式错误，请参考《微信支付商户REST API签名规则》', {
      issue: 'unknown scheme',
    });
  }
  const parts = new Map([...authorization.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value ?? '']));
  const part = (name: string): string => {
    const value = parts.get(name);
    if (value === undefined || value === '')
      throw signError(`Authorization中缺少${name}`, { field: name, issue: 'missing' });
    return value;
  };
  const [mchid, serial, timestamp, nonce, signature] = [
    part('mchid'),
    part('serial_no'),
    part('timestamp'),
    part('nonce_str'),
    part('signature'),
  ];
  if (mchid !== issued.mchid) throw signError('商户号有误', { field: 'mchid', value: mchid });
  if (serial !== issued.merchant_serial) {
    throw signError('商户证书序列号有误。请使用签名私钥匹配的证书序列号', { field: 'serial_no', value: serial });
  }
  if (!/^\d{1,12}$/.test(timestamp) || Math.abs(now / 1000 - Number(timestamp)) > TOLERANCE_SECONDS) {
    throw signError('Authorization中的timestamp与发起请求的时间不得超过5分钟', {
      field: 'timestamp',
      value: timestamp,
    });
  }
  const message = `${call.method}\n${call.target}\n${timestamp}\n${nonce}\n${call.body}\n`;
  if (!verifies(createPublicKey(issued.merchant_public_key_pem), message, signature)) {
    throw signError('错误的签名，验签失败', {
      field: 'signature',
      issue: 'sign not match',
      sign_information: { method: call.method, url: call.target, truncated_sign_message: message.slice(0, 200) },
    });
  }
};

/** The headers that prove a reply or a callback is WeChat's: timestamp, nonce and body, each closed by a line feed. */
export const platformHeaders = (body: string, issued: Issued, now: number, forged = false): Record<string, string> => {
  const timestamp = String(Math.floor(now / 1000));
  const nonce = randomBytes(16).toString('hex');
  const key = forged ? issued.forger_private_key_pem : issued.platform_private_key_pem;
  return {
    'Wechatpay-Timestamp': timestamp,
    'Wechatpay-Nonce': nonce,
    'Wechatpay-Serial': issued.platform_serial,
    'Wechatpay-Signature-Type': SCHEME,
    'Wechatpay-Signature': createSign('RSA-SHA256').update(`${timestamp}\n${nonce}\n${body}\n`).sign(key, 'base64'),
  };
};
