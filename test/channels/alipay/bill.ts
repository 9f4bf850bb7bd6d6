import { gbk } from '../gbk.ts';
import { zip } from '../zip.ts';

/** Bills of Alipay as its real files show them, written by us for tests. */

export const tradeColumns =
  '支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,订单金额（元）,商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,券名称,商家红包消费金额（元）,卡消费金额（元）,退款批次号/请求号,服务费（元）,分润（元）,备注';
export const tradeSummaryColumns =
  '门店编号,门店名称,交易订单总笔数,退款订单总笔数,订单金额（元）,商家实收（元）,支付宝优惠（元）,商家优惠（元）,卡消费金额（元）,服务费（元）,分润（元）,实收净额（元）';
export const fundColumns =
  '账务流水号,业务流水号,商户订单号,商品名称,发生时间,对方账号,收入金额（+元）,支出金额（-元）,账户余额（元）,交易渠道,业务类型,备注';
const fundSummaryColumns = '类型,收入笔数,收入金额（+元）,支出笔数,支出金额（-元）,总金额（元）';

export const account = '20880000000000010156';

export const yuan = (fen: bigint): string => {
  const digits = String(fen < 0n ? -fen : fen).padStart(3, '0');
  return `${fen < 0n ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
};

export interface TradeRow {
  readonly kind: 'payment' | 'refund';
  readonly orderNo: string;
  readonly tradeNo: string;
  readonly refundNo?: string;
  readonly amount: bigint;
  /** As a cost to us: negative where it came back. */
  readonly fee: bigint;
  readonly at: string;
  readonly subject?: string;
  readonly cells?: Readonly<Record<string, string>>;
}

const signed = (row: TradeRow) => (row.kind === 'payment' ? row.amount : -row.amount);

const cellsOf = (row: TradeRow): Record<string, string> => ({
  支付宝交易号: `${row.tradeNo}\t`,
  商户订单号: `${row.orderNo}\t`,
  业务类型: `${row.kind === 'payment' ? '交易' : '退款'}\t`,
  商品名称: row.subject ?? '一杯茶',
  创建时间: '2026-01-29 11:00:00',
  完成时间: row.at,
  门店编号: '\t',
  门店名称: '\t',
  操作员: '\t',
  终端号: '\t',
  对方账户: '*测(138******00)\t',
  '订单金额（元）': yuan(signed(row)),
  '商家实收（元）': yuan(signed(row)),
  '支付宝红包（元）': '0.00',
  '集分宝（元）': '0.00',
  '支付宝优惠（元）': '0.00',
  '商家优惠（元）': '0.00',
  '券核销金额（元）': '0.00',
  券名称: '',
  '商家红包消费金额（元）': '0.00\t',
  '卡消费金额（元）': '0.00',
  '退款批次号/请求号': `${row.refundNo ?? ''}\t`,
  '服务费（元）': yuan(-row.fee),
  '分润（元）': '0.00',
  备注: '',
  ...row.cells,
});

const dash = (text: string) =>
  `#-----------------------------------------${text}----------------------------------------`;

export interface BillStyle {
  readonly account?: string;
  readonly day?: string;
  readonly header?: string;
  readonly end?: string;
}

const tomorrow = (day: string) => new Date(Date.parse(`${day}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10);
const chinese = (day: string) => `${day.slice(0, 4)}年${day.slice(5, 7)}月${day.slice(8)}日 00:00:00`;

const head = (title: string, list: string, style: BillStyle): string[] => {
  const day = style.day ?? '2026-01-30';
  return [
    `#支付宝${title}查询`,
    `#账号：[${style.account ?? account}]`,
    `#起始日期：[${chinese(day)}]   终止日期：[${chinese(tomorrow(day))}]`,
    dash(list),
  ];
};
const exported = '#导出时间：[2026年01月31日 08:30:00]';

const sum = (amounts: readonly bigint[]) => amounts.reduce((total, amount) => total + amount, 0n);

export const tradeLines = (rows: readonly TradeRow[], style: BillStyle = {}): string[] => {
  const header = style.header ?? tradeColumns;
  const of = (kind: TradeRow['kind']) => rows.filter((row) => row.kind === kind);
  const total = (kind: TradeRow['kind']) => yuan(sum(of(kind).map(signed)));
  return [
    ...head('业务明细', '业务明细列表', style),
    header,
    ...rows.map((row) => {
      const cells = cellsOf(row);
      return header
        .split(',')
        .map((name) => cells[name] ?? '')
        .join(',');
    }),
    dash('业务明细列表结束'),
    `#交易合计：${of('payment').length}笔，商家实收共${total('payment')}元，商家优惠共0.00元`,
    `#退款合计：${of('refund').length}笔，商家实收退款共${total('refund')}元，商家优惠退款共0.00元`,
    exported,
  ];
};

export const tradeSummaryLines = (rows: readonly TradeRow[], style: BillStyle = {}): string[] => {
  const count = (kind: TradeRow['kind']) => rows.filter((row) => row.kind === kind).length;
  const [all, fees] = [sum(rows.map(signed)), sum(rows.map(({ fee }) => -fee))];
  const amounts = [all, all, 0n, 0n, 0n, fees, 0n, all + fees].map(yuan);
  return [
    ...head('业务汇总', '业务汇总列表', style),
    tradeSummaryColumns,
    ...(rows.length > 0 ? [['合计\t', '\t', count('payment'), count('refund'), ...amounts].join(',')] : []),
    dash('业务汇总列表结束'),
    exported,
  ];
};

export interface FundRow {
  readonly type: string;
  readonly orderNo: string;
  readonly tradeNo: string;
  /** Negative when it went. */
  readonly amount: bigint;
  readonly at: string;
  readonly cells?: Readonly<Record<string, string>>;
}

export const fundLines = (rows: readonly FundRow[], style: BillStyle = {}): string[] => {
  const header = style.header ?? fundColumns;
  const [came, went] = [rows.filter(({ amount }) => amount > 0n), rows.filter(({ amount }) => amount < 0n)];
  const total = (some: readonly FundRow[]) => `${some.length}笔，共${yuan(sum(some.map(({ amount }) => amount)))}元`;
  return [
    ...head('账务明细', '账务明细列表', style),
    header,
    ...rows.map(({ type, orderNo, tradeNo, amount, at, cells: more }, index) => {
      const cells: Record<string, string> = {
        账务流水号: `31400000000${index}\t`,
        业务流水号: `${tradeNo}\t`,
        商户订单号: `${orderNo}\t`,
        商品名称: '一杯茶\t',
        发生时间: at,
        对方账号: '*测 (138******00)\t',
        '收入金额（+元）': yuan(amount > 0n ? amount : 0n),
        '支出金额（-元）': yuan(amount < 0n ? amount : 0n),
        '账户余额（元）': '1000.00',
        交易渠道: '支付宝',
        业务类型: type,
        备注: '',
        ...more,
      };
      return header
        .split(',')
        .map((name) => cells[name] ?? '')
        .join(',');
    }),
    dash('账务明细列表结束'),
    `#支出合计：${total(went)}`,
    `#收入合计：${total(came)}`,
    exported,
  ];
};

export const fundSummaryLines = (rows: readonly FundRow[], style: BillStyle = {}): string[] => {
  const [came, went] = [rows.filter(({ amount }) => amount > 0n), rows.filter(({ amount }) => amount < 0n)];
  const total = (some: readonly FundRow[]) => sum(some.map(({ amount }) => amount));
  const both = [came, went].flatMap((some) => [some.length, yuan(total(some))]);
  return [
    ...head('账务汇总', '账务汇总列表', style),
    fundSummaryColumns,
    ...(rows.length > 0 ? [['合计', ...both, yuan(total(rows))].join(',')] : []),
    dash('账务汇总列表结束'),
    exported,
  ];
};

export const fileOf = (lines: readonly string[], end = '\r\n'): Buffer => gbk(lines.map((line) => line + end).join(''));

/** The summary comes first, as it does in some real ones. */
export const archiveOf = (detail: Buffer, summary: Buffer, word = '业务'): Buffer =>
  zip([
    { name: gbk(`${account}_20260130_${word}明细(汇总).csv`), bytes: summary },
    { name: gbk(`${account}_20260130_${word}明细.csv`), bytes: detail },
  ]);

export const tradeArchive = (rows: readonly TradeRow[], style: BillStyle = {}): Buffer =>
  archiveOf(fileOf(tradeLines(rows, style), style.end), fileOf(tradeSummaryLines(rows, style), style.end));

export const fundArchive = (rows: readonly FundRow[], style: BillStyle = {}): Buffer =>
  archiveOf(fileOf(fundLines(rows, style), style.end), fileOf(fundSummaryLines(rows, style), style.end), '账务');

export const someRows: readonly TradeRow[] = [
  {
    kind: 'payment',
    orderNo: 'ORDER00001',
    tradeNo: '2026013022001400000000000001',
    amount: 10_000n,
    fee: 60n,
    at: '2026-01-30 00:00:00',
  },
  {
    kind: 'payment',
    orderNo: 'ORDER00002',
    tradeNo: '2026013022001400000000000002',
    amount: 1n,
    fee: 0n,
    at: '2026-01-30 12:30:01',
    subject: '"quoted" 茶',
  },
  {
    kind: 'refund',
    orderNo: 'ORDER00001',
    tradeNo: '2026013022001400000000000001',
    refundNo: 'REFUND0001',
    amount: 1_234n,
    fee: -7n,
    at: '2026-01-30 23:59:59',
  },
];
