import { randomBytes } from 'node:crypto';
import type { Answer, Call } from '../../server.ts';
import { deleteContract, preEntrust, queryContract } from '../agreements/calls.ts';
import { contractOrder } from '../agreements/contract-order.ts';
import { applyDeduction } from '../agreements/deduct.ts';
import { tradeState } from '../books.ts';
import { chargeCode, reverseOrder } from '../code-pay.ts';
import { nowOf, takesFault, type Desk } from '../desk.ts';
import { orderNotFound } from '../orders.ts';
import { Refusal, systemError } from '../refusal.ts';
import { orderFields } from '../views.ts';
import { asking, fenIn, parsed, signatureOf, written, type Fields } from './fields.ts';

/*
 * What is left of version 2: the counter, and agreements.
 * @see https://pay.weixin.qq.com/wiki/doc/api/micropay.php?chapter=9_10
 */

/** Longer than any client should wait. */
const SILENT_MS = 10_500;

/** Codes that version 2 spells in its own way. */
const spelt = new Map([
  ['SYSTEM_ERROR', 'SYSTEMERROR'],
  ['NOT_ENOUGH', 'NOTENOUGH'],
  ['ORDER_CLOSED', 'ORDERCLOSED'],
  ['ORDER_NOT_EXIST', 'ORDERNOTEXIST'],
]);

const micropay = (desk: Desk, fields: Fields): Fields | 'silence' => {
  const total = fenIn(fields, 'total_fee');
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
  return orderFields(charged.order, desk.issued, nowOf(desk));
};

const orderQuery = (desk: Desk, fields: Fields): Fields => {
  const order = desk.books.order(asking(fields, 'out_trade_no'));
  if (order === undefined) throw orderNotFound();
  return orderFields(order, desk.issued, nowOf(desk));
};

const reverse = (desk: Desk, fields: Fields): Fields => {
  reverseOrder(desk, asking(fields, 'out_trade_no'));
  return { recall: 'N' };
};

export const refusedBy = ({ code, message }: Refusal): Fields => ({
  result_code: 'FAIL',
  err_code: spelt.get(code) ?? code,
  err_code_des: message,
});

const deduction = (desk: Desk, fields: Fields): Fields | 'silence' => {
  const applied = applyDeduction(desk, fields);
  return applied instanceof Refusal ? refusedBy(applied) : applied;
};

const calls = new Map<string, (desk: Desk, fields: Fields) => Fields | 'silence'>([
  ['/pay/micropay', micropay],
  ['/pay/orderquery', orderQuery],
  ['/secapi/pay/reverse', reverse],
  ['/papay/preentrustweb', preEntrust],
  ['/papay/querycontract', queryContract],
  ['/papay/deletecontract', deleteContract],
  ['/pay/pappayapply', deduction],
  ['/pay/contractorder', contractOrder],
]);

export const isOfVersion2 = ({ path }: Call): boolean => calls.has(path);

export const xml = (fields: Fields): Answer => ({
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
  // What is asked without a nonce is answered without one.
  const nonce: Fields = fields['nonce_str'] === undefined ? {} : { nonce_str: randomBytes(16).toString('hex') };
  const answer = {
    return_code: 'SUCCESS',
    return_msg: 'OK',
    appid,
    mch_id: mchid,
    ...nonce,
    result_code: 'SUCCESS',
    ...signType,
    ...content,
  };
  return xml({ ...answer, sign: signatureOf(answer, api_v2_key) });
};
