import { isDeepStrictEqual } from 'node:util';

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { statementReader } from '#channels/readers.ts';
import { StatementError } from '#channels/statement.ts';
import { places, rowBytes } from '#channels/unionpay/bills/layout.ts';

import { fixture, needing, noFixtures } from '../fixtures.ts';
import { zip } from '../zip.ts';
import { archiveOf, billMerchant, rowOf, someRows, zmOf, type BillRow } from './bill.ts';

const day = '2026-01-30';
const read = (bytes: Buffer, date: string | undefined = day) => statementReader('unionpay')(bytes, 'trade', date);
const complaintOf = async (bytes: Buffer, date?: string): Promise<StatementError> => {
  const error = await read(bytes, date).catch((thrown: unknown) => thrown);
  if (!(error instanceof StatementError)) throw new Error(`no complaint: ${String(error)}`);
  return error;
};

interface Layout {
  readonly row_bytes: number;
  readonly widths: number[];
  readonly names: string[];
}

describe('the layout of ZM', () => {
  test.skipIf(noFixtures)(`is the one that was measured ${needing}`, () => {
    const { row_bytes, widths, names } = JSON.parse(fixture('unionpay/zm-layout.json').toString()) as Layout;
    expect(rowBytes).toBe(row_bytes);
    expect([...places.keys()]).toEqual(names);
    expect([...places.values()].map(({ from, until }) => until - from)).toEqual(widths);
    expect([...places.values()].map(({ from }) => from)).toEqual(
      widths.map((_, index) => widths.slice(0, index).reduce((sum, width) => sum + width + 1, 0)),
    );
    expect([...places.values()].at(-1)?.until).toBe(row_bytes);
  });

  test('is what our own generator writes', () => {
    expect(rowOf(someRows[0]!)).toHaveLength(rowBytes + 2);
  });
});

