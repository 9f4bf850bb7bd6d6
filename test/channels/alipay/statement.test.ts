import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { statementReader } from '#channels/readers.ts';
import { bringsMoney, StatementError, type Statement, type StatementKind } from '#channels/statement.ts';

import { fixture, needing, noFixtures } from '../fixtures.ts';
import { gbk, isInGbk } from '../gbk.ts';
import { zip } from '../zip.ts';
import {
  archiveOf,
  fileOf,
  fundArchive,
  fundLines,
  fundSummaryLines,
  someRows,
  tradeArchive,
  tradeColumns,
  tradeLines,
  tradeSummaryLines,
  type FundRow,
  type TradeRow,
} from './bill.ts';

const read = (file: Buffer, kind: StatementKind = 'trade') => statementReader('alipay')(file, kind);

const complaint = async (file: Buffer, kind: StatementKind = 'trade'): Promise<StatementError> => {
  try {
    await read(file, kind);
  } catch (error) {
    if (error instanceof StatementError) return error;
    throw error;
  }
  throw new Error('the statement was believed');
};

const instant = (text: string) => new Date(`${text.replace(' ', 'T')}+08:00`);
const asWritten = (rows: readonly TradeRow[]) =>
  rows.map(({ kind, orderNo, tradeNo, refundNo, amount, fee, at }, index) => ({
    line: index + 6,
    kind,
    channelOrderNo: orderNo,
    channelTradeNo: tradeNo,
    ...(refundNo !== undefined && { refundNo }),
    amount,
    currency: 'CNY',
    fee,
    status: 'SUCCESS',
    at: instant(at),
  }));

const money = ({ lines, others = [] }: Statement) => [
  lines.map(({ kind, amount, fee }) => [kind, amount, fee]),
  others.map(({ amount }) => amount),
];

describe('files in the shape of real ones', () => {
  test.skipIf(noFixtures)(`the bill of trades is read as it stands ${needing}`, async () => {
    const { lines, judges, merchantsAtChannel } = await read(fixture('alipay/statements/trade.20260101.gbk.zip'));
    expect([judges, merchantsAtChannel]).toEqual([['payment', 'refund'], ['2088000000000001']]);
    const sums = (kind: string) => {
      const some = lines.filter((line) => line.kind === kind);
      return [
        some.length,
        some.reduce((sum, { amount }) => sum + amount, 0n),
        some.reduce((sum, { fee }) => sum + fee, 0n),
      ];
    };
    // As an independent reader has them, in expected.json.
    expect([sums('payment'), sums('refund')]).toEqual([
      [3, 11_991n, 72n],
      [2, 3_001n, -18n],
    ]);
    // A refund is of the day on which it was made, not of its payment's.
    expect(lines.find(({ refundNo }) => refundNo === 'R20260101000002')).toMatchObject({
      channelOrderNo: 'T20251231000009',
      at: instant('2026-01-01 00:00:05'),
    });
  });

  test.skipIf(noFixtures)(
    `the bill of money is joined with its fees, and a withdrawal kept apart ${needing}`,
    async () => {
      const statement = await read(fixture('alipay/statements/signcustomer.20260101.gbk.zip'), 'fund');
      expect(money(statement)).toEqual([
        [
          ['payment', 10_000n, 60n],
          ['refund', 1n, 0n],
          ['payment', 1_990n, 12n],
          ['refund', 3_000n, -18n],
          ['payment', 1n, 0n],
        ],
        [-50_000n],
      ]);
      expect(statement.others).toMatchObject([{ what: '提现', line: 14 }]);
    },
  );

  test.skipIf(noFixtures)(`an empty day is read, one that was cut short is not ${needing}`, async () => {
    expect((await read(fixture('alipay/statements/trade.empty.gbk.zip'))).lines).toEqual([]);
    const cut = await complaint(fixture('alipay/statements/trade.NEGATIVE-truncated-no-end-marker.gbk.zip'));
    expect(cut).toMatchObject({ line: 8, reason: expect.stringContaining('cut short') });
  });
});

const time = fc
  .integer({ min: 0, max: 86_399 })
  .map((seconds) => `2026-01-30 ${new Date(seconds * 1_000).toISOString().slice(11, 19)}`);
