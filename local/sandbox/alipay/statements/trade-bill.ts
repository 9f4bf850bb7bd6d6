import { beijingTime } from '../../beijing.ts';
import type { PaidOrder, Refund } from '../trade/books.ts';
import { price } from '../trade/views.ts';
import { plain, sheet, tabbed } from './sheet.ts';

/** One line of a trade bill: a payment, or a refund of one. */
export type Line =
  | { readonly kind: 'payment'; readonly order: PaidOrder }
  | { readonly kind: 'refund'; readonly order: PaidOrder; readonly refund: Refund };

const COLUMNS =
  '支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,订单金额（元）,商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,券名称,商家红包消费金额（元）,卡消费金额（元）,退款批次号/请求号,服务费（元）,分润（元）,备注'.split(
    ',',
  );
const SUMMARY =
  '门店编号,门店名称,交易订单总笔数,退款订单总笔数,订单金额（元）,商家实收（元）,支付宝优惠（元）,商家优惠（元）,卡消费金额（元）,服务费（元）,分润（元）,实收净额（元）'.split(
    ',',
  );

/** Money that came is positive and its fee negative; money that went back is the other way round. */
const amountsOf = (line: Line) =>
  line.kind === 'payment'
    ? { amount: line.order.paid.amount, fee: -line.order.paid.fee }
    : { amount: -line.refund.amount, fee: line.refund.fee };

/** 创建时间 is the trade's, of a refund too; 完成时间 is the line's own and decides its day. */
const row = (line: Line): string => {
  const { order } = line;
  const { amount, fee } = amountsOf(line);
  const none = '0.00';
  return [
    tabbed(order.trade.trade_no),
    tabbed(order.out_trade_no),
    tabbed(line.kind === 'payment' ? '交易' : '退款'),
    plain(order.subject),
    beijingTime(order.trade.at),
    beijingTime(line.kind === 'payment' ? order.paid.at : line.refund.at),
    ...['', '', '', ''].map(tabbed),
    tabbed(`*测(${order.trade.buyer_logon_id})`),
    price(amount),
    price(amount),
    none,
    none,
    none,
    none,
    none,
    '',
    tabbed(none),
    none,
    tabbed(line.kind === 'payment' ? '' : line.refund.out_request_no),
    price(fee),
    none,
    '',
  ].join(',');
};

const totalOf = (lines: readonly Line[]) => ({
  count: lines.length,
  amount: lines.reduce((sum, line) => sum + amountsOf(line).amount, 0),
  fee: lines.reduce((sum, line) => sum + amountsOf(line).fee, 0),
});

interface Day {
  readonly account: string;
  readonly date: string;
}

/** 业务明细: every line of the day, and totals that its own lines prove. */
export const tradeDetail = (lines: readonly Line[], day: Day): string => {
  const payments = totalOf(lines.filter(({ kind }) => kind === 'payment'));
  const refunds = totalOf(lines.filter(({ kind }) => kind === 'refund'));
  return sheet({
    ...day,
    title: '业务明细',
    columns: COLUMNS,
    rows: lines.map(row),
    totals: [
      `#交易合计：${payments.count}笔，商家实收共${price(payments.amount)}元，商家优惠共0.00元`,
      `#退款合计：${refunds.count}笔，商家实收退款共${price(refunds.amount)}元，商家优惠退款共0.00元`,
    ],
  });
};

/** 业务汇总: the same day in one line. */
export const tradeSummary = (lines: readonly Line[], day: Day): string => {
  const { amount, fee } = totalOf(lines);
  const count = (kind: Line['kind']) => String(lines.filter((line) => line.kind === kind).length);
  const sums = [amount, amount, 0, 0, 0, fee, 0, amount + fee].map(price);
  const cells = [tabbed('合计'), tabbed(''), count('payment'), count('refund'), ...sums];
  return sheet({ ...day, title: '业务汇总', columns: SUMMARY, rows: [cells.join(',')], totals: [] });
};
