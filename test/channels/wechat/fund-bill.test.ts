import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { statementReader } from '#channels/readers.ts';
import { StatementError } from '#channels/statement.ts';
import { readFundBill } from '#channels/wechat/fund-bill.ts';

import { fixture, needing, noFixtures } from '../fixtures.ts';
import { bill, fileOf, someRows, yuan } from './bill.ts';

const read = (file: Buffer | string) => readFundBill(Buffer.from(file));

const complaint = (file: Buffer | string): StatementError => {
  try {
    read(file);
  } catch (error) {
    if (error instanceof StatementError) return error;
    throw error;
  }
  throw new Error('the statement was believed');
};

const columns =
  '记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元),账户结余(元),资金变更提交申请人,备注,业务凭证号';
const totals = '资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额';

interface FundRow {
  readonly type: string;
  readonly income: boolean;
  readonly amount: bigint;
  readonly voucher: string;
  readonly business?: string;
  readonly at?: string;
}

const marked = (cells: readonly string[]) => cells.map((cell) => `\`${cell}`).join(',');
const sumOf = (rows: readonly FundRow[]) => rows.reduce((sum, { amount }) => sum + amount, 0n);

/** A fund bill as WeChat documents it, whose balance is what a reader may not rely on. */
const linesOf = (rows: readonly FundRow[], header = columns): string[] => {
  const [income, expense] = [rows.filter((row) => row.income), rows.filter((row) => !row.income)];
  return [
    header,
    ...rows.map(({ type, income: isIncome, amount, voucher, business = `B${voucher}`, at = '2026-01-31 12:00:00' }) =>
      marked([
        at,
        business,
        `S${business}`,
        '交易',
        type,
        isIncome ? '收入' : '支出',
        yuan(amount),
        '5.00',
        'API',
        '',
        voucher,
      ]),
    ),
    totals,
    marked([`${rows.length}`, `${income.length}`, yuan(sumOf(income)), `${expense.length}`, yuan(sumOf(expense))]),
  ];
};
const fundBill = (rows: readonly FundRow[], header?: string) => fileOf(linesOf(rows, header));

const payment: FundRow = { type: '交易', income: true, amount: 10_000n, voucher: 'ORDER1', business: '4200' };
const fee: FundRow = { type: '扣除交易手续费', income: false, amount: 60n, voucher: 'ORDER1', business: '4200' };
const refund: FundRow = { type: '退款', income: false, amount: 1_234n, voucher: 'REFUND1', business: '5030' };
const feeBack: FundRow = { type: '退还交易手续费', income: true, amount: 7n, voucher: 'REFUND1', business: '5030' };
const withdrawal: FundRow = { type: '提现', income: false, amount: 900n, voucher: '' };

describe('a real fund bill', () => {
  test.skipIf(noFixtures)(`whose totals disagree with its rows is refused, packed or not ${needing}`, () => {
    const name = 'wechat/fundflow.BASIC.20210201.lf.csv';
    for (const file of [fixture(name), fixture(`${name}.gz`)]) {
      const { line, reason } = complaint(file);
      expect([line, reason]).toEqual([5, '资金流水总笔数 is "3", and the file has 2 such rows']);
    }
  });

  test.skipIf(noFixtures)(`is read where its totals are put right ${needing}`, () => {
    const text = fixture('wechat/fundflow.BASIC.20210201.lf.csv').toString();
    const righted = text.replace('`3,`1,`0.01,`2,`0.02', '`2,`0,`0.00,`2,`0.02');
    expect(read(righted)).toEqual({
      judges: ['payment', 'refund', 'payout'],
      merchantsAtChannel: [],
      others: [],
      lines: [
        expect.objectContaining({ kind: 'refund', refundNo: 'S20210201135356381941', amount: 1n, line: 2 }),
        expect.objectContaining({ kind: 'refund', refundNo: 'S20210201140044552846', amount: 1n, line: 3 }),
      ],
    });
  });
});

