import { gzipSync } from 'node:zlib';

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';

import { StatementError, type Statement } from '#channels/statement.ts';
import { readTradeBill as readStatement } from '#channels/wechat/trade-bill.ts';

import { fixture, needing, noFixtures } from '../fixtures.ts';
import { bill, billLines, columns, fileOf, someRows, yuan, type BillKind, type BillRow } from './bill.ts';

const sumOf = ({ lines }: Statement, kind: 'payment' | 'refund') =>
  lines.filter((line) => line.kind === kind).reduce((sum, { amount }) => sum + amount, 0n);
const feesOf = ({ lines }: Statement) => lines.reduce((sum, { fee }) => sum + fee, 0n);

const moneyOf = ({ lines }: Statement) => lines.map(({ kind, amount, fee, currency }) => [kind, amount, fee, currency]);

const complaint = (file: Buffer | string): StatementError => {
  try {
    readStatement(typeof file === 'string' ? Buffer.from(file) : file);
  } catch (error) {
    if (error instanceof StatementError) return error;
    throw error;
  }
  throw new Error('the statement was believed');
};

const Expected = z.record(
  z.string(),
  z.object({
    rows: z.number(),
    by_state: z.record(z.string(), z.number()).default({}),
    sums: z.record(z.string(), z.union([z.string(), z.number()])),
  }),
);
const expected = (name: string) => Expected.parse(JSON.parse(fixture('wechat/expected.json').toString()))[name]!;

describe('real files', () => {
  test.skipIf(noFixtures)(`a real bill of everything adds up to what others counted in it ${needing}`, () => {
    const name = 'bill.ALL.20190219.csv';
    const { rows, by_state, sums } = expected(name);
    const statement = readStatement(fixture(`wechat/${name}`));
    expect(statement.judges).toEqual(['payment', 'refund']);
    expect(statement.merchantsAtChannel).toEqual(['1921000401']);
    expect(statement.lines).toHaveLength(rows);
    expect(statement.lines.filter(({ kind }) => kind === 'payment')).toHaveLength(by_state['SUCCESS']!);
    expect(statement.lines.filter(({ kind }) => kind === 'refund')).toHaveLength(by_state['REFUND']!);
    expect(yuan(sumOf(statement, 'payment'))).toBe(sums['订单金额']);
    expect(yuan(sumOf(statement, 'refund'))).toBe(sums['申请退款金额']);
    expect(yuan(feesOf(statement), 5)).toBe(sums['手续费']);
    expect(statement.lines[0]).toEqual({
      line: 2,
      kind: 'refund',
      channelOrderNo: 'autotest_20190216081946_82335',
      channelTradeNo: '4200000263201902167700134212',
      refundNo: 'REF4200000263201902167700963919',
      amount: 1n,
      currency: 'CNY',
      fee: 0n,
      status: 'SUCCESS',
      at: new Date('2019-02-18T21:01:46.000Z'),
    });
  });

  test.skipIf(noFixtures)(`a real bill of successes judges payments alone ${needing}`, () => {
    const statement = readStatement(fixture('wechat/tradebill.SUCCESS.20210201.lf.csv'));
    expect(statement).toEqual({
      judges: ['payment'],
      merchantsAtChannel: ['1601959334'],
      lines: [
        {
          line: 2,
          kind: 'payment',
          channelOrderNo: 'S20210201143829466741',
          channelTradeNo: '4200000922202102014836880592',
          amount: 1n,
          currency: 'CNY',
          fee: 0n,
          status: 'SUCCESS',
          at: new Date('2021-02-01T06:38:45.000Z'),
        },
      ],
    });
  });

  test.skipIf(noFixtures)(`a real fund bill is named as one and refused, packed or not ${needing}`, () => {
    const name = 'wechat/fundflow.BASIC.20210201.lf.csv';
    for (const file of [fixture(name), fixture(`${name}.gz`)]) {
      const { line, reason } = complaint(file);
      expect([line, reason]).toEqual([1, expect.stringContaining('this is a fund bill (资金账单)')]);
    }
  });

  test.skipIf(noFixtures)(`the real bill with any digit of its amounts or totals changed is refused ${needing}`, () => {
    const lines = fixture('wechat/bill.ALL.20190219.csv').toString().split('\r\n');
    const header = lines[0]!.replace('\uFEFF', '').split(',');
    const withTotals = ['应结订单金额', '退款金额', '充值券退款金额', '手续费', '订单金额', '申请退款金额'];
    let changes = 0;
    for (const [number, line] of lines.entries()) {
      const isTotals = number === lines.length - 2;
      if (!line.startsWith('`')) continue;
      for (const [index, cell] of line.split(',').entries()) {
        if (!isTotals && !withTotals.includes(header[index]!)) continue;
        for (const digit of cell.matchAll(/\d/g)) {
          const other = `${cell.slice(0, digit.index)}${(Number(digit[0]) + 1) % 10}${cell.slice(digit.index + 1)}`;
          const changed = lines.with(number, line.split(',').with(index, other).join(','));
          expect(() => readStatement(Buffer.from(changed.join('\r\n')))).toThrow(StatementError);
          changes += 1;
        }
      }
    }
    expect(changes).toBeGreaterThan(800);
  });
});

