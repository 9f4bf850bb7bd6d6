import { instantInBeijing } from '#channels/beijing.ts';
import { linesOf, type Encoding, type TextLine } from '#channels/files/lines.ts';
import { shown, type Cells } from '#channels/files/row.ts';
import { StatementError } from '#channels/statement.ts';

/*
 * A bill of Alipay is GBK text in three parts: a head of lines with `#` (title, account, dates), a table, and a foot of lines with
 * `#` that begins where the table is said to end (列表结束) and has its totals. A file that never says so was cut short. There is
 * no quoting: a comma within a name gives a row too many cells, and such a row is refused, never shifted.
 */

export interface Head {
  /** 支付宝业务明细查询, and such: what the file is. */
  readonly title: string;
  readonly merchant: string;
  /** Of the days it covers, the second not among them. */
  readonly from: Date;
  readonly until: Date;
}

export interface Section {
  readonly head: Head;
  readonly foot: readonly TextLine[];
}

interface Table {
  /** The names of the columns; called once, before any row. */
  readonly header: (line: Cells) => void;
  readonly row: (line: Cells, head: Head) => void;
}

const gbk = new TextDecoder('gb18030', { fatal: true });
const encoding: Encoding = {
  decode: (bytes) => gbk.decode(bytes),
  complaint: 'the text is not GBK: a spreadsheet program may have saved it in another encoding',
};

/** Brackets and colons are half-width in some files; spreadsheets pad short lines with commas. */
const plain = (text: string) =>
  text
    .replaceAll('（', '(')
    .replaceAll('）', ')')
    .replaceAll('：', ':')
    .replaceAll('，', ',')
    .replace(/[,\s]+$/, '');

/** Text has a tab behind it, against spreadsheets, mostly. */
const cellsOf = ({ number, text }: TextLine): Cells => ({
  number,
  cells: text.split(',').map((cell) => cell.replace(/^[\t ]+|[\t ]+$/g, '')),
});

const dayAt = (line: TextLine, text: string | undefined): Date => {
  const found = /^(\d{4})年(\d\d)月(\d\d)日 (\d\d:\d\d:\d\d)$/.exec(text ?? '');
  const at = found && instantInBeijing(`${found[1]}-${found[2]}-${found[3]} ${found[4]}`);
  if (!at) throw new StatementError(line.number, `${shown(text ?? '')} is no day`);
  return at;
};

const headOf = (lines: readonly TextLine[]): Head => {
  const found = (pattern: RegExp, what: string) => {
    for (const line of lines) {
      const match = pattern.exec(plain(line.text));
      if (match) return { line, match };
    }
    throw new StatementError(lines.at(-1)?.number ?? 1, `the head of the file does not say ${what}`);
  };
  const title = found(/^#(支付宝[业账]务(?:明细|汇总)查询)$/, 'that it is a bill of Alipay');
  // The account is the number of the seller with 0156 behind it.
  const account = found(/^#账号:\[(2088\d{12})(?:0156)?\]$/, 'whose it is');
  const dates = found(/^#起始日期:\[([^\]]*)\]\s+终止日期:\[([^\]]*)\]$/, 'of which days it is');
  return {
    title: title.match[1] ?? '',
    merchant: account.match[1] ?? '',
    from: dayAt(dates.line, dates.match[1]),
    until: dayAt(dates.line, dates.match[2]),
  };
};

const isMark = ({ text }: TextLine) => text.startsWith('#');
const isBlank = ({ text }: TextLine) => plain(text) === '';

/** What something else than a bill begins with, for a better complaint than that its head says nothing. */
const refuseOthers = (first: TextLine): void => {
  const start = first.text.trimStart().charAt(0);
  if (start === '<') throw new StatementError(first.number, 'this is a web page, not a bill');
  if (start === '{') throw new StatementError(first.number, 'this is an error message of the channel, not a bill');
  if (!isMark(first)) throw new StatementError(first.number, 'the file does not begin as a bill of Alipay in GBK does');
};

/** What a line of the foot says by a pattern of plain text; every bill has it. */
export const footSays = (foot: readonly TextLine[], pattern: RegExp): { line: TextLine; values: readonly string[] } => {
  for (const line of foot) {
    const match = pattern.exec(plain(line.text));
    if (match) return { line, values: match.slice(1) };
  }
  const { number } = foot.at(-1) ?? { number: 1 };
  throw new StatementError(number, 'the file ends here, and its foot is not whole: it was cut short');
};

/** Reads a file to its end; rows are handed out one at a time. */
export const readSection = (bytes: Buffer, table: Table): Section => {
  const marks: TextLine[] = [];
  const foot: TextLine[] = [];
  let head: Head | undefined;
  let last: TextLine | undefined;
  for (const line of linesOf(bytes, encoding)) {
    if (!last) refuseOthers(line);
    last = line;
    if (foot.length > 0) {
      if (!isMark(line) && !isBlank(line))
        throw new StatementError(line.number, 'a row stands behind the end of the table');
      foot.push(line);
    } else if (isMark(line)) {
      if (line.text.includes('列表结束')) foot.push(line);
      else if (head) throw new StatementError(line.number, 'a remark stands among the rows');
      else marks.push(line);
    } else if (head) {
      table.row(cellsOf(line), head);
    } else {
      head = headOf(marks);
      table.header(cellsOf({ ...line, text: plain(line.text) }));
    }
  }
  if (!last) throw new StatementError(1, 'the file is empty');
  if (!head || foot.length === 0)
    throw new StatementError(last.number, 'the file ends here and never says that its table ends: it was cut short');
  // The very last thing that Alipay writes.
  footSays(foot, /^#导出时间:/);
  return { head, foot };
};
