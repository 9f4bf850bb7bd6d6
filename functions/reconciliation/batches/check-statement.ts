import { StatementError, type Statement } from '#channels/statement.ts';
import type { ChannelAccount } from '#channels/account.ts';
import { businessDate, type BusinessDate } from '#kernel/business-date.ts';

interface Expected {
  readonly account: ChannelAccount;
  readonly billDate: BusinessDate;
  /** How many entries we have on that day. */
  readonly entries: number;
}

/**
 * Whether a statement that could be read is the one it was uploaded as. What is not believed here is not matched: another
 * account's or another day's file would show nothing but differences, and an empty one nothing at all.
 */
export const checkStatement = (statement: Statement, { account, billDate, entries }: Expected): void => {
  const { lines, judges, others = [], merchantsAtChannel, cut } = statement;
  // Which setting names the merchant is the channel's affair; that one of them must is ours.
  const settings = Object.values(account.settings);
  const stranger = merchantsAtChannel.find((merchant) => !settings.includes(merchant));
  if (stranger !== undefined) throw new StatementError(0, `it is the statement of another merchant, ${stranger}`);
  for (const { line, kind } of lines)
    if (!judges.includes(kind)) throw new StatementError(line, `a ${kind} in a statement that does not list any`);
  for (const { line, at } of cut === 'settlement' ? [] : [...lines, ...others]) {
    const date = businessDate(at, account.time_zone);
    if (date !== billDate) throw new StatementError(line, `it is of ${date}, not of ${billDate}`);
  }
  if (lines.length === 0 && entries > 0)
    throw new StatementError(0, `it is empty, and ${entries} entries of ours are of that day`);
};
