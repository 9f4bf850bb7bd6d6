import { randomInt } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import { beijingDate, beijingDay } from '../../beijing.ts';
import { feeOf } from '../../fees.ts';
import { archive } from '../../files/archive.ts';
import { gbk } from '../../files/gbk.ts';
import { FEE_PPM, nowOf, takesFault, type Desk } from '../desk.ts';
import type { DoneTrade } from '../trade/books.ts';
import { ok } from '../wire/messages.ts';
import { Refusal } from '../wire/refusal.ts';
import type { Request } from '../wire/requests.ts';
import type { Fields } from '../wire/signature.ts';
import { zmOf } from './zm.ts';

/** An order nobody placed, as of noon of that day. */
const ghost = (date: string): DoneTrade => {
  const [at, amount] = [beijingDay(date).from + 43_200_000, 188];
  const trace_no = String(randomInt(1_000_000)).padStart(6, '0');
  return {
    order_id: `GHOST${date.replaceAll('-', '')}${String(randomInt(1_000_000_000)).padStart(10, '0')}`,
    txn_time: `${date.replaceAll('-', '')}120000`,
    type: '01',
    way: 'page',
    biz_type: '000201',
    amount,
    description: '',
    token: '',
    query_id: `78${date.replaceAll('-', '').slice(2)}120000${trace_no}9`,
    trace_no,
    created_at: at,
    expires_at: at,
    state: 'done',
    failures: 0,
    done: { at, amount, fee: feeOf(amount, FEE_PPM) },
    returned: { amount: 0, fee: 0 },
  };
};

const withoutOnePayment = (trades: readonly DoneTrade[]): DoneTrade[] => {
  const missing = trades.findIndex(({ type }) => type === '01');
  return trades.filter((_, index) => index !== missing);
};

/**
 * A day's files as they would be offered now, the running day's so far; undefined for a day on which nothing happened. The sandbox
 * cuts its days at midnight in Beijing; the real one does where the contract says.
 */
export const statementOf = (desk: Desk, date: string, kind: string): Buffer | undefined => {
  const { from, until } = beijingDay(date);
  const found = kind === 'trade' ? desk.books.doneWithin(from, until) : [];
  if (found.length === 0) return undefined;
  const hasPayment = found.some(({ type }) => type === '01');
  const some = hasPayment && takesFault(desk, 'missing_line') ? withoutOnePayment(found) : found;
  const trades = takesFault(desk, 'extra_line') ? [...some, ghost(date)] : some;
  const { mer_id: merId } = desk.issued;
  const zm = zmOf(trades, merId);
  const day = date.replaceAll('-', '').slice(2);
  // In the middle of the last row.
  const told = takesFault(desk, 'truncated_statement') ? zm.subarray(0, -300) : zm;
  return archive(
    [
      { name: gbk(`RD2010${day}01_${merId}`), bytes: gbk(`清算日期：${date}\r\n交易笔数：${trades.length}\r\n`) },
      { name: gbk(`INN${day}88ZME_${merId}`), bytes: Buffer.alloc(0) },
      { name: gbk(`INN${day}88ZM_${merId}`), bytes: told },
    ],
    `${date} 08:30:00`,
  );
};

/** The last day of this month and day that is not ahead. */
const dateOf = (monthAndDay: string, now: number): string => {
  const today = beijingDate(now);
  const rest = `${monthAndDay.slice(0, 2)}-${monthAndDay.slice(2)}`;
  const year = Number(today.slice(0, 4)) - (rest > today.slice(5) ? 1 : 0);
  return `${year}-${rest}`;
};

/** 文件传输: the archive, packed once more, in the answer itself. */
export const fileFields = (desk: Desk, { settleDate }: Request<'file'>): Fields => {
  const date = dateOf(settleDate, nowOf(desk));
  const bytes = statementOf(desk, date, 'trade');
  if (bytes === undefined) throw new Refusal('98');
  return {
    ...ok,
    settleDate,
    fileType: '00',
    fileName: `${desk.issued.mer_id}_${date.replaceAll('-', '')}.zip`,
    fileContent: deflateSync(bytes).toString('base64'),
  };
};
