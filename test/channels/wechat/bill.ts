/** Trade bills of WeChat as its documents and its real files show them, written by us for tests. */

export const columns = {
  ALL: '交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注',
  SUCCESS:
    '交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,商品名称,商户数据包,手续费,费率,订单金额,费率备注',
  REFUND:
    '交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,退款申请时间,退款成功时间,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注',
} as const;
export type BillKind = keyof typeof columns;

const summaryColumns = '总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额';

export interface BillRow {
  readonly kind: 'payment' | 'refund';
  readonly orderNo: string;
  readonly tradeNo: string;
  readonly refundNo?: string;
  readonly amount: bigint;
  readonly fee: bigint;
  readonly at: string;
  readonly acceptedAt?: string;
  readonly subject?: string;
  /** Cells by the names of their columns, instead of what the row would say. */
  readonly cells?: Readonly<Record<string, string>>;
}

export const yuan = (fen: bigint, decimals = 2): string => {
  const digits = String(fen < 0n ? -fen : fen).padStart(3, '0');
  return `${fen < 0n ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2).padEnd(decimals, '0')}`;
};

const cellsOf = (row: BillRow): Record<string, string> => ({
  交易时间: row.at,
  公众账号ID: 'wxab8acd895ab1638a',
  商户号: '1900000001',
  特约商户号: '0',
  设备号: '',
  微信订单号: row.tradeNo,
  商户订单号: row.orderNo,
  用户标识: 'oHkLxt5HnHcBDewv4dLc8xivG1DuE',
  交易类型: 'NATIVE',
  交易状态: row.kind === 'payment' ? 'SUCCESS' : 'REFUND',
  付款银行: 'OTHERS',
  货币种类: 'CNY',
  应结订单金额: yuan(row.kind === 'payment' ? row.amount : 0n),
  代金券金额: '0.00',
  退款申请时间: row.acceptedAt ?? row.at,
  退款成功时间: '',
  微信退款单号: row.kind === 'payment' ? '0' : '50000709672019011908420787722',
  商户退款单号: row.refundNo ?? '0',
  退款金额: yuan(row.kind === 'refund' ? row.amount : 0n),
  充值券退款金额: '0.00',
  退款类型: row.kind === 'payment' ? '' : 'ORIGINAL',
  退款状态: row.kind === 'payment' ? '' : 'PROCESSING',
  商品名称: row.subject ?? 'autotest',
  商户数据包: '',
  手续费: yuan(row.fee, 5),
  费率: '0.60%',
  订单金额: yuan(row.kind === 'payment' ? row.amount : 0n),
  申请退款金额: yuan(row.kind === 'refund' ? row.amount : 0n),
  费率备注: '',
  ...row.cells,
});

export interface BillStyle {
  readonly kind?: BillKind;
  readonly header?: string;
  readonly bom?: boolean;
  readonly end?: '\r\n' | '\n';
  /** Which cells have their backtick. */
  readonly backtick?: (row: number, cell: number) => boolean;
}

export const billLines = (rows: readonly BillRow[], style: BillStyle = {}): string[] => {
  const header = style.header ?? columns[style.kind ?? 'ALL'];
  const mark = style.backtick ?? (() => true);
  const line = (values: readonly string[], row: number) =>
    values.map((value, cell) => (mark(row, cell) ? `\`${value}` : value)).join(',');
  const total = (kind: BillRow['kind']) => rows.reduce((sum, row) => (row.kind === kind ? sum + row.amount : sum), 0n);
  const fees = rows.reduce((sum, row) => sum + row.fee, 0n);
  const [paid, back] = [yuan(total('payment')), yuan(total('refund'))];
  return [
    header,
    ...rows.map((row, index) => {
      const cells = cellsOf(row);
      return line(
        header.split(',').map((name) => cells[name] ?? ''),
        index,
      );
    }),
    summaryColumns,
    line([`${rows.length}.0`, paid, back, '0.0', yuan(fees, 5), paid, back], rows.length),
  ];
};

export const fileOf = (lines: readonly string[], { bom = true, end = '\r\n' }: BillStyle = {}): Buffer =>
  Buffer.from((bom ? '\uFEFF' : '') + lines.map((line) => line + end).join(''));

export const bill = (rows: readonly BillRow[], style: BillStyle = {}): Buffer => fileOf(billLines(rows, style), style);

export const someRows: readonly BillRow[] = [
  {
    kind: 'payment',
    orderNo: 'ORDER00001',
    tradeNo: '4200000263201902167700134201',
    amount: 10_000n,
    fee: 60n,
    at: '2026-01-31 00:00:00',
  },
  {
    kind: 'payment',
    orderNo: 'ORDER00002',
    tradeNo: '4200000263201902167700134202',
    amount: 1n,
    fee: 0n,
    at: '2026-01-31 12:30:01',
    subject: '"quoted" 茶',
  },
  {
    kind: 'refund',
    orderNo: 'ORDER00001',
    tradeNo: '4200000263201902167700134201',
    refundNo: 'REFUND0001',
    amount: 1_234n,
    fee: -7n,
    at: '2026-01-31 23:59:59',
  },
];