const digitsOf = (length: number) => fc.stringMatching(new RegExp(`^[1-9][0-9]{${length - 1}}$`));
const aRow: fc.Arbitrary<BillRow> = fc
  .record({
    kind: fc.constantFrom('payment', 'refund'),
    orderNo: fc.stringMatching(/^[0-9A-Za-z_\-|*]{6,32}$/),
    tradeNo: digitsOf(28),
    refundNo: fc.stringMatching(/^[1-9A-Za-z_\-|*@][0-9A-Za-z_\-|*@]{1,31}$/),
    amount: fc.bigInt({ min: 1n, max: 10_000_000_000n }),
    fee: fc.bigInt({ min: 0n, max: 1_000_000n }),
    at: fc
      .integer({ min: Date.UTC(2019, 0, 1) / 1_000, max: Date.UTC(2030, 0, 1) / 1_000 })
      .map((second) => new Date(second * 1_000).toISOString().slice(0, 19).replace('T', ' ')),
    subject: fc.string({ unit: 'grapheme', maxLength: 20 }).map((text) => text.replace(/[,\r\n\0]/g, ' ')),
  })
  .map(({ refundNo, ...row }) =>
    row.kind === 'refund' ? { ...row, kind: 'refund', refundNo, fee: -row.fee } : { ...row, kind: 'payment' },
  );

const asWritten = (rows: readonly BillRow[]) =>
  rows.map((row, index) => ({
    line: index + 2,
    kind: row.kind,
    channelOrderNo: row.orderNo,
    channelTradeNo: row.tradeNo,
    ...(row.kind === 'refund' && { refundNo: row.refundNo }),
    amount: row.amount,
    currency: 'CNY',
    fee: row.fee,
    status: row.kind === 'refund' ? 'PROCESSING' : 'SUCCESS',
    at: new Date(`${row.at.replace(' ', 'T')}+08:00`),
  }));

