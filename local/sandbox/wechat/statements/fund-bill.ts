import { beijingDay, beijingTime } from '../../beijing.ts';
import { isPaid } from '../books.ts';
import type { Desk } from '../desk.ts';

/** One thing that happened to the merchant's money. */
interface Movement {
  readonly at: number;
  readonly business: string;
  readonly trade: string;
  readonly name: string;
  readonly type: string;
  readonly income: boolean;
  readonly amount: number;
  readonly by: string;
  readonly remark: string;
  readonly voucher: string;
}

const HEADER =
  '记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元),账户结余(元),资金变更提交申请人,备注,业务凭证号';
const SUMMARY = '资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额';

const yuan = (fen: number): string => (fen / 100).toFixed(2);

/** A payment comes in gross and its fee goes out; of fees that round to nothing there is no row. */
const paymentsOf = (desk: Desk, until: number): Movement[] =>
  desk.books.paidWithin(0, until).flatMap((order) => {
    const { at, transaction_id, amount, fee } = order.paid;
    const about = { at, business: transaction_id, trade: transaction_id, name: '交易', by: 'system', remark: '' };
    const voucher = order.out_trade_no;
    const gross = { ...about, voucher, type: '交易', income: true, amount };
    return fee > 0 ? [gross, { ...about, voucher, type: '扣除交易手续费', income: false, amount: fee }] : [gross];
  });

/** A refund goes out when it is accepted, and its share of the fee comes back. Its 资金流水单号 is the payment's own number, as in real files. */
const refundsOf = (desk: Desk, until: number): Movement[] =>
  desk.books.acceptedWithin(0, until).flatMap((refund) => {
    const order = desk.books.order(refund.out_trade_no);
    if (order === undefined || !isPaid(order)) return [];
    const { accepted_at: at, refund_id: business, transaction_id: trade, out_refund_no: voucher, amount, fee } = refund;
    const remark = `退款总金额${yuan(amount)}元;含手续费${yuan(fee)}元`;
    const about = { at, business, trade, name: '退款', by: `${desk.issued.mchid}API`, remark, voucher };
    const back = { ...about, type: '退款', income: false, amount };
    return fee > 0 ? [back, { ...about, type: '退还交易手续费', income: true, amount: fee }] : [back];
  });

/** A transfer goes out when its user takes it. How real bills show one is not known; the name is the product's. */
const transfersOf = (desk: Desk, until: number): Movement[] =>
  desk.transfers
    .all()
    .filter(({ state, updated_at }) => state === 'SUCCESS' && updated_at < until)
    .map(({ updated_at: at, transfer_bill_no, out_bill_no: voucher, amount, remark }) => {
      const about = { at, business: transfer_bill_no, trade: transfer_bill_no, remark, voucher };
      return { ...about, name: '商家转账', type: '商家转账', income: false, amount, by: `${desk.issued.mchid}API` };
    });

const signed = ({ income, amount }: Movement): number => (income ? amount : -amount);

const row = (cells: readonly string[]): string => cells.map((cell) => `\`${cell}`).join(',');

const total = (movements: readonly Movement[], income: boolean): readonly string[] => {
  const some = movements.filter((movement) => movement.income === income);
  return [String(some.length), yuan(some.reduce((sum, { amount }) => sum + amount, 0))];
};

/**
 * 资金账单 of a day's account BASIC: the money of the trade bill and of transfers, one row for each movement, and what was left after
 * each. Nothing is ever drawn from the account. undefined for a day on which nothing moved. Faults of statements are those of the trade bill.
 */
export const fundStatement = (desk: Desk, date: string): Buffer | undefined => {
  const { from, until } = beijingDay(date);
  const all = [...paymentsOf(desk, until), ...refundsOf(desk, until), ...transfersOf(desk, until)].toSorted(
    (one, other) => one.at - other.at,
  );
  const before = all.filter(({ at }) => at < from);
  const day = all.slice(before.length);
  if (day.length === 0) return undefined;
  let balance = before.reduce((sum, movement) => sum + signed(movement), 0);
  const rows = day.map((movement) => {
    balance += signed(movement);
    const { at, business, trade, name, type, income, amount, by, remark, voucher } = movement;
    const money = [income ? '收入' : '支出', yuan(amount), yuan(balance)];
    return row([beijingTime(at), business, trade, name, type, ...money, by, remark, voucher]);
  });
  const summary = row([String(day.length), ...total(day, true), ...total(day, false)]);
  return Buffer.from(`\uFEFF${[HEADER, ...rows, SUMMARY, summary].map((line) => `${line}\r\n`).join('')}`, 'utf8');
};
