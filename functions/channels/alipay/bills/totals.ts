import type { TextLine } from '#channels/files/lines.ts';
import { namesIn, Row, shown, yuan } from '#channels/files/row.ts';
import { StatementError } from '#channels/statement.ts';

import { footSays, readSection, type Head, type Section } from './section.ts';

/** A count or an amount in fen, as the rows have it. */
interface Total {
  readonly name: string;
  readonly count?: number;
  readonly amount?: bigint;
}

/** `3` or `119.91`, in fen or in pieces. */
const read = (text: string, { count }: Total): bigint | undefined => {
  const found = /^(-?)(\d{1,12})(?:\.(\d\d))?$/.exec(text);
  if (!found || (count !== undefined && found[3] !== undefined)) return undefined;
  const magnitude = BigInt(count === undefined ? `${found[2]}${found[3] ?? '00'}` : (found[2] ?? ''));
  return found[1] === '-' ? -magnitude : magnitude;
};

const asRead = ({ count, amount }: Total) => (count === undefined ? yuan(amount ?? 0n) : String(count));

const complaint = (total: Total, said: string) =>
  `${total.name} is ${shown(said)}, and the rows add up to ${asRead(total)}`;

const agrees = (total: Total, said: string): boolean =>
  read(said, total) === (total.count === undefined ? total.amount : BigInt(total.count));

/** Compares what a line of the foot says with the rows, value by value. */
export const checkFoot = (foot: readonly TextLine[], pattern: RegExp, totals: readonly Total[]): void => {
  const { line, values } = footSays(foot, pattern);
  for (const [index, total] of totals.entries()) {
    const said = values[index] ?? '';
    if (!agrees(total, said)) throw new StatementError(line.number, complaint(total, said));
  }
};

/** Of the file beside the details: complaints name its lines, and say that they are its. */
const inSummary = <Result>(work: () => Result): Result => {
  try {
    return work();
  } catch (error) {
    if (error instanceof StatementError) throw new StatementError(error.line, `汇总: ${error.reason}`);
    throw error;
  }
};

const checkRow = (row: Row, totals: readonly Total[]): void => {
  for (const total of totals) {
    const said = row.text(total.name);
    if (!agrees(total, said)) row.complain(complaint(total, said));
  }
};

const isOf = (one: Head, other: Head) =>
  one.merchant === other.merchant &&
  one.from.getTime() === other.from.getTime() &&
  one.until.getTime() === other.until.getTime();

/**
 * 汇总: Alipay adds the rows up once more, by shop and in all (合计). It must be of the same account and days as the details, and
 * agree with them; of a day without rows it has none either.
 */
export const checkSummary = (
  bytes: Buffer,
  { head, title, totals, isEmpty }: { head: Head; title: string; totals: readonly Total[]; isEmpty: boolean },
): void =>
  inSummary(() => {
    let columns: ReadonlyMap<string, number> = new Map();
    let labelled = '';
    let found = false;
    const section: Section = readSection(bytes, {
      header: (line) => {
        columns = namesIn(line);
        labelled = line.cells[0] ?? '';
      },
      row: (line) => {
        const row = new Row(line, columns);
        if (row.text(labelled) !== '合计') return;
        found = true;
        checkRow(row, totals);
      },
    });
    if (section.head.title !== title) throw new StatementError(1, `it is ${shown(section.head.title)}, not ${title}`);
    if (!isOf(section.head, head))
      throw new StatementError(1, 'it is of another account or of other days than the details');
    if (!found && !isEmpty) throw new StatementError(1, 'it has no row 合计');
  });
