import { gbk } from '../gbk.ts';
import { zip } from '../zip.ts';

/* ZM as its layout says, from widths of its own: shared with nothing of the parser. */

export const billMerchant = '700000000000001';

const widths = [
  3, 11, 11, 6, 10, 19, 12, 4, 2, 21, 2, 32, 2, 6, 10, 13, 13, 4, 15, 2, 2, 6, 2, 4, 32, 1, 21, 15, 1, 15, 32, 13, 13,
  8, 32, 13, 13, 12, 2, 1, 131,
];

export interface BillRow {
  readonly type?: string;
  readonly no: string;
  readonly time: string;
  readonly amount: number;
  /** What the merchant pays; negative when it comes back. */
  readonly fee: number;
  readonly queryId: string;
  readonly original?: string;
  readonly order?: string;
  readonly settled?: string;
  readonly shop?: string;
  readonly merchant?: string;
}

export const signed = (fen: number) => `${fen < 0 ? 'D' : 'C'}${String(Math.abs(fen)).padStart(12, '0')}`;

const padded = (text: string, width: number): Buffer => {
  const bytes = gbk(text);
  if (bytes.length > width) throw new Error(`${text} is wider than ${width}`);
  return Buffer.concat([bytes, Buffer.alloc(width - bytes.length, ' ')]);
};

export const rowOf = (row: BillRow): Buffer => {
  const type = row.type ?? '01';
  const moved = type === '01' ? row.amount : -row.amount;
  const cells = new Map<number, string>([
    [0, type === '01' ? 'S22' : 'S30'],
    [1, '00010000'],
    [2, '00010000'],
    [3, row.queryId.slice(14, 20)],
    [4, row.time],
    [5, '621626******0018'],
    [6, String(row.amount).padStart(12, '0')],
    [7, '5311'],
    [8, '07'],
    [9, row.queryId],
    [11, row.no],
    [12, '01'],
    [15, signed(-row.fee)],
    [16, row.settled ?? signed(moved - row.fee)],
    [17, '0001'],
    [19, type],
    [20, '01'],
    [21, '000201'],
    [26, row.original ?? ''],
    [27, row.merchant ?? billMerchant],
    // 镕 and its like have second bytes that are letters and signs of ASCII.
    [30, row.shop ?? '測試商戶镕|{}'],
    [32, signed(moved - row.fee)],
    [34, row.order ?? ''],
  ]);
  const fields = widths.map((width, index) => padded(cells.get(index) ?? '', width));
  return Buffer.concat([
    ...fields.flatMap((field, index) => (index === 0 ? [field] : [Buffer.from(' '), field])),
    Buffer.from('\r\n'),
  ]);
};

export const someRows: readonly BillRow[] = [
  { no: '01KG7X0000ORDER0000000001', time: '0130100000', amount: 12_345, fee: 74, queryId: '782601301000000674018' },
  { no: '01KG7X0000ORDER0000000002', time: '0130235959', amount: 1, fee: 0, queryId: '782601302359590674028' },
  {
    type: '04',
    no: '01KG7X0000REFUND000000001',
    time: '0130120000',
    amount: 345,
    fee: -2,
    queryId: '782601301200000674038',
    original: '782601301000000674018',
    order: '01KG7X0000ORDER0000000001',
  },
];

export const zmOf = (rows: readonly BillRow[]): Buffer => Buffer.concat(rows.map(rowOf));

interface Naming {
  readonly day?: string;
  readonly merchant?: string;
  readonly corrections?: Buffer;
  readonly summary?: string;
}

/** As it is handed out: the trades, the corrections and a summary for people. */
export const archiveOf = (
  trades: Buffer,
  { day = '260130', merchant = billMerchant, corrections = Buffer.alloc(0), summary = '日终对账\r\n' }: Naming = {},
): Buffer =>
  zip([
    { name: `RD2010${day}01_${merchant}`, bytes: gbk(summary) },
    { name: `INN${day}88ZME_${merchant}`, bytes: corrections },
    { name: `INN${day}88ZM_${merchant}`, bytes: trades },
  ]);
