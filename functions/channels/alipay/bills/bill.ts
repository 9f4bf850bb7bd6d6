import { isZip, unzipped } from '#channels/files/zip.ts';
import { StatementError, type Statement, type StatementKind } from '#channels/statement.ts';

import { readFundBill, titles as fund } from './fund.ts';
import { readSection, type Head } from './section.ts';
import { readTradeBill, titles as trade } from './trade.ts';

/*
 * Alipay hands a bill out as an archive of two files, in any order: the details, and 汇总, their sums. Both are read; details that
 * somebody took out of their archive are read by themselves.
 */

const kinds = { trade, fund } as const;
const words = { trade: 'a trade bill (业务明细)', fund: 'a fund bill (账务明细)' } as const;

interface Part {
  readonly head: Head;
  readonly bytes: Buffer;
}

const anyTable = { header: () => undefined, row: () => undefined };

/** What a file says that it is, once it is known to be whole: its table ends and its foot is there. */
const partOf = (bytes: Buffer): Part => ({ head: readSection(bytes, anyTable).head, bytes });

interface Parts {
  readonly detail: Part;
  readonly summary: Part | undefined;
}

const partsOf = async (bytes: Buffer, kind: StatementKind): Promise<Parts> => {
  const archived = isZip(bytes);
  const parts = archived ? (await unzipped(bytes)).map((member) => partOf(member.bytes)) : [partOf(bytes)];
  const other = kind === 'trade' ? 'fund' : 'trade';
  if (parts.some(({ head }) => head.title === kinds[other].detail))
    throw new StatementError(1, `this is ${words[other]}; ${words[kind]} is needed here`);
  const [detail, ...more] = parts.filter(({ head }) => head.title === kinds[kind].detail);
  const summaries = parts.filter((part) => part !== detail);
  if (!detail) throw new StatementError(1, `this is not ${words[kind]}: it has no details`);
  if (more.length > 0 || summaries.length !== (archived ? 1 : 0))
    throw new StatementError(1, 'the archive does not hold the details and their 汇总, and nothing else');
  return { detail, summary: summaries[0] };
};

export const readStatement = async (bytes: Buffer, kind: StatementKind): Promise<Statement> => {
  const { detail, summary } = await partsOf(bytes, kind);
  return (kind === 'trade' ? readTradeBill : readFundBill)(detail.bytes, summary?.bytes);
};

/** Whose bill it is, and of which days; throws when it is not one, or not whole. What it says may still not add up. */
export const headOf = async (bytes: Buffer, kind: StatementKind): Promise<Head> => {
  const { detail } = await partsOf(bytes, kind);
  return detail.head;
};
