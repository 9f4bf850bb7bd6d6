import type { Order } from '../books.ts';
import type { Desk } from '../desk.ts';
import { placeOrder } from '../orders.ts';
import { invalidRequest, paramError } from '../refusal.ts';
import type { OrderRequest, OrderWay } from '../requests.ts';
import { asking, fenIn, type Fields } from '../version-2/fields.ts';
import { offerAgreement, touchAgreement } from './agreements.ts';

const ways = new Map<string, OrderWay>([
  ['NATIVE', 'native'],
  ['JSAPI', 'jsapi'],
  ['MWEB', 'h5'],
  ['APP', 'app'],
]);

/** `yyyyMMddHHmmss` of Beijing. */
const timeIn = (fields: Fields): string =>
  asking(fields, 'time_expire').replace(/^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/, '$1-$2-$3T$4:$5:$6+08:00');

const requestIn = (desk: Desk, way: OrderWay, fields: Fields): OrderRequest => {
  const { appid, mchid } = desk.issued;
  if (way === 'native') asking(fields, 'product_id');
  asking(fields, 'spbill_create_ip');
  return {
    appid,
    mchid,
    out_trade_no: asking(fields, 'out_trade_no'),
    description: asking(fields, 'body'),
    attach: fields['attach'],
    notify_url: asking(fields, 'notify_url'),
    time_expire: timeIn(fields),
    amount: { total: fenIn(fields, 'total_fee'), currency: 'CNY' },
    ...(way === 'jsapi' && { payer: { openid: asking(fields, 'openid') } }),
  };
};

/**
 * 支付中签约: an order whose payer is asked to sign in the same act.
 * @see https://pay.weixin.qq.com/wiki/doc/api/pap.php?chapter=18_13&index=5
 */
export const contractOrder = (desk: Desk, fields: Fields): Fields | 'silence' => {
  const { appid, mchid } = desk.issued;
  if (asking(fields, 'contract_mchid') !== mchid || asking(fields, 'contract_appid') !== appid)
    throw invalidRequest('签约商户号与商户号不一致');
  const trade_type = asking(fields, 'trade_type');
  const way = ways.get(trade_type);
  if (way === undefined) throw paramError('trade_type');
  const { contract_code, plan_id, request_serial } = offerAgreement(desk, {
    ...fields,
    notify_url: asking(fields, 'contract_notify_url'),
    version: '1.0',
    timestamp: '0000000000',
  });
  const { order, heard } = placeOrder(desk, way, requestIn(desk, way, fields), contract_code);
  if (!heard) return 'silence';
  const opened = { native: 'code_url', h5: 'mweb_url', jsapi: 'prepay_id', app: 'prepay_id' }[way];
  return {
    contract_result_code: 'SUCCESS',
    out_trade_no: order.out_trade_no,
    trade_type,
    [opened]: order.ticket,
    plan_id,
    contract_code,
    request_serial,
  };
};

/** Whoever pays signs what is still to be signed with the order. */
export const signWith = (desk: Desk, { contract_code }: Order): void => {
  if (contract_code !== undefined) touchAgreement(desk, contract_code, 'sign');
};
