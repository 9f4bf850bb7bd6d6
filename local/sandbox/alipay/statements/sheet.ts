import { beijingDate, beijingDay } from '../../beijing.ts';

interface Sheet {
  /** 业务明细, 业务汇总, 账务明细, 账务汇总. */
  readonly title: string;
  readonly account: string;
  readonly date: string;
  readonly columns: readonly string[];
  readonly rows: readonly string[];
  /** Between the end of the list and the time of export. */
  readonly totals: readonly string[];
}

const written = (date: string): string => {
  const [year, month, day] = date.split('-');
  return `${year}年${month}月${day}日`;
};

const dayAfter = (date: string): string => beijingDate(beijingDay(date).until);

/** The morning after, whenever it is asked for: the same day is the same bytes. */
export const exportedAt = (date: string): string => `${dayAfter(date)} 08:30:00`;

const dashes = (count: number): string => '-'.repeat(count);

/** Text can break neither a line nor a cell. How Alipay writes a comma is not documented; here it becomes a wide one. */
export const plain = (text: string): string => text.replaceAll(',', '，').replaceAll(/[\t\r\n]+/g, ' ');

/** Cells of text end with a tab, so that a spreadsheet does not take their digits for a number. */
export const tabbed = (text: string): string => `${plain(text)}\t`;

/** One CSV of an Alipay bill: head, columns, rows, the end of the list, totals, the time of export; CRLF after every line. */
export const sheet = ({ title, account, date, columns, rows, totals }: Sheet): string =>
  [
    `#支付宝${title}查询`,
    `#账号：[${account}]`,
    `#起始日期：[${written(date)} 00:00:00]   终止日期：[${written(dayAfter(date))} 00:00:00]`,
    `#${dashes(41)}${title}列表${dashes(40)}`,
    columns.join(','),
    ...rows,
    `#${dashes(41)}${title}列表结束${dashes(36)}`,
    ...totals,
    `#导出时间：[${written(dayAfter(date))} 08:30:00]`,
  ]
    .map((line) => `${line}\r\n`)
    .join('');
