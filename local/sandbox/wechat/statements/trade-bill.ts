import { beijingTime } from '../../beijing.ts';
import { FEE_PPM } from '../desk.ts';
import type { PaidOrder, Refund } from '../books.ts';
import type { Issued } from '../credentials.ts';

/** One line of a trade bill: a payment, or a refund of one. */
export type Line =
  | { readonly kind: 'payment'; readonly order: PaidOrder }
  | { readonly kind: 'refund'; readonly order: PaidOrder; readonly refund: Refund };

const LEFT =
  '交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额';
const REFUNDED = '微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态';
const RIGHT = '商品名称,商户数据包,手续费,费率,订单金额';

/** @see WeChat Pay API v3, 「申请交易账单」: three files about one day, cut from the same cells. */
const columnsOf = {
  ALL: `${LEFT},${REFUNDED},${RIGHT},申请退款金额,费率备注`.split(','),
  SUCCESS: `${LEFT},${RIGHT},费率备注`.split(','),
  REFUND: `${LEFT},退款申请时间,退款成功时间,${REFUNDED},${RIGHT},申请退款金额,费率备注`.split(','),
} as const;
export type BillType = keyof typeof columnsOf;

const SUMMARY = '总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额'.split(
  ',',
);

const yuan = (fen: number): string => (fen / 100).toFixed(2);
/** Fees have five decimals in every real bill, although whole fen are charged. */
const feeYuan = (fen: number): string => (fen / 100).toFixed(5);
const rate = `${(FEE_PPM / 10_000).toFixed(2)}%`;

/** Merchant's text cannot break a line: a comma becomes a backslash and a space, a line feed a backslash and an n. */
const escaped = (text: string): string => text.replaceAll(',', '\\ ').replaceAll(/\r?\n|\r/g, '\\n');

const amountsOf = (line: Line) =>
  line.kind === 'payment'
    ? { paid: line.order.paid.amount, refunded: 0, fee: line.order.paid.fee }
    : { paid: 0, refunded: line.refund.amount, fee: -line.refund.fee };

const refundCells = (line: Line): Record<string, string> => {
  if (line.kind === 'payment') return { 微信退款单号: '0', 商户退款单号: '0' };
  const { refund } = line;
  return {
    微信退款单号: refund.refund_id,
    商户退款单号: line.order.ended === 'REVOKED' ? '0' : refund.out_refund_no,
    退款类型: 'ORIGINAL',
    退款状态: refund.succeeded_at === undefined ? 'PROCESSING' : 'SUCCESS',
    退款申请时间: beijingTime(refund.accepted_at),
    退款成功时间: refund.succeeded_at === undefined ? '' : beijingTime(refund.succeeded_at),
  };
};

/** ALL dates a refund by its acceptance, REFUND by the payment it returns: the trap real files set for their readers. */
const timeOf = (line: Line, type: BillType): string =>
  beijingTime(line.kind === 'refund' && type === 'ALL' ? line.refund.accepted_at : line.order.paid.at);

/** What went back because the order was undone has a state of its own. */
const stateOf = (line: Line): string => {
  if (line.kind === 'payment') return 'SUCCESS';
  return line.order.ended === 'REVOKED' ? 'REVOKED' : 'REFUND';
};

const cellsOf = (line: Line, type: BillType, issued: Issued): Record<string, string> => {
  const { order } = line;
  const { paid, refunded, fee } = amountsOf(line);
  return {
    交易时间: timeOf(line, type),
    公众账号ID: issued.appid,
    商户号: issued.mchid,
    特约商户号: '0',
    微信订单号: order.paid.transaction_id,
    商户订单号: order.out_trade_no,
    用户标识: order.paid.openid,
    交易类型: order.trade_type,
    交易状态: stateOf(line),
    付款银行: 'OTHERS',
    货币种类: 'CNY',
    应结订单金额: yuan(paid),
    代金券金额: yuan(0),
    ...refundCells(line),
    退款金额: yuan(refunded),
    充值券退款金额: yuan(0),
    商品名称: escaped(order.description),
    商户数据包: escaped(order.attach ?? ''),
    手续费: feeYuan(fee),
    费率: rate,
    订单金额: yuan(paid),
    申请退款金额: yuan(refunded),
  };
};

const row = (cells: readonly string[]): string => cells.map((cell) => `\`${cell}`).join(',');

/** The file as text: a byte order mark, CRLF after every line, totals that its own rows prove. */
export const tradeBill = (lines: readonly Line[], type: BillType, issued: Issued): string => {
  const columns = columnsOf[type];
  const sums = { paid: 0, refunded: 0, fee: 0 };
  const rows = lines.map((line) => {
    const { paid, refunded, fee } = amountsOf(line);
    sums.paid += paid;
    sums.refunded += refunded;
    sums.fee += fee;
    const cells = cellsOf(line, type, issued);
    return row(columns.map((column) => cells[column] ?? ''));
  });
  const totals = [sums.paid, sums.refunded, 0].map(yuan);
  const summary = [String(lines.length), ...totals, feeYuan(sums.fee), yuan(sums.paid), yuan(sums.refunded)];
  return `\uFEFF${[columns.join(','), ...rows, SUMMARY.join(','), row(summary)].map((line) => `${line}\r\n`).join('')}`;
};
