/** 交易对账单 as it is brought here: a header, rows, and what they come to. Amounts in fen. */
export interface TradeRow {
  readonly what?: '消费' | '退货' | '撤销';
  readonly at?: string;
  readonly no?: string;
  readonly tradeNo?: string;
  readonly origin?: string;
  readonly amount: number;
  readonly fee: number;
}

export const merchantNo = '82229007392000A';

export const yuan = (fen: number) => (fen / 100).toFixed(2);

const moved = ({ what = '消费', amount }: TradeRow) => (what === '消费' ? amount : -amount);

export const header = '商户号,终端号,交易类型,交易时间,商户订单号,拉卡拉流水号,原商户订单号,交易金额,手续费,结算金额';

const lineOf = (row: TradeRow): string => {
  const { what = '消费', at = '2026-01-30 18:00:01', no = '01KG7X0000ORDER0000000001AA', origin = '' } = row;
  const { tradeNo = '2026013066210309260100', amount, fee } = row;
  return [
    merchantNo,
    'D9296400',
    what,
    at,
    no,
    tradeNo,
    origin,
    yuan(amount),
    yuan(fee),
    yuan(moved(row) - fee),
  ].join();
};

export const statementOf = (rows: readonly TradeRow[], over: { readonly totals?: string } = {}): Buffer => {
  const sum = (of: (row: TradeRow) => number) => yuan(rows.reduce((all, row) => all + of(row), 0));
  const totals = `合计,${rows.length},${sum(({ fee }) => fee)},${sum((row) => moved(row) - row.fee)}`;
  return Buffer.from(`\uFEFF${[header, ...rows.map(lineOf), over.totals ?? totals].join('\r\n')}\r\n`);
};

export const someRows: readonly TradeRow[] = [
  { amount: 12_345, fee: 74 },
  { what: '退货', no: 'REFUND1', origin: '01KG7X0000ORDER0000000001AA', tradeNo: '202601306621', amount: 345, fee: -2 },
  { what: '撤销', no: 'X1R', origin: '01KG7X0000ORDER0000000002AA', tradeNo: '202601306622', amount: 100, fee: -1 },
];