describe('a statement of UnionPay', () => {
  test.each([
    ['bare', zmOf(someRows)],
    ['in its archive', archiveOf(zmOf(someRows))],
  ])('%s is read', async (_, bytes) => {
    const statement = await read(bytes);
    expect(statement).toMatchObject({ judges: ['payment', 'refund'], others: [], merchantsAtChannel: [billMerchant] });
    expect(statement.lines).toEqual([
      {
        line: 1,
        kind: 'payment',
        channelOrderNo: '01KG7X0000ORDER0000000001',
        channelTradeNo: '782601301000000674018',
        amount: 12_345n,
        currency: 'CNY',
        fee: 74n,
        status: 'SUCCESS',
        at: new Date('2026-01-30T02:00:00Z'),
      },
      expect.objectContaining({ line: 2, amount: 1n, fee: 0n, at: new Date('2026-01-30T15:59:59Z') }),
      {
        line: 3,
        kind: 'refund',
        channelOrderNo: '',
        channelTradeNo: '782601301000000674018',
        refundNo: '01KG7X0000REFUND000000001',
        amount: 345n,
        currency: 'CNY',
        fee: -2n,
        status: 'SUCCESS',
        at: new Date('2026-01-30T04:00:00Z'),
      },
    ]);
  });

  test('whose members stand in any order, in folders or with an ending, is read', async () => {
    const members = [
      { name: `x/INN26013088ZM_${billMerchant}.txt`, bytes: zmOf(someRows) },
      { name: `x/INN26013088ZME_${billMerchant}.txt`, bytes: Buffer.alloc(0) },
    ];
    for (const each of [members, members.toReversed()]) expect((await read(zip(each))).lines).toHaveLength(3);
  });

  test('in its archive says by itself of which day it is', async () => {
    expect((await statementReader('unionpay')(archiveOf(zmOf(someRows)), 'trade')).lines).toHaveLength(3);
    expect(await complaintOf(archiveOf(zmOf(someRows)), '2026-01-31')).toMatchObject({
      line: 1,
      reason: 'the statement is of 2026-01-30, not of 2026-01-31',
    });
    await expect(statementReader('unionpay')(zmOf(someRows), 'trade')).rejects.toThrow('day');
  });

  test('of a day without trades is empty', async () => {
    expect(await read(archiveOf(Buffer.alloc(0)))).toMatchObject({ lines: [], merchantsAtChannel: [billMerchant] });
  });

  test('holds times of other days than its own, of the year that is nearest', async () => {
    const at = async (time: string, date: string) =>
      (await read(zmOf([{ ...someRows[0]!, time }]), date)).lines[0]?.at.toISOString();
    expect(await at('0906000001', '2026-09-05')).toBe('2026-09-05T16:00:01.000Z');
    expect(await at('1231235959', '2026-01-01')).toBe('2025-12-31T15:59:59.000Z');
    expect(await at('0101000000', '2025-12-31')).toBe('2025-12-31T16:00:00.000Z');
    expect(await at('0229120000', '2028-03-01')).toBe('2028-02-29T04:00:00.000Z');
    expect(await complaintOf(zmOf([{ ...someRows[0]!, time: '0229120000' }]))).toMatchObject({
      line: 1,
      reason: '交易传输时间 is "0229120000": not a time',
    });
  });

  test('of an undone payment has it as money given back, and of anything else as something else', async () => {
    const undone: BillRow = { ...someRows[2]!, type: '31' };
    const other: BillRow = { ...someRows[2]!, type: '02' };
    const { lines, others } = await read(zmOf([undone, other]));
    expect(lines).toEqual([expect.objectContaining({ line: 1, kind: 'refund', refundNo: undone.no })]);
    expect(others).toEqual([{ line: 2, what: '交易类型 02', amount: -343n, at: new Date('2026-01-30T04:00:00Z') }]);
  });

  test('of another merchant says so', async () => {
    const rows = [someRows[0]!, { ...someRows[1]!, merchant: '700000000000002' }];
    expect((await read(archiveOf(zmOf(rows)))).merchantsAtChannel).toEqual([billMerchant, '700000000000002']);
  });

  test('reads back what was written, whatever it is', async () => {
    const no = fc.stringMatching(/^[0-9A-Z]{8,32}$/);
    const queryId = fc.stringMatching(/^\d{21}$/);
    const row: fc.Arbitrary<BillRow> = fc.record({
      type: fc.constantFrom('01', '04'),
      no,
      time: fc.constant('0130120000'),
      amount: fc.integer({ min: 1, max: 900_000_000_000 }),
      fee: fc.integer({ min: -99_999, max: 99_999 }),
      queryId,
      original: queryId,
      shop: fc.constantFrom('', '镕{}|镕', '测试', 'ab cd'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 8 }), async (rows) => {
        const { lines } = await read(archiveOf(zmOf(rows)));
        expect(lines).toEqual(
          rows.map(({ type, no: number, amount, fee }, index) =>
            expect.objectContaining({
              line: index + 1,
              kind: type === '01' ? 'payment' : 'refund',
              amount: BigInt(amount),
              fee: BigInt(fee),
              [type === '01' ? 'channelOrderNo' : 'refundNo']: number,
            }),
          ),
        );
      }),
      { numRuns: 100 },
    );
  });
});

const changed = (at: number, text: string, line = 2): Buffer => {
  const bytes = Buffer.from(zmOf(someRows));
  bytes.write(text, (line - 1) * (rowBytes + 2) + at, 'latin1');
  return bytes;
};
const placeOf = (name: string) => places.get(name)?.from ?? -1;
const withoutByte = (at: number) => {
  const bytes = zmOf(someRows);
  return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)]);
};

