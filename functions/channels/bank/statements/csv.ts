import { linesOf, type Encoding, type TextLine } from '#channels/files/lines.ts';
import { columnsWith, Row, shown, type Cells } from '#channels/files/row.ts';
import { StatementError } from '#channels/statement.ts';

import type { ColumnMap } from '../settings.ts';
import { minorUnits } from './amount.ts';
import { entryLimit, type BankEntry, type BankStatement } from '#channels/bank-statement.ts';

/** RFC 4180 within a line: a cell that begins with a quote ends with one, and two stand for one. */
const cellsOf = ({ number, text }: TextLine, separator: string): Cells => {
  const cells: string[] = [];
  let at = 0;
  for (;;) {
    const quoted = text[at] === '"' ? /^"((?:[^"]|"")*)"/.exec(text.slice(at)) : undefined;
    if (quoted === null) throw new StatementError(number, 'a quoted cell does not end on its line');
    if (quoted) {
      cells.push((quoted[1] ?? '').replaceAll('""', '"').trim());
      at += quoted[0].length;
    } else {
      const end = text.indexOf(separator, at);
      cells.push(text.slice(at, end === -1 ? text.length : end).trim());
      at = end === -1 ? text.length : end;
    }
    if (at >= text.length) return { number, cells };
    if (text[at] !== separator) throw new StatementError(number, 'something follows a quoted cell');
    at += 1;
  }
};

const dateOf = (row: Row, name: string): string => {
  const text = row.text(name);
  const found = /^(\d{4})[-/]?(\d{2})[-/]?(\d{2})(?:[ T]\S.*)?$/.exec(text);
  const date = found ? `${found[1]}-${found[2]}-${found[3]}` : '';
  const at = new Date(`${date}T00:00:00Z`);
  if (Number.isNaN(at.getTime()) || at.toISOString().slice(0, 10) !== date)
    row.complain(`${name} is ${shown(text)}: not a date`);
  return date;
};

const writtenAs = { 'YYYY-MM-DD': /^\d{4}-\d\d-\d\d/, YYYYMMDD: /^\d{8}/, 'YYYY/MM/DD': /^\d{4}\/\d\d\/\d\d/ } as const;

const amountOf = (row: Row, name: string, { point, currency }: ColumnMap): bigint => {
  // Thousands are set apart in some banks' tables, and what did not move is empty or a dash in others'.
  const text = row.text(name).replaceAll(point === '.' ? ',' : '.', '');
  if (text === '' || text === '-') return 0n;
  const isNegative = text.startsWith('-');
  const amount = minorUnits(isNegative ? text.slice(1) : text, currency, point);
  if (amount === undefined) return row.complain(`${name} is ${shown(row.text(name))}: not an amount in ${currency}`);
  return isNegative ? -amount : amount;
};

const entryOf = (row: Row, map: ColumnMap): BankEntry => {
  const { columns, currency } = map;
  const [came, went] = [amountOf(row, columns.credit, map), amountOf(row, columns.debit, map)];
  if ((came === 0n) === (went === 0n))
    row.complain('a row moves money one way: it has neither or both of credit and debit');
  if (!writtenAs[map.date].test(row.text(columns.date)))
    row.complain(`${columns.date} is ${shown(row.text(columns.date))}: it is not written as ${map.date}`);
  const day = dateOf(row, columns.date);
  const bankReference = row.text(columns.reference);
  if (bankReference === '') row.complain(`${columns.reference} is empty: it tells entries apart`);
  return {
    line: row.number,
    amount: came - went,
    currency,
    // 冲正: written as a negative amount on its own side.
    isReversal: came < 0n || went < 0n,
    bookedOn: day,
    valueOn: day,
    bankReference,
    text: columns.text
      .map((name) => row.text(name))
      .filter(Boolean)
      .join('\n'),
    payer: { name: row.text(columns.payer_name), account: row.text(columns.payer_account) },
  };
};

interface Chained {
  readonly line: number;
  readonly amount: bigint;
  readonly balance: bigint;
}

const breakOf = (rows: readonly Chained[]): Chained | undefined =>
  rows.find((row, index) => {
    const before = rows[index - 1];
    return before !== undefined && before.balance + row.amount !== row.balance;
  });

/** Each balance follows from the one before it, whichever way round the table runs. */
const checkChain = (rows: readonly Chained[]): void => {
  const broken = breakOf(rows);
  if (broken && breakOf(rows.toReversed()))
    throw new StatementError(
      broken.line,
      'the balance does not follow from the row before: a row is missing or changed',
    );
};

/** The account is not said by such a table: it is the one in whose folder it lies. */
export const readCsv = (bytes: Buffer, encoding: Encoding, map: ColumnMap, account: string): BankStatement[] => {
  const { columns, currency, separator } = map;
  const { text, balance, ...single } = columns;
  const needed = [...Object.values(single), ...text, ...(balance === undefined ? [] : [balance])];
  let header: Map<string, number> | undefined;
  const entries: BankEntry[] = [];
  const chain: Chained[] = [];
  for (const line of linesOf(bytes, encoding)) {
    if (line.text.trim() === '') continue;
    const cells = cellsOf(line, separator);
    if (!header) {
      header = columnsWith(cells, needed, 'statement of this account');
      continue;
    }
    if (entries.length >= entryLimit)
      throw new StatementError(line.number, `there are more than ${entryLimit} entries`);
    const row = new Row(cells, header);
    const entry = entryOf(row, map);
    entries.push(entry);
    if (balance !== undefined)
      chain.push({ line: line.number, amount: entry.amount, balance: amountOf(row, balance, map) });
  }
  if (!header) throw new StatementError(1, 'the file is empty');
  checkChain(chain);
  return [{ line: 1, account, currency, opening: undefined, closing: undefined, entries }];
};
