import { columnsWith, Row, shown } from '#channels/files/row.ts';
import type { Statement, StatementLine } from '#channels/statement.ts';

import { readSection, type Head } from './section.ts';
import { checkFoot, checkSummary } from './totals.ts';

/*
 * 业务明细, the bill of trades, as Alipay's real files are. Columns go by their names: newer files have more of them. A refund
 * has negative amounts, the time of its payment (创建时间) and its own (完成时间), by which the day is cut; 服务费 is negative
 * where it was taken and positive where it came back.
 */

export const titles = { detail: '支付宝业务明细查询', summary: '支付宝业务汇总查询' } as const;

const needed = [
  '支付宝交易号',
  '商户订单号',
  '业务类型',
  '完成时间',
  '订单金额(元)',
  '商家实收(元)',
  '商家优惠(元)',
  '退款批次号/请求号',
  '服务费(元)',
];

/** Columns that the summary adds up under the same name. */
const added = [
  '订单金额(元)',
  '商家实收(元)',
  '支付宝优惠(元)',
  '商家优惠(元)',
  '卡消费金额(元)',
  '服务费(元)',
  '分润(元)',
];

/** An amount whose sign says which way the money went. */
const magnitude = (row: Row, name: string, sign: 1n | -1n): bigint => {
  const amount = row.fen(name) * sign;
  return amount > 0n ? amount : row.complain(`${name} is ${shown(row.text(name))}: columns or signs may be swapped`);
};

const lineOf = (row: Row, { from, until }: Head): StatementLine => {
  const what = row.text('业务类型');
  if (what !== '交易' && what !== '退款') row.complain(`业务类型 is ${shown(what)}: only 交易 and 退款 are known`);
  const isPayment = what === '交易';
  const at = row.time('完成时间');
  if (at < from || at >= until) row.complain('完成时间 is not within the days of the file');
  // A refund that somebody made at Alipay's own desk may have no number of ours.
  const refundNo = row.text('退款批次号/请求号');
  if (isPayment && refundNo !== '') row.complain('a payment has a number of a refund: columns may be swapped');
  return {
    line: row.number,
    kind: isPayment ? 'payment' : 'refund',
    channelOrderNo: row.word('商户订单号'),
    channelTradeNo: row.word('支付宝交易号'),
    ...(refundNo !== '' && { refundNo: row.word('退款批次号/请求号') }),
    amount: magnitude(row, '订单金额(元)', isPayment ? 1n : -1n),
    currency: 'CNY',
    fee: -row.fen('服务费(元)'),
    status: 'SUCCESS',
    at,
  };
};

/** Sums of the columns by what the rows are, all by hand again. */
const sumsOf = () => {
  const sums = new Map<string, bigint>();
  return {
    add(row: Row, kind: StatementLine['kind']) {
      for (const name of added)
        if (row.has(name)) sums.set(`${kind} ${name}`, (sums.get(`${kind} ${name}`) ?? 0n) + row.fen(name));
    },
    of: (kind: StatementLine['kind'], name: string) => sums.get(`${kind} ${name}`) ?? 0n,
    both: (name: string) => (sums.get(`payment ${name}`) ?? 0n) + (sums.get(`refund ${name}`) ?? 0n),
  };
};

const money = '(-?[\\d.]+)元';
const payments = new RegExp(`^#交易合计:(\\d+)笔,商家实收共${money},商家优惠共${money}$`);
const refunds = new RegExp(`^#退款合计:(\\d+)笔,商家实收退款共${money},商家优惠退款共${money}$`);

/** Whole or not at all: the first complaint names its line. */
export const readTradeBill = (detail: Buffer, summary: Buffer | undefined): Statement => {
  let columns: ReadonlyMap<string, number> = new Map();
  const lines: StatementLine[] = [];
  const sums = sumsOf();
  const { head, foot } = readSection(detail, {
    header: (line) => {
      columns = columnsWith(line, needed, 'trade bill');
    },
    row: (line, ofFile) => {
      const row = new Row(line, columns);
      const read = lineOf(row, ofFile);
      lines.push(read);
      sums.add(row, read.kind);
    },
  });
  const count = (kind: StatementLine['kind']) => lines.filter((line) => line.kind === kind).length;
  for (const [kind, pattern] of [
    ['payment', payments],
    ['refund', refunds],
  ] as const)
    checkFoot(foot, pattern, [
      { name: kind === 'payment' ? '交易合计' : '退款合计', count: count(kind) },
      { name: '商家实收', amount: sums.of(kind, '商家实收(元)') },
      { name: '商家优惠', amount: sums.of(kind, '商家优惠(元)') },
    ]);
  if (summary)
    checkSummary(summary, {
      head,
      title: titles.summary,
      isEmpty: lines.length === 0,
      totals: [
        { name: '交易订单总笔数', count: count('payment') },
        { name: '退款订单总笔数', count: count('refund') },
        ...added.filter((name) => columns.has(name)).map((name) => ({ name, amount: sums.both(name) })),
        {
          name: '实收净额(元)',
          amount: ['商家实收(元)', '服务费(元)', '分润(元)'].reduce((net, name) => net + sums.both(name), 0n),
        },
      ],
    });
  return { judges: ['payment', 'refund'], lines, merchantsAtChannel: [head.merchant] };
};
