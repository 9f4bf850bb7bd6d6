import { isZip, unzipped, type Member } from '#channels/files/zip.ts';
import { StatementError, type Statement, type StatementKind } from '#channels/statement.ts';

import { readZm } from './zm.ts';

/*
 * A settlement day is an archive of several files, told apart by their names: `INN<yyMMdd>88ZM_<merId>` has the trades, `…ZME_…`
 * what was put right of earlier days, and `RD…` a summary for people. Nothing here knows the layout of ZME: while it has content
 * the day is for a person to read, for its money would be in nobody's account.
 */

interface Named {
  readonly merchant: string;
  /** `2026-01-30` */
  readonly date: string;
}

const zm = /^INN(\d\d)(\d\d)(\d\d)\d\dZM_([0-9A-Z]{15})$/;
const zme = /^INN\d{8}ZME_/;

const fileName = ({ name }: Member) =>
  name
    .split('/')
    .at(-1)
    ?.replace(/\.txt$/i, '') ?? '';

interface Opened {
  readonly named: Named;
  readonly bytes: Buffer;
}

const opened = async (archive: Buffer): Promise<Opened> => {
  const members = await unzipped(archive);
  const [trades, ...more] = members.flatMap((member) => {
    const [, year, month, day, merchant = ''] = zm.exec(fileName(member)) ?? [];
    return year === undefined ? [] : [{ named: { merchant, date: `20${year}-${month}-${day}` }, bytes: member.bytes }];
  });
  if (!trades || more.length > 0)
    throw new StatementError(1, 'the archive does not hold one file of trades (INN…ZM_…) among its files');
  if (members.some((member) => zme.test(fileName(member)) && member.bytes.length > 0))
    throw new StatementError(
      1,
      'the archive has corrections of earlier days (ZME), which nobody but a person can read',
    );
  return trades;
};

/** A file without its archive says nowhere of which year it is: that, who asks must know. */
export const readStatement = async (bytes: Buffer, kind: StatementKind, billDate?: string): Promise<Statement> => {
  if (kind !== 'trade') throw new StatementError(1, 'UnionPay has no statement of this kind');
  if (bytes.length === 0) throw new StatementError(1, 'the file is empty');
  if (!isZip(bytes)) return readZm(bytes, billDate ?? '');
  const { named, bytes: trades } = await opened(bytes);
  if (named.date !== (billDate ?? named.date))
    throw new StatementError(1, `the statement is of ${named.date}, not of ${billDate}`);
  const statement = readZm(trades, named.date);
  return { ...statement, merchantsAtChannel: [...new Set([named.merchant, ...statement.merchantsAtChannel])] };
};

/** Whose statement an archive says it is, and of which day; throws when it is not one, or damaged. */
export const nameOf = async (archive: Buffer): Promise<Named> => {
  if (!isZip(archive)) throw new StatementError(1, 'what arrived is no archive');
  return (await opened(archive)).named;
};