const number = fc.string({ unit: fc.constantFrom(...Array.from('0123456789ABCDEFGHJK')), minLength: 8, maxLength: 32 });
const subject = fc
  .string({
    unit: fc.oneof(fc.constantFrom(...Array.from('茶杯"|`\\(（。'), ' '), fc.string({ minLength: 1, maxLength: 1 })),
    maxLength: 12,
  })
  .filter((text) => isInGbk(text) && Array.from(text).every((character) => character >= ' ' && character !== ','));
const amount = fc.bigInt({ min: 1n, max: 10_000_000_000n });
const row: fc.Arbitrary<TradeRow> = fc
  .record({
    kind: fc.constantFrom('payment', 'refund'),
    orderNo: number,
    tradeNo: number,
    amount,
    at: time,
    subject,
    ppm: fc.bigInt(0n, 9_999n),
    no: number,
  })
  .map(({ ppm, no, ...given }) => {
    const fee = (given.amount * ppm) / 1_000_000n;
    return given.kind === 'payment' ? { ...given, fee } : { ...given, fee: -fee, refundNo: no };
  });
const rows = fc.array(row, { maxLength: 12 });

describe('any bill of trades', () => {
  test('is read as it was written, packed or bare, in either kind of line', () =>
    fc.assert(
      fc.asyncProperty(rows, fc.boolean(), fc.constantFrom('\r\n', '\n'), async (some, isPacked, end) => {
        const file = isPacked ? tradeArchive(some, { end }) : fileOf(tradeLines(some), end);
        expect((await read(file)).lines).toEqual(asWritten(some));
      }),
    ));

  test('is read by the names of its columns, in any order, with more of them', () =>
    fc.assert(
      fc.asyncProperty(
        rows,
        // A line that begins with # is a remark: no column of free text comes first.
        fc
          .shuffledSubarray([...tradeColumns.split(','), '新的一列'], { minLength: 26, maxLength: 26 })
          .filter(([first]) => first !== '商品名称'),
        async (some, order) => {
          const file = fileOf(tradeLines(some, { header: order.join(',') }));
          expect((await read(file)).lines).toEqual(asWritten(some));
        },
      ),
    ));

  test('with one digit of an amount or a total changed is refused', () => {
    /** Changes one digit of a text, somewhere. */
    const doctored = (text: string, place: number, by: number) => {
      const digits = [...text.matchAll(/\d/g)];
      const { 0: digit, index } = digits[place % digits.length]!;
      return `${text.slice(0, index)}${(Number(digit) + by) % 10}${text.slice(index + 1)}`;
    };
    const [places, by] = [fc.nat(), fc.integer({ min: 1, max: 9 })];
    const some = fc.array(row, { minLength: 1, maxLength: 4 });
    const column = fc.constantFrom('订单金额（元）', '商家实收（元）', '服务费（元）');
    return fc.assert(
      fc.asyncProperty(some, places, places, by, column, async (given, line, place, added, name) => {
        const cell = tradeColumns.split(',').indexOf(name);
        const [details, summary] = [tradeLines(given), tradeSummaryLines(given)];
        const at = 5 + (line % given.length);
        const cells = details[at]!.split(',');
        const inRow = details.with(at, cells.with(cell, doctored(cells[cell]!, place, added)).join(','));
        const foot = details.length - 2 - (line % 2);
        const inFoot = details.with(foot, doctored(details[foot]!, place, added));
        const inSummary = summary.with(5, doctored(summary[5]!, place, added));
        await complaint(archiveOf(fileOf(inRow), fileOf(summary)));
        await complaint(archiveOf(fileOf(inFoot), fileOf(summary)));
        await complaint(archiveOf(fileOf(details), fileOf(inSummary)));
      }),
      { numRuns: 300 },
    );
  });

  test('with a row left out, doubled or added to is refused', () =>
    fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 5 }), fc.nat(), row, async (some, place, other) => {
        const lines = tradeLines(some);
        const at = 5 + (place % some.length);
        const without = lines.toSpliced(at, 1);
        const doubled = lines.toSpliced(at, 0, lines[at]!);
        const added = lines.toSpliced(at, 0, tradeLines([other])[5]!);
        for (const doctored of [without, doubled, added]) await complaint(fileOf(doctored));
      }),
    ));

  test('with a byte of it changed is refused, or reads without a change of any money', async () => {
    const genuine = money(await read(tradeArchive(someRows)));
    const summary = fileOf(tradeSummaryLines(someRows));
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.integer({ min: 1, max: 255 }), async (place, by) => {
        const file = fileOf(tradeLines(someRows));
        const at = place % file.length;
        file[at] = file[at]! ^ by;
        // Packed anew, so that no checksum tells.
        const after = await read(archiveOf(file, summary)).catch((error: unknown) => {
          expect(error).toBeInstanceOf(StatementError);
          return undefined;
        });
        if (after) expect(money(after)).toEqual(genuine);
      }),
      { numRuns: 2_000 },
    );
  });

  test('whose archive has a byte changed is refused, or is the same bill', () =>
    fc.assert(
      fc.asyncProperty(fc.nat(), fc.integer({ min: 1, max: 255 }), async (place, by) => {
        const file = tradeArchive(someRows);
        const at = place % file.length;
        file[at] = file[at]! ^ by;
        const after = await read(file).catch((error: unknown) => {
          expect(error).toBeInstanceOf(StatementError);
          return undefined;
        });
        if (after) expect(after.lines).toEqual(asWritten(someRows));
      }),
      { numRuns: 1_000 },
    ));

  test('cut short anywhere is refused, packed or bare', async () => {
    for (const file of [tradeArchive(someRows), fileOf(tradeLines(someRows))]) {
      // The bare file is whole once its last line has begun to say when it was made.
      const whole = file.includes('PK') ? file.length : file.lastIndexOf('#') + '#导出时间：'.length * 2 - 1;
      for (let end = 0; end < whole - 2; end += 7) await complaint(file.subarray(0, end));
    }
  });
});

