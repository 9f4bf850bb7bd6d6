import { describe, expect, test } from 'vitest';

import { statementReader } from '#channels/readers.ts';
import { StatementError } from '#channels/statement.ts';

import { header, merchantNo, someRows, statementOf } from './bill.ts';

const read = (bytes: Buffer) => statementReader('lakala')(bytes, 'trade', '2026-01-30');
const complaint = async (bytes: Buffer) => {
  const error = await read(bytes).catch((thrown: unknown) => thrown);
  if (!(error instanceof StatementError)) throw new Error('it was believed');
  return [error.line, error.reason] as const;
};
const edited = (from: string, to: string) => Buffer.from(statementOf(someRows).toString().replace(from, to));

describe('a statement of Lakala', () => {
  test('tells payments, refunds by their own number, and what was undone', async () => {
    const { lines, judges, merchantsAtChannel } = await read(statementOf(someRows));
    expect(judges).toEqual(['payment', 'refund']);
    expect(merchantsAtChannel).toEqual([merchantNo]);
    expect(lines).toMatchObject([
      { line: 2, kind: 'payment', amount: 12_345n, fee: 74n, channelTradeNo: '2026013066210309260100' },
      { line: 3, kind: 'refund', refundNo: 'REFUND1', amount: 345n, fee: -2n, status: 'SUCCESS' },
      { line: 4, kind: 'refund', amount: 100n, status: 'REVOKED', channelOrderNo: '01KG7X0000ORDER0000000002AA' },
    ]);
    expect(lines[0]!.at).toEqual(new Date('2026-01-30T10:00:01Z'));
    expect(lines[2]).not.toHaveProperty('refundNo');
  });

  test('of a day without trades has its end all the same', async () => {
    expect((await read(statementOf([]))).lines).toEqual([]);
  });

  test.each([
    ['a kind of trade that nobody knows', edited('退货', '预授权'), 3, '预授权'],
    ['a row that does not close in itself', edited('122.71', '122.72'), 2, '122.71'],
    ['an amount with parts of a fen', edited('123.45', '123.451'), 2, 'parts of a fen'],
    ['a row without money', edited('123.45,0.74,122.71', '0.00,0.00,0.00'), 2, 'columns may be swapped'],
    ['a time that is none', edited('2026-01-30 18:00:01', '2026-02-30 18:00:01'), 2, 'not a time'],
    ['a cell too many', edited('123.45', '1,23.45'), 2, '11 cells'],
    ['another count', edited('合计,3', '合计,4'), 5, '3 rows'],
    ['fees that do not add up', edited('合计,3,0.71', '合计,3,0.72'), 5, 'add up to 0.71'],
    ['money that does not add up', edited('118.29', '118.28'), 5, 'add up to'],
    ['a column that is missing', edited('手续费,', ''), 1, '手续费'],
    ['something after its end', Buffer.concat([statementOf(someRows), Buffer.from('x')]), 6, 'must be the end'],
    ['no end', Buffer.from(`${header}\r\n`), 1, 'cut short'],
  ])('with %s is refused, naming the line', async (_, bytes, line, reason) => {
    expect(await complaint(bytes)).toEqual([line, expect.stringContaining(reason)]);
  });
});
