import { expect, test } from 'vitest';
import { readStatement } from '../../../local/demo/acts/settle.ts';
import { Figures, tableOf } from '../../../local/demo/books/figures.ts';

test('a wrong figure is named with both sides, a right one is not, in the order of the table', () => {
  const figures = new Figures();
  const balance = figures.section('balances of the merchant');
  balance('fee income', 123_456n, 123_602n);
  balance('channel cost', 60n, 60n);
  figures.section('settlement')('settlement net', 100n, undefined);
  expect(figures.wrong()).toEqual([
    'settlement net: expected ¥1.00, actual none',
    'fee income: expected ¥1,234.56, actual ¥1,236.02',
  ]);
  const table = tableOf(figures.all());
  expect(table.filter((line) => line.endsWith('✗ wrong'))).toHaveLength(2);
  expect(table.filter((line) => line.endsWith('✓'))).toHaveLength(1);
  expect(Math.max(...table.map((line) => line.length))).toBeLessThanOrEqual(110);
});

test('two figures never share a name', () => {
  const figure = new Figures().section('payments');
  figure('paid, count', 1, 1);
  expect(() => figure('paid, count', 2, 2)).toThrow('two figures are called paid, count');
});

test('a settlement statement is added up by its lines, beside the total it states', () => {
  const header = 'payment_id,merchant_order_id,currency,amount,refunded,fee,net';
  const text = [header, 'pay_1,a,CNY,100,0,1,99', 'pay_2,b,CNY,50,50,0,0', 'total,2 payments,CNY,150,50,1,98', ''];
  expect(readStatement(text.join('\r\n'))).toEqual({ lines: 2, net: 99n, total: 98n });
});
