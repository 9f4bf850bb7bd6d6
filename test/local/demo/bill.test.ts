import { expect, test } from 'vitest';
import { asYuan, exactly, falsified, readBill, writeBill } from '../../../local/demo/books/bill.ts';

const columns =
  '交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注';
const totals = '总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额';

const payment = (orderNo: string, yuan: string, fee: string) =>
  `\`2026-01-05 10:00:00,\`wx1,\`190,\`0,\`,\`42${orderNo},\`${orderNo},\`o1,\`NATIVE,\`SUCCESS,\`OTHERS,\`CNY,\`${yuan},\`0.00,\`0,\`0,\`0.00,\`0.00,\`,\`,\`Tea\\ no. 1,\`,\`${fee},\`0.60%,\`${yuan},\`0.00,\``;
const refund = (orderNo: string, yuan: string, fee: string) =>
  `\`2026-01-05 10:01:00,\`wx1,\`190,\`0,\`,\`42${orderNo},\`${orderNo},\`o1,\`NATIVE,\`REFUND,\`OTHERS,\`CNY,\`0.00,\`0.00,\`50,\`R1,\`${yuan},\`0.00,\`ORIGINAL,\`SUCCESS,\`Tea,\`,\`${fee},\`0.60%,\`0.00,\`${yuan},\``;

const bytes = Buffer.from(
  `\uFEFF${[
    columns,
    payment('A1', '456.78', '2.74000'),
    payment('B2', '654.32', '3.93000'),
    payment('C3', '100.00', '0.60000'),
    refund('C3', '50.00', '-0.30000'),
    totals,
    '`4,`1211.10,`50.00,`0.00,`6.97000,`1211.10,`50.00',
  ]
    .map((line) => `${line}\r\n`)
    .join('')}`,
);

const falsehoods = {
  missing: 'A1',
  changed: { orderNo: 'B2', to: 66_332n },
  extra: { orderNo: 'X9', tradeNo: '4299', amount: 6_660n, fee: 40n },
};

test('a bill that is read and written again is the same to the byte', () => {
  expect(writeBill(readBill(bytes)).equals(bytes)).toBe(true);
});

test('a falsified bill has one payment less, one more and one other, and totals that agree', () => {
  const written = writeBill(falsified(readBill(bytes), falsehoods));
  const { rows } = readBill(written);
  expect(rows.map((row) => [row['商户订单号'], row['交易状态'], row['订单金额'], row['手续费']])).toEqual([
    ['B2', 'SUCCESS', '663.32', '3.93000'],
    ['C3', 'SUCCESS', '100.00', '0.60000'],
    ['C3', 'REFUND', '0.00', '-0.30000'],
    ['X9', 'SUCCESS', '66.60', '0.40000'],
  ]);
  const last = written.toString('utf8').trimEnd().split('\r\n').at(-1);
  expect(last).toBe('`4,`829.92,`50.00,`0.00,`4.63000,`829.92,`50.00');
});

test('a payment that is to be falsified must be on the bill', () => {
  expect(() => falsified(readBill(bytes), { ...falsehoods, missing: 'Z0' })).toThrow('the bill has no payment Z0');
});

test.each(['1.234', 'abc', '', '1,000.00', '.50'])('%j is no amount of a bill', (text) => {
  expect(() => exactly(text, 2)).toThrow('an amount that is none');
});

test('amounts are exact in both directions', () => {
  expect(['0.00', '45.6', '45', '-0.30'].map((text) => exactly(text, 2))).toEqual([0n, 4_560n, 4_500n, -30n]);
  expect([0n, 5n, -30n, 121_110n].map((fen) => asYuan(fen, 2))).toEqual(['0.00', '0.05', '-0.30', '1211.10']);
});

test('what is not a trade bill is refused', () => {
  expect(() => readBill(Buffer.from('<html>'))).toThrow('this is not a trade bill');
});