const changed = (change: (lines: string[]) => readonly string[]) => fileOf(change(tradeLines(someRows)));
const cellsChanged = (cells: Record<string, string>, at = 0) =>
  fileOf(tradeLines(someRows.map((one, index) => (index === at ? { ...one, cells } : one))));

describe('what is no bill of trades to believe', () => {
  test.each<[string, Record<string, string>, number, string]>([
    ['an amount of more than fen', { '订单金额（元）': '100.001' }, 0, 'parts of a fen'],
    ['a payment with a negative amount', { '订单金额（元）': '-100.00' }, 0, 'signs may be swapped'],
    ['a payment of nothing', { '订单金额（元）': '0.00' }, 0, 'signs may be swapped'],
    ['a refund with a positive amount', { '订单金额（元）': '12.34' }, 2, 'signs may be swapped'],
    ['a word for an amount', { '订单金额（元）': '壹佰' }, 0, 'not an amount'],
    ['thousands with a comma', { '订单金额（元）': '1,000.00' }, 0, 'cells where the header has 25'],
    ['a comma in a name', { 商品名称: '茶, 大杯' }, 0, 'the row has 26 cells where the header has 25'],
    ['a kind that nobody knows', { 业务类型: '冻结\t' }, 0, 'only 交易 and 退款'],
    ['a payment with a number of a refund', { '退款批次号/请求号': 'R1\t' }, 0, 'columns may be swapped'],
    ['no number of the order', { 商户订单号: '\t' }, 0, 'no such number'],
    ['no number of the trade', { 支付宝交易号: '\t' }, 0, 'no such number'],
    ['a day that does not exist', { 完成时间: '2026-02-30 00:00:00' }, 0, 'not a time'],
    ['a time of the day before', { 完成时间: '2026-01-29 23:59:59' }, 0, 'not within the days'],
    ['a time of the next day', { 完成时间: '2026-01-31 00:00:00' }, 0, 'not within the days'],
    ['a fee of more than fen', { '服务费（元）': '-0.605' }, 0, 'parts of a fen'],
  ])('%s is refused with its line', async (_, cells, at, reason) => {
    const error = await complaint(cellsChanged(cells, at));
    expect(error).toMatchObject({ line: 6 + at, reason: expect.stringContaining(reason) });
  });

  test('a refund without a number of ours is kept: it is money all the same', async () => {
    const { lines } = await read(cellsChanged({ '退款批次号/请求号': '\t' }, 2));
    expect(lines[2]).not.toHaveProperty('refundNo');
    expect(lines[2]).toMatchObject({ kind: 'refund', channelOrderNo: 'ORDER00001', amount: 1_234n });
  });

  test.each<[string, (lines: string[]) => readonly string[], number, string]>([
    ['no rows and no header', (lines) => lines.slice(0, 4), 4, 'cut short'],
    ['no end of the table', (lines) => lines.toSpliced(8, 1), 9, 'a remark stands among the rows'],
    ['no totals of payments', (lines) => lines.toSpliced(9, 1), 11, 'cut short'],
    ['no totals of refunds', (lines) => lines.toSpliced(10, 1), 11, 'cut short'],
    ['no last line', (lines) => lines.slice(0, -1), 11, 'cut short'],
    ['a row behind the table', (lines) => [...lines, lines[5]!], 13, 'behind the end'],
    ['a blank line among the rows', (lines) => lines.toSpliced(6, 0, ''), 7, 'the row has 1 cells'],
    ['no account', (lines) => lines.toSpliced(1, 1), 3, 'whose it is'],
    ['an account that is none', (lines) => lines.with(1, '#账号：[shop@example.com]'), 4, 'whose it is'],
    ['no days', (lines) => lines.toSpliced(2, 1), 3, 'of which days'],
    ['a day that does not exist', (lines) => lines.with(2, lines[2]!.replace('01月30日', '02月30日')), 3, 'is no day'],
    ['another title', (lines) => lines.with(0, '#支付宝交易记录明细查询'), 4, 'a bill of Alipay'],
    ['no remark at all', (lines) => lines.slice(4), 1, 'does not begin as a bill'],
    ['a column twice', (lines) => lines.with(4, lines[4]!.replace('备注', '服务费（元）')), 5, 'stands twice'],
    [
      'a column less',
      (lines) => lines.with(4, lines[4]!.replace('服务费（元）', '备用')),
      5,
      'has no column 服务费(元)',
    ],
    ['another count', (lines) => lines.with(9, lines[9]!.replace('2笔', '3笔')), 10, 'add up to 2'],
    ['another sum', (lines) => lines.with(9, lines[9]!.replace('100.01', '100.02')), 10, 'add up to 100.01'],
    [
      'another sum of refunds',
      (lines) => lines.with(10, lines[10]!.replace('-12.34', '12.34')),
      11,
      'add up to -12.34',
    ],
    ['another sum of discounts', (lines) => lines.with(9, lines[9]!.replace('0.00元', '0.01元')), 10, '商家优惠'],
  ])('a file with %s is refused', async (_, change, line, reason) => {
    expect(await complaint(changed(change))).toMatchObject({ line, reason: expect.stringContaining(reason) });
  });

  test('brackets, colons and padding may be those of a spreadsheet', async () => {
    const lines = tradeLines(someRows).map((line) => {
      const plain = line.replaceAll('（', '(').replaceAll('）', ')').replaceAll('：', ':');
      return line.startsWith('#') ? `${plain},,,,` : plain;
    });
    expect((await read(fileOf(lines))).lines).toEqual(asWritten(someRows));
  });

  test('a file in UTF-8 or UTF-16 is refused, saying why', async () => {
    const text = tradeLines(someRows).join('\r\n');
    expect((await complaint(Buffer.from(`\uFEFF${text}`, 'utf16le'))).reason).toContain('UTF-16');
    expect(await complaint(Buffer.from(text))).toBeInstanceOf(StatementError);
  });

  test('a web page and a message of the gateway are told apart from a bill', async () => {
    expect((await complaint(Buffer.from('<html>502</html>'))).reason).toContain('a web page');
    expect((await complaint(Buffer.from('{"code":"40004"}'))).reason).toContain('an error message');
  });
});