describe('a statement of UnionPay that is not to be believed', () => {
  test.each<[string, Buffer, number, string]>([
    ['an amount that is none', changed(placeOf('交易金额'), '00000000-345'), 2, '交易金额 is "00000000-345"'],
    ['an amount of nothing', changed(placeOf('交易金额'), '000000000000'), 2, '交易金额 is nothing'],
    ['a fee without a side', changed(placeOf('商户手续费'), '0000000000000'), 2, 'not C or D'],
    ['a sum that does not agree', changed(placeOf('结算金额'), 'D000000000001'), 2, '结算金额 is -0.01'],
    ['an order without a number', changed(placeOf('商户订单号'), ' '.repeat(32)), 2, '商户订单号 is ""'],
    ['a number that is no word', changed(placeOf('查询流水号') + 2, '\xff'), 2, 'no number and no word'],
    ['no kind of trade', changed(placeOf('交易类型'), '  '), 2, '交易类型 is ""'],
    ['fields that are shifted', changed(placeOf('交易金额') - 1, '0'), 2, 'no blank between two fields'],
    ['a byte that is gone', withoutByte(700), 2, 'the row has 606 bytes'],
    ['LF alone', Buffer.from(zmOf(someRows).toString('latin1').replaceAll('\r\n', '\n'), 'latin1'), 1, 'CRLF'],
    [
      'an end within a row',
      zmOf(someRows).subarray(0, 2 * (rowBytes + 2) + 100),
      3,
      'after 100 bytes: it was cut short',
    ],
    ['an end within what ends a row', zmOf(someRows).subarray(0, -1), 3, 'it was cut short'],
    ['a blank line', Buffer.concat([zmOf(someRows), Buffer.from('\r\n')]), 4, 'the row has 0 bytes'],
    [
      'another encoding',
      Buffer.from(new TextDecoder('gbk').decode(zmOf(someRows)), 'utf8'),
      1,
      'saved in another encoding',
    ],
    ['another layout', Buffer.from('a|b|c\r\n'), 1, 'of another layout'],
    ['a page', Buffer.from('<html>\n'), 1, 'a web page'],
  ])('with %s names the line and the reason', async (_, bytes, line, reason) => {
    for (const each of [bytes, archiveOf(bytes)]) {
      const error = await complaintOf(each);
      expect([error.line, error.reason]).toEqual([line, expect.stringContaining(reason)]);
    }
  });

  test.each<[string, Buffer, string]>([
    ['no trades', zip([{ name: `RD201026013001_${billMerchant}`, bytes: Buffer.from('x') }]), 'one file of trades'],
    [
      'two files of trades',
      zip(['1', '2'].map((last) => ({ name: `INN26013088ZM_70000000000000${last}`, bytes: zmOf(someRows) }))),
      'one file of trades',
    ],
    ['corrections', archiveOf(zmOf(someRows), { corrections: Buffer.from('x') }), 'corrections of earlier days (ZME)'],
    ['a day that is none', archiveOf(zmOf(someRows), { day: '260230' }), 'not of 2026-01-30'],
  ])('whose archive has %s says so', async (_, bytes, reason) => {
    expect(await complaintOf(bytes)).toMatchObject({ line: 1, reason: expect.stringContaining(reason) });
  });

  test('that is larger than any is not read', async () => {
    expect((await complaintOf(Buffer.alloc(64_000_001, ' '))).reason).toContain('64 MB');
  });

  test('of money is none', async () => {
    await expect(statementReader('unionpay')(zmOf(someRows), 'fund', day)).rejects.toThrow('no statement of this kind');
  });

  test('in any byte that is read, is refused or reads differently', async () => {
    const genuine = zmOf(someRows);
    const before = (await read(genuine)).lines;
    const readPlaces = [
      '交易传输时间',
      '交易金额',
      '商户手续费',
      '结算金额',
      '商户订单号',
      '查询流水号',
      '交易类型',
    ].flatMap((name) => {
      const { from = 0, until = 0 } = places.get(name) ?? {};
      return Array.from({ length: until - from }, (_, index) => from + index);
    });
    const unseen: string[] = [];
    for (const at of readPlaces) {
      for (let by = 1; by < 256; by += 1) {
        const bytes = Buffer.from(genuine);
        bytes[at] = bytes[at]! ^ by;
        const after = await read(bytes).then(
          ({ lines, others }) => [lines, others?.length],
          () => 'refused',
        );
        if (isDeepStrictEqual(after, [before, 0])) unseen.push(`byte ${at} xor ${by}`);
      }
    }
    expect(unseen).toEqual([]);
  });
});
