import { linesOf, utf8, type TextLine } from '#channels/files/lines.ts';
import { columnsWith, Row, shown, yuan } from '#channels/files/row.ts';
import { StatementError, type Statement, type StatementLine } from '#channels/statement.ts';

/*
 * 交易对账单. How Lakala's own file is laid out is not published; this is ours, by the names of its columns, into which what its
 * merchant site exports is brought: a header, a row for each trade, and 合计 at the end, which must agree with the rows. Each row must
 * close in itself: 结算金额 is what moved, less the fee.
 */

const columns = [
  '商户号',
  '终端号',
  '交易类型',
  '交易时间',
  '商户订单号',
  '拉卡拉流水号',
  '原商户订单号',
  '交易金额',
  '手续费',
  '结算金额',
];
const totalsName = '合计';

/** 消费 brings money; 退货 gives it back under a number of its own, 撤销 without one of ours. */
const kinds = new Map<string, StatementLine['kind']>([
  ['消费', 'payment'],
  ['退货', 'refund'],
  ['撤销', 'refund'],
]);

const cellsOf = ({ number, text }: TextLine) => ({ number, cells: text.split(',') });

const lineOf = (row: Row): StatementLine => {
  const what = row.text('交易类型');
  const kind = kinds.get(what) ?? row.complain(`交易类型 is ${shown(what)}: only 消费, 退货 and 撤销 are known`);
  const [amount, fee, settled] = [row.amount('交易金额'), row.fen('手续费'), row.fen('结算金额')];
  if (amount === 0n) row.complain('a row has no 交易金额: columns may be swapped');
  const moved = kind === 'payment' ? amount : -amount;
  if (settled !== moved - fee)
    row.complain(`结算金额 is ${shown(row.text('结算金额'))}, and the row comes to ${yuan(moved - fee)}`);
  const isNumbered = what === '退货';
  return {
    line: row.number,
    kind,
    channelOrderNo: row.word(kind === 'payment' ? '商户订单号' : '原商户订单号'),
    channelTradeNo: row.word('拉卡拉流水号'),
    ...(isNumbered && { refundNo: row.word('商户订单号') }),
    amount,
    currency: 'CNY',
    fee,
    status: what === '撤销' ? 'REVOKED' : 'SUCCESS',
    at: row.time('交易时间'),
  };
};

const checkTotals = (line: TextLine, lines: readonly StatementLine[]): void => {
  const totals = new Row(
    cellsOf(line),
    new Map([totalsName, '笔数', '手续费', '结算金额'].map((name, at) => [name, at])),
  );
  if (totals.text('笔数') !== String(lines.length))
    totals.complain(`笔数 is ${shown(totals.text('笔数'))}, and the file has ${lines.length} rows`);
  const sum = (of: (line: StatementLine) => bigint) => lines.reduce((all, each) => all + of(each), 0n);
  const fees = sum(({ fee }) => fee);
  const settled = sum(({ kind, amount, fee }) => (kind === 'payment' ? amount : -amount) - fee);
  for (const [name, due] of [
    ['手续费', fees],
    ['结算金额', settled],
  ] as const)
    if (totals.fen(name) !== due)
      totals.complain(`${name} is ${shown(totals.text(name))}, and the rows add up to ${yuan(due)}`);
};

/** Whole or not at all: the first complaint names its line. */
export const readStatement = (bytes: Buffer): Statement => {
  const rest = linesOf(bytes, utf8);
  const header = rest.next().value;
  if (!header) throw new StatementError(1, 'the file is empty');
  const named = columnsWith(cellsOf(header), columns, '交易对账单 of Lakala');
  const lines: StatementLine[] = [];
  const merchants = new Set<string>();
  let last = header.number;
  let isWhole = false;
  for (const line of rest) {
    if (isWhole) throw new StatementError(line.number, `something follows ${totalsName}, which must be the end`);
    last = line.number;
    if (line.text.startsWith(`${totalsName},`)) {
      checkTotals(line, lines);
      isWhole = true;
      continue;
    }
    const row = new Row(cellsOf(line), named);
    lines.push(lineOf(row));
    merchants.add(row.word('商户号'));
  }
  if (!isWhole) throw new StatementError(last, `the file ends here without ${totalsName}: it was cut short`);
  return { judges: ['payment', 'refund'], lines, merchantsAtChannel: [...merchants] };
};
