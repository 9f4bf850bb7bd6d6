import { createHash, createHmac, randomBytes } from 'node:crypto';
import { beijingTime } from '../beijing.ts';
import type { Answer, Call } from '../server.ts';
import { isPaid, tradeState, type Order } from './books.ts';
import { chargeCode, reverseOrder } from './code-pay.ts';
import { nowOf, takesFault, type Desk } from './desk.ts';
import { orderNotFound } from './orders.ts';
import { paramError, Refusal, systemError } from './refusal.ts';
import { transactionView } from './views.ts';

/*
 * What is left of version 2 for the counter: XML of one level, signed with a key that both sides have.
 * @see https://pay.weixin.qq.com/wiki/doc/api/micropay.php?chapter=9_10
 */

/** Longer than any client should wait. */
const SILENT_MS = 10_500;

type Fields = Record<string, string>;

const unescaped = (text: string): string =>
  text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&apos;', "'")
    .replaceAll('&amp;', '&');

const parsed = (body: string): Fields | undefined => {
  const inner = /^\s*(?:<\?xml[^>]*\?>)?\s*<xml>([^]*)<\/xml>\s*$/.exec(body)?.[1];
  if (inner === undefined) return undefined;
  const field = /\s*<(\w+)>(?:<!\[CDATA\[([^]*?)\]\]>|([^<]*))<\/\1>\s*/gy;
  const fields: Fields = {};
  while (field.lastIndex < inner.length) {
    const found = field.exec(inner);
    if (found === null) return undefined;
    fields[found[1] ?? ''] = found[2] ?? unescaped(found[3] ?? '');
  }
  return fields;
};

const written = (fields: Fields): string =>
  `<xml>${Object.entries(fields)
    .map(([name, value]) => `<${name}><![CDATA[${value}]]></${name}>`)
    .join('\n')}</xml>`;

const signatureOf = (fields: Fields, key: string): string => {
  const names = Object.keys(fields).filter((name) => name !== 'sign' && fields[name] !== '');
  const text = `${names
    .toSorted()
    .map((name) => `${name}=${fields[name]}&`)
    .join('')}key=${key}`;
  const hash = fields['sign_type'] === 'HMAC-SHA256' ? createHmac('sha256', key) : createHash('md5');
  return hash.update(text).digest('hex').toUpperCase();
};

/** Codes that version 2 spells in its own way. */
const spelt = new Map([
  ['SYSTEM_ERROR', 'SYSTEMERROR'],
  ['NOT_ENOUGH', 'NOTENOUGH'],
  ['ORDER_CLOSED', 'ORDERCLOSED'],
  ['ORDER_NOT_EXIST', 'ORDERNOTEXIST'],
]);

const asking = (fields: Fields, name: string): string => {
  const value = fields[name];
  if (value === undefined || value === '') throw new Refusal(400, 'LACK_PARAMS', `缺少参数${name}`);
  return value;
};

const orderView = (desk: Desk, order: Order): Fields => {
  const view = transactionView(order, desk.issued, nowOf(desk));
  return {
    out_trade_no: order.out_trade_no,
    trade_state: view.trade_state,
    trade_state_desc: view.trade_state_desc,
    total_fee: String(order.paid?.amount ?? order.total),
    fee_type: 'CNY',
    ...(isPaid(order) && {
      transaction_id: order.paid.transaction_id,
      trade_type: order.trade_type,
      bank_type: 'OTHERS',
      openid: order.paid.openid,
      time_end: beijingTime(order.paid.at).replaceAll(/\D/g, ''),
    }),
  };
};

const micropay = (desk: Desk, fields: Fields): Fields | 'silence' => {
  const total = Number(asking(fields, 'total_fee'));
  if (!Number.isInteger(total) || total < 1) throw paramError('total_fee');
  asking(fields, 'spbill_create_ip');
  const charged = chargeCode(desk, {
    out_trade_no: asking(fields, 'out_trade_no'),
    description: asking(fields, 'body'),
    attach: fields['attach'],
    total,
    auth_code: asking(fields, 'auth_code'),
  });
  if (charged.kind === 'silence') return 'silence';
  if (charged.kind === 'refused') return refusedBy(charged.refusal);
  if (tradeState(charged.order, nowOf(desk)) === 'USERPAYING')
    return refusedBy(new Refusal(400, 'USERPAYING', '需要用户输入支付密码'));
  return orderView(desk, charged.order);
};

const orderQuery = (desk: Desk, fields: Fields): Fields => {
  const order = desk.books.order(asking(fields, 'out_trade_no'));
  if (order === undefined) throw orderNotFound();
  return orderView(desk, order);
};

const reverse = (desk: Desk, fields: Fields): Fields => {
  reverseOrder(desk, asking(fields, 'out_trade_no'));
  return { recall: 'N' };
};

const refusedBy = ({ code, message }: Refusal): Fields => ({
  result_code: 'FAIL',
  err_code: spelt.get(code) ?? code,
  err_code_des: message,
});

const calls = new Map<string, (desk: Desk, fields: Fields) => Fields | 'silence'>([
  ['/pay/micropay', micropay],
  ['/pay/orderquery', orderQuery],
  ['/secapi/pay/reverse', reverse],
]);

export const isOfVersion2 = ({ path }: Call): boolean => calls.has(path);

const xml = (fields: Fields): Answer => ({
  status: 200,
  headers: { 'Content-Type': 'text/xml; charset=utf-8' },
  body: written(fields),
});

const notTaken = (message: string): Answer => xml({ return_code: 'FAIL', return_msg: message });

const contentOf = (desk: Desk, call: Call, fields: Fields): Fields | 'silence' => {
  try {
    if (takesFault(desk, 'server_error')) throw systemError();
    return desk.store.transaction(() => calls.get(call.path)?.(desk, fields) ?? {});
  } catch (error) {
    if (error instanceof Refusal) return refusedBy(error);
    throw error;
  }
};

/** Who calls, then one transaction, then the signed answer. What is not signed well is not taken, and that is not signed. */
export const answerVersion2 = (desk: Desk, call: Call): Answer => {
  const fields = call.method === 'POST' ? parsed(call.body) : undefined;
  if (fields === undefined) return notTaken('XML格式错误');
  const { appid, mchid, api_v2_key } = desk.issued;
  if (fields['mch_id'] !== mchid || fields['appid'] !== appid) return notTaken('appid和mch_id不匹配');
  if (fields['sign'] !== signatureOf(fields, api_v2_key)) return notTaken('签名错误');
  const content = contentOf(desk, call, fields);
  if (content === 'silence') return { silentMs: SILENT_MS };
  const signType: Fields = fields['sign_type'] === undefined ? {} : { sign_type: fields['sign_type'] };
  const nonce = randomBytes(16).toString('hex');
  const answer = {
    return_code: 'SUCCESS',
    return_msg: 'OK',
    appid,
    mch_id: mchid,
    nonce_str: nonce,
    result_code: 'SUCCESS',
    ...signType,
    ...content,
  };
  return xml({ ...answer, sign: signatureOf(answer, api_v2_key) });
};