describe('a fund bill', () => {
  test('joins the gross of a payment with its fee, and a refund with what came back of it', () => {
    const at = new Date('2026-01-31T04:00:00.000Z');
    const both = { currency: 'CNY', status: 'SUCCESS', at };
    expect(read(fundBill([payment, fee, refund, feeBack]))).toEqual({
      judges: ['payment', 'refund', 'payout'],
      merchantsAtChannel: [],
      others: [],
      lines: [
        {
          ...both,
          line: 2,
          kind: 'payment',
          channelOrderNo: 'ORDER1',
          channelTradeNo: '4200',
          amount: 10_000n,
          fee: 60n,
        },
        {
          ...both,
          line: 4,
          kind: 'refund',
          channelOrderNo: '',
          refundNo: 'REFUND1',
          channelTradeNo: '5030',
          amount: 1_234n,
          fee: -7n,
        },
      ],
    });
  });

  test('keeps apart what is of no payment, also a fee without its payment and a payment that went out', () => {
    const odd = { ...payment, income: false, voucher: 'ORDER3' };
    const { lines, others } = read(fundBill([payment, withdrawal, { ...fee, voucher: 'ORDER2' }, feeBack, odd]));
    expect(lines).toEqual([expect.objectContaining({ channelOrderNo: 'ORDER1', fee: 0n })]);
    expect(others?.map(({ line, what, amount }) => [line, what, amount])).toEqual([
      [3, '提现', -900n],
      [4, '扣除交易手续费', -60n],
      [5, '退还交易手续费', 7n],
      [6, '交易', -10_000n],
    ]);
  });

  test.each(['商家转账', '企业付款'])(
    'shows a transfer (%s) under our number; what comes of one is something else',
    (what) => {
      const transfer = { ...withdrawal, type: what, voucher: 'TRANSFER1', business: '1330' };
      const { lines, others } = read(fundBill([payment, transfer, { ...transfer, income: true }]));
      expect(lines[1]).toMatchObject({ kind: 'payout', channelOrderNo: 'TRANSFER1', channelTradeNo: '1330', fee: 0n });
      expect(others).toMatchObject([{ what, amount: 900n }]);
    },
  );

  test('that has one thing twice shows it twice, each with a fee of its own', () => {
    const { lines } = read(fundBill([fee, payment, payment, fee]));
    expect(lines.map((line) => [line.line, line.fee])).toEqual([
      [3, 60n],
      [4, 60n],
    ]);
  });

  test('goes by the names of its columns, whatever their order and their brackets', () => {
    const wide = columns.replaceAll('(', '（').replaceAll(')', '）');
    expect(read(fundBill([payment, fee], wide))).toEqual(read(fundBill([payment, fee])));
    const turned = linesOf([payment, fee]).map((line, index) =>
      index < 3 ? line.split(',').toReversed().join(',') : line,
    );
    expect(read(fileOf(turned))).toEqual(read(fundBill([payment, fee])));
  });

  test('loses no money between its rows and what is read of it', () => {
    const row = fc.record({
      type: fc.constantFrom('交易', '扣除交易手续费', '退款', '退还交易手续费', '退款关闭', '提现'),
      income: fc.boolean(),
      amount: fc.bigInt({ min: 1n, max: 1_000_000n }),
      voucher: fc.constantFrom('N1', 'N2', 'N3'),
    });
    fc.assert(
      fc.property(fc.array(row, { maxLength: 30 }), (rows) => {
        const { lines, others = [] } = read(fundBill(rows));
        const moved = rows.reduce((sum, { income, amount }) => sum + (income ? amount : -amount), 0n);
        const ofLines = lines.reduce(
          (sum, line) => sum + (line.kind === 'payment' ? line.amount : -line.amount) - line.fee,
          0n,
        );
        expect(ofLines + others.reduce((sum, { amount }) => sum + amount, 0n)).toBe(moved);
      }),
    );
  });

  test.each<[string, (lines: string[]) => string[], RegExp]>([
    ['count', (lines) => lines.with(6, lines[6]!.replace('`4', '`5')), /资金流水总笔数/],
    ['income', (lines) => lines.with(6, lines[6]!.replace('100.07', '100.08')), /收入金额/],
    ['expense', (lines) => lines.with(6, lines[6]!.replace('12.94', '12.93')), /支出金额/],
    ['a total that is not there', (lines) => lines.with(5, totals.replace('支出笔数', '别的')), /支出笔数/],
    ['a row that is gone', (lines) => lines.toSpliced(2, 1), /资金流水总笔数/],
    ['a direction', (lines) => lines.with(1, lines[1]!.replace('收入', '收')), /收支类型/],
    ['parts of a fen', (lines) => lines.with(1, lines[1]!.replace('100.00', '100.00660')), /收支金额/],
    ['no money', (lines) => lines.with(1, lines[1]!.replace('100.00', '0.00')), /moves no money/],
    ['a balance', (lines) => lines.with(1, lines[1]!.replace('`5.00', '`much')), /账户结余/],
    ['a voucher', (lines) => lines.with(1, lines[1]!.replace('ORDER1', '')), /业务凭证号/],
    ['a time', (lines) => lines.with(1, lines[1]!.replace('2026-01-31', '2026-02-30')), /记账时间/],
    ['a cell too many', (lines) => lines.with(1, `${lines[1]!},\`x`), /12 cells/],
    ['a column', (lines) => lines.with(0, columns.replace('业务凭证号', '别的')), /no column 业务凭证号/],
    ['something after its end', (lines) => [...lines, '`'], /follows the totals/],
  ])('with %s wrong is refused', (_, spoil, reason) => {
    const lines = linesOf([payment, fee, refund, feeBack]);
    expect(read(fileOf(lines)).lines).toHaveLength(2);
    expect(complaint(fileOf(spoil(lines))).reason).toMatch(reason);
  });

  test('cut short after any of its lines is refused', () => {
    const lines = linesOf([payment, fee, refund]);
    for (let end = 0; end < lines.length; end += 1) complaint(fileOf(lines.slice(0, end)));
  });

  test('is not taken for a trade bill, nor a trade bill for one', async () => {
    expect(complaint(bill(someRows)).reason).toContain('this is a trade bill (交易账单)');
    const asTrade = statementReader('wechat')(fundBill([payment]), 'trade');
    await expect(asTrade).rejects.toThrow('this is a fund bill');
  });
});
