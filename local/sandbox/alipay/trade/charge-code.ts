import { nowOf, takesFault, type Desk } from '../desk.ts';
import { refused, systemError, type Refusal } from '../wire/refusal.ts';
import type { CodeRequest } from '../wire/requests.ts';
import { omenOf } from '../../omens.ts';
import { isPayerCode } from './codes.ts';
import { placeOrder, startTrade, takeMoney, type Addresses } from './trades.ts';
import { codeView } from './views.ts';

/**
 * Charges a payer by the code on the payer's phone. The answer may be that the payer is asked for a password: then the
 * merchant asks until it knows, or cancels. @see https://opendocs.alipay.com/open/1f1fe18c_alipay.trade.pay
 */
export const chargeCode = (desk: Desk, request: CodeRequest, addresses: Addresses): object | Refusal | 'silence' => {
  const omen = omenOf(request.auth_code);
  if (!isPayerCode(request.auth_code) || omen === 'invalid')
    throw refused('ACQ.PAYMENT_AUTH_CODE_INVALID', '支付失败，获取顾客账户信息失败，请顾客刷新付款码后重新收款');
  const order = startTrade(desk, placeOrder(desk, 'code', request, addresses));
  if (takesFault(desk, 'timeout_but_paid')) {
    takeMoney(desk, order);
    return 'silence';
  }
  if (omen === 'waits') return codeView(order);
  if (omen === 'refused') {
    desk.books.saveOrder({ ...order, closed_at: nowOf(desk) });
    return refused('ACQ.BUYER_BALANCE_NOT_ENOUGH', '买家余额不足');
  }
  const paid = takeMoney(desk, order);
  return omen === 'unknown' ? systemError() : codeView(paid);
};
