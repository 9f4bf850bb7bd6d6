import { gbk } from '../../files/gbk.ts';
import type { DoneTrade } from '../trade/books.ts';
import { traceTime } from '../trade/views.ts';

/** Bytes of each field in GBK; one blank stands between two. */
const WIDTHS = [
  3, 11, 11, 6, 10, 19, 12, 4, 2, 21, 2, 32, 2, 6, 10, 13, 13, 4, 15, 2, 2, 6, 2, 4, 32, 1, 21, 15, 1, 15, 32, 13, 13,
  8, 32, 13, 13, 12, 2, 1, 131,
];

const fen = (amount: number) => String(amount).padStart(12, '0');
/** C is for the merchant, D is what the merchant pays. */
const sided = (amount: number) => `${amount < 0 ? 'D' : 'C'}${fen(Math.abs(amount))}`;

const cell = (text: string, width: number): Buffer => {
  const bytes = gbk(text).subarray(0, width);
  return Buffer.concat([bytes, Buffer.alloc(width - bytes.length, ' ')]);
};

/** By the number of the field, from 1, as the specification counts. */
const cellsOf = ({ type, done, ...trade }: DoneTrade, merId: string): ReadonlyMap<number, string> => {
  const moved = type === '01' ? done.amount : -done.amount;
  return new Map([
    [1, { '01': 'S22', '04': 'S30', '31': 'S50' }[type]],
    [2, '00010000'],
    [3, '00010000'],
    [4, trade.trace_no],
    [5, traceTime(done.at)],
    [6, '621661******0018'],
    [7, fen(done.amount)],
    [8, '5311'],
    [9, '07'],
    [10, trade.query_id],
    [12, trade.order_id],
    [13, '01'],
    [16, sided(-done.fee)],
    [17, sided(moved - done.fee)],
    [18, '0001'],
    [20, type],
    [21, '00'],
    [22, trade.biz_type],
    [27, trade.original ?? ''],
    [28, merId],
    [33, sided(moved - done.fee)],
    [35, trade.reserved ?? ''],
  ]);
};

const rowOf = (trade: DoneTrade, merId: string): Buffer => {
  const cells = cellsOf(trade, merId);
  const fields = WIDTHS.map((width, index) => cell(cells.get(index + 1) ?? '', width));
  return Buffer.concat([
    ...fields.flatMap((field, index) => (index === 0 ? [field] : [Buffer.from(' '), field])),
    Buffer.from('\r\n'),
  ]);
};

/** ZM: the trades of a settlement day, and nothing around them. */
export const zmOf = (trades: readonly DoneTrade[], merId: string): Buffer =>
  Buffer.concat(trades.map((trade) => rowOf(trade, merId)));