const payment = {
  type: '在线支付',
  orderNo: 'ORDER00001',
  tradeNo: 'TRADE00001',
  amount: 10_000n,
  at: '2026-01-30 09:00:00',
};
const fee = { ...payment, type: '收费', amount: -60n };
const refund = { ...payment, type: '交易退款', amount: -3_000n, at: '2026-01-30 12:00:00' };
const feeBack = { ...refund, type: '退费', amount: 18n };
const withdrawal = {
  type: '提现',
  orderNo: 'W1',
  tradeNo: '20260130110070001502',
  amount: -50_000n,
  at: '2026-01-30 15:00:00',
};
const fundRows: readonly FundRow[] = [payment, fee, refund, feeBack, withdrawal];

describe('a bill of money', () => {
  test('has each payment and refund with its fee, by the names of its columns', async () => {
    const header =
      '账户余额(元),业务类型,支出金额(-元),收入金额(+元),发生时间,商户订单号,业务流水号,账务流水号,业务描述';
    const moved = fundRows.map((one) => ({
      ...one,
      cells: {
        '账户余额(元)': '1000.00',
        '收入金额(+元)': one.amount > 0n ? String(Number(one.amount) / 100) : '',
        '支出金额(-元)': one.amount < 0n ? String(Number(one.amount) / 100) : '',
      },
    }));
    const expected = [
      [
        ['payment', 10_000n, 60n],
        ['refund', 3_000n, -18n],
      ],
      [-50_000n],
    ];
    expect(money(await read(fundArchive(fundRows), 'fund'))).toEqual(expected);
    expect(money(await read(fundArchive(moved, { header }), 'fund'))).toEqual(expected);
    expect((await read(fundArchive(fundRows), 'fund')).lines).toMatchObject([
      { kind: 'payment', channelOrderNo: 'ORDER00001', channelTradeNo: 'TRADE00001', line: 6 },
      { kind: 'refund', channelOrderNo: 'ORDER00001', channelTradeNo: 'TRADE00001', line: 8 },
    ]);
  });

  test('has each transfer that we made, and what came back of one; what came from others is something else', async () => {
    const transfer = {
      type: '转账',
      orderNo: 'PAYOUT00001',
      tradeNo: 'FUND00001',
      amount: -500n,
      at: '2026-01-30 10:00:00',
    };
    const bounced = { ...transfer, type: '转账退回', amount: 500n };
    const byHand = { ...transfer, orderNo: '' };
    const received = { ...transfer, amount: 700n };
    const { judges, lines, others } = await read(fundArchive([transfer, bounced, byHand, received]), 'fund');
    expect(judges).toEqual(['payment', 'refund', 'payout', 'payout_return']);
    expect(lines.map((each) => [each.kind, each.channelOrderNo, each.amount, each.fee])).toEqual([
      ['payout', 'PAYOUT00001', 500n, 0n],
      ['payout_return', 'PAYOUT00001', 500n, 0n],
      ['payout', '', 500n, 0n],
    ]);
    expect(others).toMatchObject([{ what: '转账', amount: 700n }]);
  });

  test('has the fee of a transfer beside it, by either of its numbers, and what came back of it', async () => {
    const at = '2026-01-30 10:00:00';
    const sent = { type: '转账', orderNo: 'PAYOUT00001', tradeNo: 'FUND00001', amount: -500n, at };
    const other = { ...sent, orderNo: 'PAYOUT00002', tradeNo: 'FUND00002' };
    const bounced = { ...sent, type: '转账退回', amount: 500n };
    const taken = { type: '收费', orderNo: '', tradeNo: sent.tradeNo, amount: -10n, at };
    const byNumber = { ...taken, orderNo: other.orderNo, tradeNo: 'ORDER00002' };
    const returned = { ...taken, type: '退费', amount: 10n };
    const nobodys = { ...taken, tradeNo: '', amount: -7n };
    const moved = [byNumber, sent, other, taken, nobodys, bounced, returned];
    const { lines, others } = await read(fundArchive(moved), 'fund');
    expect(lines.map((each) => [each.kind, each.channelOrderNo, each.fee])).toEqual([
      ['payout', 'PAYOUT00001', 10n],
      ['payout', 'PAYOUT00002', 10n],
      ['payout_return', 'PAYOUT00001', -10n],
    ]);
    expect(others).toMatchObject([{ what: '收费', amount: -7n }]);
    // An order that is paid has its number from us as a transfer has: its fee goes by its trade alone.
    expect(money(await read(fundArchive([payment, { ...fee, tradeNo: 'TRADE00002' }]), 'fund'))).toEqual([
      [['payment', 10_000n, 0n]],
      [-60n],
    ]);
  });

  test('gives each of several refunds the fee of its own second', async () => {
    const later = { ...refund, amount: -1_000n, at: '2026-01-30 13:00:00' };
    const laterFee = { ...feeBack, amount: 6n, at: '2026-01-30 13:00:00' };
    const lines = (some: readonly FundRow[]) => read(fundArchive(some), 'fund').then((found) => money(found)[0]);
    expect(await lines([refund, later, laterFee])).toEqual([
      ['refund', 3_000n, 0n],
      ['refund', 1_000n, -6n],
    ]);
    expect(await lines([refund, later, laterFee, feeBack])).toEqual([
      ['refund', 3_000n, -18n],
      ['refund', 1_000n, -6n],
    ]);
    // A second late, it is still the fee of this trade.
    expect(await lines([refund, { ...feeBack, at: '2026-01-30 12:00:01' }])).toEqual([['refund', 3_000n, -18n]]);
  });

  test('keeps apart what is of nothing that it has: a fee alone, a payment that was taken back', async () => {
    const { lines, others } = await read(fundArchive([fee, { ...payment, amount: -10_000n }]), 'fund');
    expect(lines).toEqual([]);
    expect(others).toMatchObject([
      { what: '收费', amount: -60n },
      { what: '在线支付', amount: -10_000n },
    ]);
  });

  test('conserves money, whatever it is about', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            type: fc.constantFrom(
              '在线支付',
              '交易付款',
              '收费',
              '交易退款',
              '退费',
              '转账',
              '转账退回',
              '提现',
              '其它',
            ),
            orderNo: fc.constantFrom('ORDER00001', 'ORDER00002'),
            tradeNo: fc.constantFrom('TRADE00001', 'TRADE00002'),
            amount: fc.bigInt({ min: -1_000_000n, max: 1_000_000n }).filter((value) => value !== 0n),
            at: time,
          }),
          { maxLength: 12 },
        ),
        async (some) => {
          const { lines, others = [] } = await read(fundArchive(some), 'fund');
          const kept = lines.reduce(
            (sum, line) => sum + (bringsMoney(line.kind) ? line.amount : -line.amount) - line.fee,
            0n,
          );
          const rest = others.reduce((sum, other) => sum + other.amount, 0n);
          expect(kept + rest).toBe(some.reduce((sum, one) => sum + one.amount, 0n));
        },
      ),
    ));

  test.each<[string, Record<string, string>, string]>([
    ['both ways', { '支出金额（-元）': '-1.00' }, 'one way'],
    ['no way', { '收入金额（+元）': '0.00' }, 'one way'],
    ['an expense without its sign', { '收入金额（+元）': '', '支出金额（-元）': '100.00' }, 'one way'],
    ['no balance', { '账户余额（元）': '' }, '账户余额'],
    ['no number', { 账务流水号: '' }, '账务流水号'],
    ['no kind', { 业务类型: '' }, '业务类型'],
    ['another day', { 发生时间: '2026-01-31 00:00:00' }, 'not within the days'],
  ])('that moves money %s is refused with its line', async (_, cells, reason) => {
    const error = await complaint(fileOf(fundLines([{ ...payment, cells }])), 'fund');
    expect(error).toMatchObject({ line: 6, reason: expect.stringContaining(reason) });
  });

  test('whose totals do not add up is refused', async () => {
    for (const [from, to] of [
      ['3笔', '2笔'],
      ['-530.60', '-530.61'],
      ['2笔', '3笔'],
      ['100.18', '100.17'],
    ] as const)
      expect(
        (
          await complaint(
            fileOf(fundLines(fundRows).map((line) => (line.includes('合计') ? line.replace(from, to) : line))),
            'fund',
          )
        ).reason,
      ).toContain('add up to');
  });

  test('cut short after any of its lines is refused', async () => {
    const lines = fundLines(fundRows);
    for (let end = 0; end < lines.length; end += 1) await complaint(fileOf(lines.slice(0, end)), 'fund');
  });

  test('is not taken for one of trades, nor one of trades for it', async () => {
    expect((await complaint(fundArchive(fundRows))).reason).toContain('this is a fund bill (账务明细)');
    expect((await complaint(tradeArchive(someRows), 'fund')).reason).toContain('this is a trade bill (业务明细)');
  });
});

