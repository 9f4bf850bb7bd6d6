import { beijingDate } from '../../beijing.ts';
import { omenOf } from '../../omens.ts';
import { nowOf, takesFault, type Desk } from '../desk.ts';
import { placeOrder, startTrade, takeMoney, type Addresses } from '../trade/trades.ts';
import { codeView } from '../trade/views.ts';
import { refused, systemError, type Refusal } from '../wire/refusal.ts';
import type { WithholdRequest } from '../wire/requests.ts';
import type { Agreement } from './book.ts';

const refuseUnlessAgreed = (
  desk: Desk,
  agreement: Agreement | undefined,
  { total_amount }: WithholdRequest,
): Agreement => {
  if (agreement?.status !== 'NORMAL') throw refused('ACQ.AGREEMENT_NOT_EXIST', '用户协议不存在或已解约');
  if (agreement.single_amount !== undefined && total_amount > agreement.single_amount)
    throw refused('ACQ.CYCLE_PAY_SINGLE_FEE_EXCEED', '商家扣款的单笔金额超过签约时限制');
  if (agreement.first_on !== undefined && beijingDate(nowOf(desk)) < agreement.first_on)
    throw refused('ACQ.CYCLE_PAY_DATE_NOT_MATCH', '扣款日期不在签约时的允许范围之内');
  return agreement;
};

/**
 * 商家扣款: what the payer has agreed to is taken without asking. How it goes is read off the payer's login at the merchant.
 * @see https://opendocs.alipay.com/open/38d751b1_alipay.trade.pay
 */
export const chargeAgreement = (
  desk: Desk,
  request: WithholdRequest,
  addresses: Addresses,
): object | Refusal | 'silence' => {
  const { agreement_no } = request.agreement_params;
  const known = desk.books.order(request.out_trade_no);
  const { logon_id = '' } =
    known === undefined ? refuseUnlessAgreed(desk, desk.agreements.named('agreement_no', agreement_no), request) : {};
  const order = startTrade(desk, placeOrder(desk, 'agreement', request, addresses));
  const omen = omenOf(logon_id);
  if (omen === 'refused') {
    desk.books.saveOrder({ ...order, closed_at: nowOf(desk) });
    return refused('ACQ.BUYER_BALANCE_NOT_ENOUGH', '买家余额不足');
  }
  if (omen === 'waits') return codeView(order);
  const paid = takeMoney(desk, order);
  if (takesFault(desk, 'timeout_but_paid')) return 'silence';
  return omen === 'unknown' ? systemError() : codeView(paid);
};
