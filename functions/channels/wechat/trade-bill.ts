import type { TextLine } from '#channels/files/lines.ts';
import { shown, yuan, type Row } from '#channels/files/row.ts';
import { StatementError, type Statement, type StatementLine } from '#channels/statement.ts';

import { namesIn, rowOf } from './bill-row.ts';
import { cellsOf, readParts } from './bill-text.ts';

/*
 * 交易账单, the trade bill, as WeChat documents it and as its real files are: a header, rows, a header of totals, totals.
 * Columns go by their names, since accounts of different ages have different ones. All totals are computed again: a bill
 * that does not close in itself is not believed in any part.
 */

/** Columns with money, and the total of each. A bill of successes has totals for columns that it has not: these are zero. */
const totals = new Map([
  ['应结订单总金额', '应结订单金额'],
  ['退款总金额', '退款金额'],
  ['充值券退款总金额', '充值券退款金额'],
  ['手续费总金额', '手续费'],
  ['订单总金额', '订单金额'],
  ['申请退款总金额', '申请退款金额'],
]);
const countName = '总交易单数';

const common = ['交易时间', '商户号', '微信订单号', '商户订单号', '交易状态', '货币种类', '手续费', '订单金额'];
const ofRefunds = ['商户退款单号', '退款状态', '申请退款金额'];

interface Layout {
  readonly kind: 'ALL' | 'SUCCESS' | 'REFUND';
  readonly columns: ReadonlyMap<string, number>;
}

const layoutOf = (header: TextLine): Layout => {
  const columns = namesIn(header);
  if (columns.has('资金流水单号') || columns.has('记账时间'))
    throw new StatementError(header.number, 'this is a fund bill (资金账单); a trade bill (交易账单) is needed here');
  // 退款申请时间 is only in a bill of refunds; a bill of successes has no column of refunds at all.
  const hasRefunds = ofRefunds.some((name) => columns.has(name));
  const kind = columns.has('退款申请时间') ? 'REFUND' : hasRefunds ? 'ALL' : 'SUCCESS';
  const missing = [...common, ...(kind === 'SUCCESS' ? [] : ofRefunds)].filter((name) => !columns.has(name));
  if (missing.length > 0)
    throw new StatementError(header.number, `this is not a trade bill: it has no column ${missing.join(', ')}`);
  return { kind, columns };
};

const lineOf = (row: Row, layout: Layout): StatementLine => {
  const state = row.text('交易状态');
  const currency = row.text('货币种类');
  if (currency !== 'CNY') row.complain(`货币种类 is ${shown(currency)}: only CNY is handled`);
  const both = {
    line: row.number,
    channelOrderNo: row.word('商户订单号'),
    channelTradeNo: row.word('微信订单号'),
    currency,
    fee: row.fen('手续费'),
  };
  if (state === 'SUCCESS') return { ...both, kind: 'payment', ...payment(row, layout) };
  if (state === 'REFUND' || state === 'REVOKED') return { ...both, kind: 'refund', ...refund(row, layout, state) };
  return row.complain(`交易状态 is ${shown(state)}: only SUCCESS, REFUND and REVOKED are known`);
};

const payment = (row: Row, { kind }: Layout) => {
  if (kind === 'REFUND') row.complain('a payment stands in a bill of refunds');
  const amount = row.amount('订单金额');
  if (amount === 0n) row.complain('a payment has no 订单金额: columns may be swapped');
  if (kind === 'ALL' && row.amount('申请退款金额') !== 0n)
    row.complain('a payment has a 申请退款金额: columns may be swapped');
  return { amount, status: 'SUCCESS', at: row.time('交易时间') };
};

/**
 * A refund is dated by its acceptance: 交易时间 of a bill of everything, 退款申请时间 of a bill of refunds, where 交易时间 is that
 * of the payment. Rows are never updated, so 退款状态 may say PROCESSING for ever.
 * REVOKED is a payment by the payer's code that was reversed: money went back like a refund's, perhaps without a number of ours.
 */
const refund = (row: Row, { kind }: Layout, state: 'REFUND' | 'REVOKED') => {
  if (kind === 'SUCCESS') row.complain('a refund stands in a bill of payments');
  const amount = row.amount('申请退款金额');
  if (amount === 0n) row.complain(`a row in state ${state} has no 申请退款金额: columns may be swapped`);
  const at = row.time(kind === 'REFUND' ? '退款申请时间' : '交易时间');
  const refundNo = row.text('商户退款单号');
  const isNumbered = refundNo !== '' && refundNo !== '0';
  if (state === 'REVOKED') return { amount, at, status: state, ...(isNumbered && { refundNo }) };
  if (!isNumbered) row.complain('a refund has no 商户退款单号');
  return { amount, at, status: row.word('退款状态'), refundNo: row.word('商户退款单号') };
};

const isSummaryHeader = (line: TextLine): boolean => {
  const first = cellsOf(line)[0] ?? '';
  return first === countName || totals.has(first);
};

/** Adds what a row says under each name that has a total. */
const addTo = (sums: Map<string, bigint>, row: Row): void => {
  for (const name of totals.values())
    if (row.has(name)) sums.set(name, (sums.get(name) ?? 0n) + (name === '手续费' ? row.fen(name) : row.amount(name)));
};

const checkTotals = (
  header: TextLine,
  line: TextLine,
  rows: number,
  sums: ReadonlyMap<string, bigint>,
  { kind }: Layout,
) => {
  const summary = rowOf(line, namesIn(header));
  const names = cellsOf(header);
  const needed = [countName, '手续费总金额', '订单总金额', ...(kind === 'SUCCESS' ? [] : ['申请退款总金额'])];
  const missing = needed.filter((name) => !names.includes(name));
  if (missing.length > 0) throw new StatementError(header.number, `the totals lack ${missing.join(', ')}`);
  for (const name of names) {
    const column = totals.get(name);
    if (name === countName) {
      // Real bills write 45.0.
      if (summary.exact(name) !== BigInt(rows) * 100_000n)
        summary.complain(`${name} is ${shown(summary.text(name))}, and the file has ${rows} rows`);
    } else if (column === undefined) {
      throw new StatementError(header.number, `${shown(name)} is a total that we cannot check`);
    } else if (summary.exact(name) !== (sums.get(column) ?? 0n) * 1_000n) {
      summary.complain(
        `${name} is ${shown(summary.text(name))}, and the rows add up to ${yuan(sums.get(column) ?? 0n)}`,
      );
    }
  }
};

const judges = {
  ALL: ['payment', 'refund'],
  SUCCESS: ['payment'],
  REFUND: ['refund'],
} as const satisfies Record<Layout['kind'], Statement['judges']>;

/** Whole or not at all: the first complaint names its line. */
export const readTradeBill = (bytes: Buffer): Statement => {
  let layout: Layout = { kind: 'ALL', columns: new Map() };
  const lines: StatementLine[] = [];
  const sums = new Map<string, bigint>();
  const merchants = new Set<string>();
  const { names, values } = readParts(bytes, {
    header: (line) => {
      layout = layoutOf(line);
    },
    row: (line) => {
      const row = rowOf(line, layout.columns);
      lines.push(lineOf(row, layout));
      addTo(sums, row);
      merchants.add(row.word('商户号'));
    },
    isTotals: isSummaryHeader,
  });
  checkTotals(names, values, lines.length, sums, layout);
  return { judges: judges[layout.kind], lines, merchantsAtChannel: [...merchants] };
};