describe('an archive', () => {
  const [detail, summary] = [fileOf(tradeLines(someRows)), fileOf(tradeSummaryLines(someRows))];

  test('may have its members in any order, and under any name', async () => {
    for (const members of [
      [detail, summary],
      [summary, detail],
    ])
      expect((await read(zip(members.map((bytes, index) => ({ name: `${index}`, bytes }))))).lines).toHaveLength(3);
    expect(
      (
        await read(
          zip([
            { name: gbk('一'), bytes: detail, stored: true },
            { name: '二', bytes: summary, claimed: { flags: 0x800 } },
          ]),
        )
      ).lines,
    ).toHaveLength(3);
  });

  test.each<[string, Buffer[]]>([
    ['the details alone', [detail]],
    ['the summary alone', [summary]],
    ['the details twice', [detail, detail]],
    ['something else beside', [detail, summary, Buffer.from('hello')]],
    ['two summaries', [detail, summary, summary]],
    ['nothing', []],
  ])('with %s is refused', async (_, members) => {
    await complaint(zip(members.map((bytes, index) => ({ name: `${index}.csv`, bytes }))));
  });

  test('a summary without its archive is refused', async () => {
    expect((await complaint(summary)).reason).toContain('it has no details');
  });

  test.each<[string, (lines: string[]) => readonly string[], string]>([
    [
      'another count of payments',
      (lines) => lines.with(5, lines[5]!.replace(',2,1,', ',3,1,')),
      '汇总: 交易订单总笔数',
    ],
    ['another count of refunds', (lines) => lines.with(5, lines[5]!.replace(',2,1,', ',2,2,')), '汇总: 退款订单总笔数'],
    ['other fees', (lines) => lines.with(5, lines[5]!.replace('-0.53', '-0.54')), '汇总: 服务费(元)'],
    ['another net', (lines) => lines.with(5, lines[5]!.replace('87.14', '87.15')), '汇总: 实收净额(元)'],
    ['no sums', (lines) => lines.toSpliced(5, 1), '汇总: it has no row 合计'],
    [
      'another account',
      (lines) => lines.with(1, lines[1]!.replace('00010156', '00020156')),
      '汇总: it is of another account',
    ],
    ['another day', (lines) => lines.with(2, lines[2]!.replaceAll('01月', '03月')), '汇总: it is of another account'],
    [
      'a column less',
      (lines) => lines.with(4, lines[4]!.replace('卡消费金额（元）', '备用')),
      '汇总: there is no column',
    ],
    ['another title', (lines) => lines.with(0, '#支付宝账务汇总查询'), '汇总: it is'],
  ])('whose summary has %s is refused', async (_, change, reason) => {
    const doubtful = fileOf(change(tradeSummaryLines(someRows)));
    expect((await complaint(archiveOf(detail, doubtful))).reason).toContain(reason);
  });

  test('of money is held against its summary too', async () => {
    const lines = fundSummaryLines(fundRows);
    for (const [from, to] of [
      ['合计,2,', '合计,3,'],
      ['100.18', '100.19'],
      [',3,', ',4,'],
      ['-530.60', '-530.50'],
      ['-430.42', '-430.43'],
    ] as const) {
      const doubtful = fileOf(lines.map((line) => line.replace(from, to)));
      expect((await complaint(archiveOf(fileOf(fundLines(fundRows)), doubtful), 'fund')).reason, from).toContain(
        '汇总:',
      );
    }
  });

  test('may hold shops before their sum', async () => {
    const lines = tradeSummaryLines(someRows);
    const shop = lines[5]!.replace('合计', 'S001').replace(',2,1,', ',1,0,');
    expect((await read(archiveOf(detail, fileOf(lines.toSpliced(5, 0, shop))))).lines).toHaveLength(3);
  });

  test.each<[string, Parameters<typeof zip>[0]]>([
    ['would unpack to more than 64 MB', [{ name: 'a', bytes: Buffer.alloc(64_000_001) }]],
    ['would unpack to more than 64 MB in all', [1, 2].map((n) => ({ name: `${n}`, bytes: Buffer.alloc(33_000_000) }))],
    ['says less than it holds', [{ name: 'a', bytes: Buffer.alloc(1_000_000), claimed: { size: 10 } }]],
    [
      'has another checksum',
      [
        { name: 'a', bytes: detail, claimed: { crc: 1 } },
        { name: 'b', bytes: summary },
      ],
    ],
    ['has another checksum, unpacked', [{ name: 'a', bytes: detail, stored: true, claimed: { crc: 1 } }]],
    ['is locked', [{ name: 'a', bytes: detail, claimed: { flags: 1 } }]],
    ['has a name that leads away', [{ name: '../../a', bytes: detail }]],
    ['has a name from the root', [{ name: '/etc/a', bytes: detail }]],
    ['has a name that is none', [{ name: Buffer.from([0xff]), bytes: detail }]],
    ['has nine members', Array.from({ length: 9 }, (_, index) => ({ name: `${index}`, bytes: detail }))],
  ])('that %s is refused', async (_, members) => {
    expect((await complaint(zip(members))).reason).toContain('the archive');
  });
});
