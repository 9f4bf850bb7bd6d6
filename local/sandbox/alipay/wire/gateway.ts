import type { Call, Reply } from '../../server.ts';
import type { Issued } from '../credentials.ts';
import { invalid, Refusal } from './refusal.ts';
import { signedByMerchant, signedReply } from './signature.ts';

/** What a merchant sends, in the query and in the form alike: the parameters, decoded. */
export type Params = Readonly<Record<string, string>>;

export const paramsOf = (call: Call): Params => {
  const all = [...call.query, ...new URLSearchParams(call.body)];
  const params = Object.fromEntries(all);
  if (Object.keys(params).length !== all.length) throw invalid('isv.invalid-parameter', '参数重复');
  return params;
};

const missing = (name: string, called: string): Refusal =>
  new Refusal('missing', `isv.missing-${name}`, `缺少${called}`);

/**
 * Who calls and in what manner. The time is asked for and its form checked, no more: Alipay refuses no call for being old.
 * @see https://opendocs.alipay.com/common/02km9f
 */
export const verifyMerchant = (params: Params, issued: Issued): void => {
  if (!params['sign']) throw missing('signature', '签名参数');
  if (params['sign_type'] !== 'RSA2') throw invalid('isv.invalid-signature-type', '无效签名类型');
  if (!/^utf-?8$/i.test(params['charset'] ?? '')) throw invalid('isv.invalid-charset', '字符集错误');
  if (!/^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$/.test(params['timestamp'] ?? ''))
    throw invalid('isv.invalid-timestamp', '非法的时间戳参数');
  if (params['version'] !== '1.0') throw invalid('isv.invalid-version', '无效的版本参数');
  if (!/^(?:json)?$/i.test(params['format'] ?? '')) throw invalid('isv.invalid-format', '无效的数据格式');
  if (!signedByMerchant(params, issued)) throw invalid('isv.invalid-signature', '无效签名');
};

/** Whom Alipay does not know it answers without a signature: it would not know which key the other believes. */
export const refuseStranger = (params: Params, issued: Issued): void => {
  if (!params['app_id']) throw missing('app-id', 'AppID参数');
  if (params['app_id'] !== issued.app_id) throw invalid('isv.invalid-app-id', '无效的AppID参数');
};

const JSON_TYPE = { 'Content-Type': 'text/html;charset=utf-8' };

export const strangerReply = (refusal: Refusal): Reply => ({
  status: 200,
  headers: JSON_TYPE,
  body: JSON.stringify({ error_response: refusal.document() }),
});

export const reply = (method: string, document: object, issued: Issued): Reply => ({
  status: 200,
  headers: JSON_TYPE,
  body: signedReply(`${method.replaceAll('.', '_')}_response`, document, issued),
});

/** Addresses stand beside `biz_content`. */
export const addressesOf = (params: Params) => {
  const address = (name: 'notify_url' | 'return_url') => {
    const url = params[name];
    if (!url) return undefined;
    if (url.length > 256 || !/^https?:$/.test(URL.parse(url)?.protocol ?? ''))
      throw invalid('isv.invalid-parameter', `无效的${name}`);
    return url;
  };
  return { notify_url: address('notify_url'), return_url: address('return_url') };
};
