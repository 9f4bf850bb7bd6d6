import { omenOf } from '../../omens.ts';
import { isPaid, tradeState, type Order } from '../books.ts';
import { notifyVersion2 } from '../callbacks.ts';
import { nowOf, takesFault, type Desk } from '../desk.ts';
import { digestOf, orderPaid, registered, takeMoney } from '../orders.ts';
import { invalidRequest, Refusal, systemError } from '../refusal.ts';
import { orderFields } from '../views.ts';
import { asking, fenIn, type Fields } from '../version-2/fields.ts';

/** A deduction that was taken is made a moment later. */
const TAKEN_AFTER_MS = 40;
const OPEN_MS = 7 * 86_400_000;

const accepted: Fields = {};

/** The same number again deducts nothing more. */
const again = (desk: Desk, order: Order, digest: string): Fields => {
  if (order.digest !== digest) throw invalidRequest('请求重入时，参数与首次请求时不一致');
  if (isPaid(order)) throw orderPaid();
  if (tradeState(order, nowOf(desk)) !== 'ACCEPT') throw new Refusal(400, 'ORDER_CLOSED', '该订单已关闭');
  throw new Refusal(400, 'ORDER_ACCEPTED', '扣款请求已受理，请勿重复发起');
};

/** It was taken, and no money came: told, and said when it is asked about. */
export const failDeduction = (desk: Desk, order: Order): void => {
  const failed: Order = { ...order, failures: order.failures + 1, closed_at: nowOf(desk), ended: 'PAYERROR' };
  desk.books.saveOrder(failed);
  if (failed.notify_url === undefined) return;
  const { appid, mchid: mch_id } = desk.issued;
  const refusal = { result_code: 'FAIL', err_code: 'NOTENOUGH', err_code_des: '用户账户余额不足' };
  notifyVersion2(desk, failed.notify_url, {
    appid,
    mch_id,
    ...refusal,
    ...orderFields(failed, desk.issued, nowOf(desk)),
  });
};

/**
 * 申请扣款: the answer says that it was taken, and nothing of money. How it goes is read off the payer's name at the merchant.
 * @see https://pay.weixin.qq.com/wiki/doc/api/pap.php?chapter=18_3&index=7
 */
export const applyDeduction = (desk: Desk, fields: Fields): Fields | Refusal | 'silence' => {
  const contract_id = asking(fields, 'contract_id');
  if (asking(fields, 'trade_type') !== 'PAP') throw new Refusal(400, 'PARAM_ERROR', 'trade_type');
  asking(fields, 'spbill_create_ip');
  const request = {
    out_trade_no: asking(fields, 'out_trade_no'),
    description: asking(fields, 'body'),
    attach: fields['attach'],
    notify_url: asking(fields, 'notify_url'),
    amount: { total: fenIn(fields, 'total_fee') },
  };
  const digest = digestOf('pap', { ...request, contract_id });
  const known = desk.books.order(request.out_trade_no);
  if (known !== undefined) return again(desk, known, digest);
  const agreement = desk.agreements.named('contract_id', contract_id);
  if (agreement?.status !== 'SIGNED') throw new Refusal(400, 'CONTRACT_NOT_EXIST', '签约协议不存在或已解约');
  const now = nowOf(desk);
  const order = registered('PAP', request, { digest, now, expires: now + OPEN_MS, openid: agreement.openid });
  if (takesFault(desk, 'timeout_but_paid')) {
    takeMoney(desk, order);
    return 'silence';
  }
  const omen = omenOf(agreement.display_account);
  if (omen === 'refused') failDeduction(desk, order);
  else desk.books.saveOrder(omen === 'waits' ? order : { ...order, takes_at: now + TAKEN_AFTER_MS });
  return omen === 'unknown' ? systemError() : accepted;
};