describe('any bill', () => {
  test('is read as it was written, with or without marks, in either kind of line', () => {
    fc.assert(
      fc.property(
        fc.array(aRow, { maxLength: 12 }),
        fc.boolean(),
        fc.constantFrom('\r\n', '\n'),
        fc.array(fc.boolean(), { minLength: 7, maxLength: 7 }),
        fc.boolean(),
        (rows, bom, end, marks, isPacked) => {
          // A mark that is left out of a cell whose text begins with one would be taken for it.
          const tame = rows.map((row) => ({ ...row, subject: (row.subject ?? '').replace(/^`+/, '') }));
          const backtick = (row: number, cell: number) => marks[(row * 3 + cell) % marks.length]!;
          const file = bill(tame, { bom, end, backtick });
          const statement = readStatement(isPacked ? gzipSync(file) : file);
          expect(statement.lines).toEqual(asWritten(tame));
          expect(statement.judges).toEqual(['payment', 'refund']);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('is read the same with its columns in any order and with columns that we do not know', () => {
    const names = [...columns.ALL.split(','), '将来的列'];
    fc.assert(
      fc.property(
        fc.array(aRow, { minLength: 1, maxLength: 4 }),
        fc.shuffledSubarray(names, { minLength: names.length }),
        (rows, order) => {
          const statement = readStatement(bill(rows, { header: order.join(',') }));
          expect(statement.lines).toEqual(asWritten(rows));
        },
      ),
      { numRuns: 100 },
    );
  });

  test('with one digit of an amount or a total changed is refused', () => {
    const money = ['订单金额', '申请退款金额', '应结订单金额', '退款金额', '手续费'];
    const header = columns.ALL.split(',');
    fc.assert(
      fc.property(
        fc.array(aRow, { minLength: 1, maxLength: 6 }),
        fc.nat(),
        fc.nat(),
        fc.nat(),
        fc.integer({ min: 1, max: 9 }),
        (rows, whichLine, whichCell, whichDigit, by) => {
          const lines = billLines(rows);
          const totals = lines.length - 1;
          const number = [...rows.keys()].map((row) => row + 1).concat(totals)[whichLine % (rows.length + 1)]!;
          const cells = lines[number]!.split(',');
          const index = number === totals ? whichCell % cells.length : header.indexOf(money[whichCell % money.length]!);
          const cell = cells[index]!;
          const digits = [...cell.matchAll(/\d/g)];
          const at = digits[whichDigit % digits.length]!.index;
          const other = `${cell.slice(0, at)}${(Number(cell[at]) + by) % 10}${cell.slice(at + 1)}`;
          expect(complaint(fileOf(lines.with(number, cells.with(index, other).join(',')))).line).toBeGreaterThan(1);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test('with a byte of it changed is refused, or reads without a change of any money', () => {
    const file = bill(someRows, { bom: false });
    const before = readStatement(file);
    fc.assert(
      fc.property(fc.nat(file.length - 1), fc.integer({ min: 1, max: 255 }), (at, by) => {
        const changed = Buffer.from(file);
        changed[at]! ^= by;
        let after: Statement;
        try {
          after = readStatement(changed);
        } catch (error) {
          expect(error).toBeInstanceOf(StatementError);
          return;
        }
        expect(moneyOf(after)).toEqual(moneyOf(before));
      }),
      { numRuns: 5_000 },
    );
  });

  test('that lost or repeats one of its lines is refused', () => {
    const lines = billLines(someRows);
    for (const number of lines.keys()) {
      expect(complaint(fileOf(lines.toSpliced(number, 1))).reason).toMatch(/\w/);
      if (number > 0) expect(complaint(fileOf(lines.toSpliced(number, 0, lines[number]!))).reason).toMatch(/\w/);
    }
  });

  test('of a day without anything has no lines', () => {
    expect(readStatement(bill([]))).toEqual({ judges: ['payment', 'refund'], lines: [], merchantsAtChannel: [] });
  });
});

const [paid, small, back] = someRows;
const withCell = (row: BillRow | undefined, cells: Record<string, string>): BillRow => ({ ...row!, cells });

describe('the kinds of bills', () => {
  test('a bill of refunds judges refunds alone, and dates them by their acceptance, not by the payment', () => {
    const row: BillRow = { ...back!, at: '2026-01-15 08:00:00', acceptedAt: '2026-01-31 00:00:01' };
    const statement = readStatement(bill([row], { kind: 'REFUND' }));
    expect(statement).toMatchObject({
      judges: ['refund'],
      lines: [
        { kind: 'refund', refundNo: 'REFUND0001', amount: 1_234n, fee: -7n, at: new Date('2026-01-30T16:00:01Z') },
      ],
    });
  });

  test('a bill of successes judges payments alone', () => {
    const statement = readStatement(bill([paid!, small!], { kind: 'SUCCESS' }));
    expect(statement.judges).toEqual(['payment']);
    expect(statement.lines).toEqual(asWritten([paid!, small!]));
  });

  test.each<[BillKind, BillRow | undefined, string]>([
    ['SUCCESS', { ...back!, amount: 0n }, 'a refund stands in a bill of payments'],
    ['REFUND', paid, 'a payment stands in a bill of refunds'],
  ])('a bill of %s that holds a row of the other kind is refused', (kind, row, reason) => {
    expect(complaint(bill([row!], { kind }))).toMatchObject({ line: 2, reason });
  });

  test('an older bill without 应结订单金额 and 代金券金额 is read', () => {
    const header = columns.ALL.split(',').filter((name) => name !== '应结订单金额' && name !== '代金券金额');
    const lines = billLines(someRows, { header: header.join(',') });
    // Its totals do not name what it has not.
    const totals = lines.slice(-2).map((line) => line.split(',').toSpliced(1, 1).join(','));
    expect(readStatement(fileOf([...lines.slice(0, -2), ...totals])).lines).toEqual(asWritten(someRows));
  });

  test('a payment by code that was reversed is money that went back, with or without a number of ours', () => {
    const row = withCell(back, { 交易状态: 'REVOKED', 商户退款单号: '0', 退款状态: '' });
    const [line] = readStatement(bill([row])).lines;
    expect(line).toMatchObject({ kind: 'refund', status: 'REVOKED', amount: 1_234n });
    expect(line).not.toHaveProperty('refundNo');
  });

  test('all merchants that a bill names are told', () => {
    const rows = [paid!, withCell(small, { 商户号: '1900000002' })];
    expect(readStatement(bill(rows)).merchantsAtChannel).toEqual(['1900000001', '1900000002']);
  });
});

describe('a cell', () => {
  test.each([
    ['0.01000', 1n],
    ['1', 100n],
    ['45.0', 4_500n],
    ['0.6', 60n],
  ])('of an amount may be written %s', (text, amount) => {
    const row = withCell({ ...paid!, amount }, { 订单金额: text });
    expect(readStatement(bill([row])).lines[0]!.amount).toBe(amount);
  });

  test.each([
    '',
    '0.00660',
    '0.001',
    '1.000000',
    '-1.00',
    '+1.00',
    '1,00',
    '.5',
    '1.',
    '1e2',
    '０.01',
    ' 1.00',
    '1.00 ',
    '0x10',
    'NaN',
  ])('of an amount that says %j is refused by line and name', (text) => {
    const { line, reason } = complaint(bill([small!, withCell(paid, { 订单金额: text })]));
    expect(line).toBe(3);
    expect(reason).toMatch(text.includes(',') ? /28 cells/ : /^订单金额 is /);
  });

  test('of a fee that has parts of a fen is refused: the books hold fen, and nobody decided to round', () => {
    for (const text of ['0.60001', '0.00660', '-0.00500'])
      expect(complaint(bill([withCell(paid, { 手续费: text })]))).toMatchObject({
        line: 2,
        reason: `手续费 is "${text}": it has parts of a fen, which our books cannot hold`,
      });
  });

  test.each([
    ['交易时间', '2026-02-30 00:00:00', 'not a time'],
    ['交易时间', '2026-01-31T00:00:00', 'not a time'],
    ['交易时间', '2026-01-31 24:00:00', 'not a time'],
    ['交易状态', 'NOTPAY', 'only SUCCESS, REFUND and REVOKED'],
    ['货币种类', 'USD', 'only CNY'],
    ['商户订单号', '', 'no such number'],
    ['商户订单号', 'A B', 'no such number'],
    ['微信订单号', '订单', 'no such number'],
    ['商户号', '', 'no such number'],
    ['申请退款金额', '0.01', 'columns may be swapped'],
  ])('%s that says %j is refused', (name, text, reason) => {
    expect(complaint(bill([withCell(paid, { [name]: text })]))).toMatchObject({
      line: 2,
      reason: expect.stringContaining(reason),
    });
  });

  test('of a payment of nothing is refused', () => {
    const { line, reason } = complaint(bill([{ ...paid!, amount: 0n }], { kind: 'SUCCESS' }));
    expect([line, reason]).toEqual([2, 'a payment has no 订单金额: columns may be swapped']);
  });

  test.each([
    ['商户退款单号', '0', 'no 商户退款单号'],
    ['退款状态', '', '退款状态 is ""'],
    ['申请退款金额', '0.00', 'no 申请退款金额'],
  ])('%s of a refund that says %j is refused', (name, text, reason) => {
    expect(complaint(bill([withCell(back, { [name]: text })]))).toMatchObject({
      line: 2,
      reason: expect.stringContaining(reason),
    });
  });
});

describe('what is not a bill to believe', () => {
  const lines = billLines(someRows);
  const text = fileOf(lines);
  const swapped = (a: string, b: string) =>
    lines[0]!.split(',').map((name) => (name === a ? b : name === b ? a : name));

  test.each<[string, Buffer | string, number, string]>([
    ['an empty file', '', 1, 'empty'],
    ['a page of an error', '<html>\n<body>502</body></html>', 1, 'a web page'],
    ['an answer of an error', '{"code":"STATEMENT_CREATING"}', 1, 'an error message of the channel'],
    ['a bill of something else', 'a,b,c\n1,2,3\n', 1, 'it has no column 交易时间'],
    ['a bill in GBK', Buffer.from('bdbbd2d7cab1bce4', 'hex'), 1, 'not UTF-8'],
    ['a bill in UTF-16', Buffer.from(`\uFEFF${lines.join('\n')}`, 'utf16le'), 1, 'UTF-16'],
    ['a bill with NUL bytes', fileOf(lines.with(2, `${lines[2]}\0`)), 3, 'NUL'],
    [
      'a bill with a broken character',
      Buffer.concat([text.subarray(0, -4), Buffer.from([0xe4, 0xba])]),
      6,
      'not UTF-8',
    ],
    ['a line without end', `${lines[0]}\n${'x'.repeat(70_000)}`, 2, 'longer than 64 KB'],
    [
      'a carriage return in a line',
      fileOf(lines.with(1, lines[1]!.replace('NATIVE', 'NA\rTIVE'))),
      2,
      'carriage return',
    ],
    ['a column named twice', fileOf(lines.with(0, lines[0]!.replace('设备号', '商户号'))), 1, '商户号 stands twice'],
    ['a row that is cut', fileOf(lines.with(2, lines[2]!.slice(0, 90))), 3, 'cells where the header has 27'],
    ['a row with a cell more', fileOf(lines.with(2, `${lines[2]},`)), 3, '28 cells'],
    ['swapped columns', fileOf(lines.with(0, swapped('订单金额', '申请退款金额').join(','))), 2, 'may be swapped'],
    [
      'swapped columns of other kinds',
      fileOf(lines.with(0, swapped('订单金额', '费率').join(','))),
      2,
      '订单金额 is "0.60%"',
    ],
    ['an empty line within', fileOf(lines.toSpliced(2, 0, '')), 3, '1 cells'],
    ['a bill without its totals', fileOf(lines.slice(0, -2)), 4, 'cut short'],
    ['a bill with names of totals alone', fileOf(lines.slice(0, -1)), 5, 'without the values'],
    ['totals that are cut', fileOf(lines.with(5, lines[5]!.slice(0, -8))), 6, '6 cells where the header has 7'],
    ['a total nobody knows', fileOf(lines.with(4, lines[4]!.replace('退款总金额', '新总金额'))), 5, '"新总金额"'],
    ['a total named twice', fileOf(lines.with(4, lines[4]!.replace(',订单总金额', ',退款总金额'))), 5, 'stands twice'],
    ['a count too high', fileOf(lines.with(5, lines[5]!.replace('3.0', '4.0'))), 6, 'the file has 3 rows'],
    [
      'a total one fen off',
      fileOf(lines.with(5, lines[5]!.replace('100.01', '100.02'))),
      6,
      'the rows add up to 100.01',
    ],
    ['fees that do not add up', fileOf(lines.with(5, lines[5]!.replace('0.53000', '0.53001'))), 6, 'add up to 0.53'],
    ['something after the end', fileOf([...lines, '`1']), 7, 'something follows'],
    ['an empty line after the end', fileOf([...lines, '']), 7, 'something follows'],
    ['two bills in one', Buffer.concat([text, text]), 7, 'something follows'],
    ['a packed file that is damaged', gzipSync(text).subarray(0, 100), 1, 'compressed file is damaged'],
  ])('%s is refused', (_, file, line, reason) => {
    expect(complaint(file)).toMatchObject({ line, reason: expect.stringContaining(reason) });
  });

  test.each([
    ['总交易单数', 1],
    ['手续费总金额', 5],
    ['订单总金额', 6],
    ['申请退款总金额', 7],
  ])('totals without %s are refused', (name, place) => {
    const [names, values] = lines.slice(-2).map((line) =>
      line
        .split(',')
        .toSpliced(place - 1, 1)
        .join(','),
    );
    const { line, reason } = complaint(fileOf([...lines.slice(0, -2), names!, values!]));
    expect([line, reason]).toEqual([5, `the totals lack ${name}`]);
  });

  test('a small file that would unpack to more than 64 MB is refused while it is unpacked', () => {
    expect(complaint(gzipSync(Buffer.alloc(65_000_000, '\n'))).reason).toContain('when unpacked');
  });

  test('a file of more than 64 MB is refused', () => {
    expect(complaint(Buffer.alloc(64_000_001, '\n')).reason).toContain('larger than 64 MB');
  });
});
