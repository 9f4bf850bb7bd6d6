import { expect, test } from 'vitest';
import { chargeOn, halfUp, sharesReturned, sum, yuan } from '../../../local/demo/books/arithmetic.ts';
import { expectedOf, trialOf } from '../../../local/demo/books/expected.ts';
import { Notebook } from '../../../local/demo/books/notebook.ts';
import { alipayCast, cast, crowd, falsehoods, terms } from '../../../local/demo/terms.ts';

test.each([
  [1n, 0n, 0n],
  [49n, 0n, 0n],
  [50n, 1n, 0n],
  [83n, 1n, 0n],
  [84n, 1n, 1n],
  [149n, 1n, 1n],
  [150n, 2n, 1n],
  [250n, 3n, 2n],
  [12_345n, 123n, 74n],
  [500_000_049n, 5_000_000n, 3_000_000n],
])('a payment over %d fen costs its merchant %d and us %d', (amount, fee, cost) => {
  expect(chargeOn(amount, terms.feePpm)).toBe(fee);
  expect(chargeOn(amount, terms.costPpm)).toBe(cost);
});

test('refunds in parts return exactly the fee, however it is cut', () => {
  for (const parts of [[16_650n], [1n, 16_649n], [5_550n, 5_550n, 5_550n], [8_325n, 8_324n, 1n]]) {
    expect(sum(sharesReturned(167n, 16_650n, parts))).toBe(167n);
  }
});

test('the partial refunds of the day tell shares of the total from shares rounded one by one', () => {
  const { amount, refunds } = cast.refundedInPart;
  const fee = chargeOn(amount, terms.feePpm);
  expect(sharesReturned(fee, amount, refunds)).toEqual([101n, 80n]);
  expect(refunds.map((refund) => halfUp(fee * refund, amount))).toEqual([101n, 81n]);
});

test('amounts are written as a Chinese reader of English expects them', () => {
  expect([0n, 1n, 100n, 123_456n, 500_000_049n, -37_884n].map(yuan)).toEqual([
    '¥0.00',
    '¥0.01',
    '¥1.00',
    '¥1,234.56',
    '¥5,000,000.49',
    '-¥378.84',
  ]);
});

/** The whole day, as the acts write it down. */
const dayInBooks = (): Notebook => {
  const notebook = new Notebook();
  const paid = (number: string, amount: bigint, channel: 'wechat' | 'alipay' = 'wechat') => {
    notebook.placed(number, amount, channel);
    notebook.paid(number);
  };
  for (const amount of crowd) paid(String(amount), amount);
  for (const name of ['first', 'refusedOnce', 'callbackLost', 'callbackTwice', 'refundedInFull'] as const)
    paid(name, cast[name]);
  paid('refundedInPart', cast.refundedInPart.amount);
  for (const refund of cast.refundedInPart.refunds) notebook.refunded('refundedInPart', refund);
  notebook.refunded('refundedInFull', cast.refundedInFull);
  for (const name of ['late', 'abandoned'] as const) {
    notebook.placed(name, cast[name], 'wechat');
    notebook.closed(name);
  }
  notebook.paid('late');
  for (const name of ['scanned', 'scannedTwiceTold', 'counter', 'withPassword'] as const)
    paid(name, alipayCast[name], 'alipay');
  paid('alipayRefunded', alipayCast.refundedInPart.amount, 'alipay');
  notebook.refunded('alipayRefunded', alipayCast.refundedInPart.refund);
  return notebook;
};

test('the figures of the day are those that were once reckoned with a pocket calculator', () => {
  const expected = expectedOf(dayInBooks().ordersAt('wechat'));
  expect(expected.paid).toEqual({ count: 46, amount: 515_658_794n });
  expect(expected.late).toEqual({ count: 1, amount: 26_660n });
  expect(expected.closed).toBe(1);
  expect(expected.refunds).toEqual({ count: 3, amount: 34_750n });
  expect([expected.fees, expected.feesReturned]).toEqual([5_156_594n, 348n]);
  expect(expected.events).toEqual({
    'payment.paid': 46,
    'payment.closed': 2,
    'payment.paid_late': 1,
    'refund.succeeded': 3,
  });
});

test('so are those of Alipay, and the day is both together', () => {
  const notebook = dayInBooks();
  const alipay = expectedOf(notebook.ordersAt('alipay'));
  expect(alipay.paid).toEqual({ count: 5, amount: 194_598n });
  expect(alipay.refunds).toEqual({ count: 1, amount: 13_350n });
  expect([alipay.fees, alipay.feesReturned, alipay.bill.cost]).toEqual([1_947n, 134n, 1_088n]);
  const [day, wechat] = [expectedOf(notebook.orders()), expectedOf(notebook.ordersAt('wechat'))];
  expect(day.settlement.net).toBe(wechat.settlement.net + alipay.settlement.net);
  expect(day.balances.channel_clearing).toBe(wechat.bill.net + alipay.bill.net);
});

test('what is expected balances', () => {
  const expected = expectedOf(dayInBooks().orders());
  const { debit, credit } = trialOf(expected);
  expect(debit).toBe(credit);
  expect(expected.balances.merchant_available).toBe(expected.settlement.net);
  expect(expected.balances.channel_clearing).toBe(expected.bill.net);
});

test('no two things of the day are alike, so that none can stand in for another', () => {
  const { refundedInPart, ...others } = cast;
  const { missing: _, changed, extra } = falsehoods;
  const { refundedInPart: backAtAlipay, ...othersAtAlipay } = alipayCast;
  const amounts = [
    ...crowd,
    ...Object.values(othersAtAlipay),
    backAtAlipay.amount,
    backAtAlipay.refund,
    ...Object.values(others),
    refundedInPart.amount,
    ...refundedInPart.refunds,
    changed.to,
    extra.amount,
  ];
  expect(new Set(amounts).size).toBe(amounts.length);
  expect(crowd).toContain(falsehoods.missing);
  expect(crowd).toContain(changed.from);
  const { balances, bill, settlement, fees, feesReturned } = expectedOf(dayInBooks().orders());
  const sums = [
    balances.channel_clearing,
    balances.channel_cost,
    balances.fee_income,
    balances.merchant_available,
    balances.suspense,
    fees,
    feesReturned,
    bill.payments.amount,
    bill.refunds.amount,
    settlement.payments.amount,
  ];
  expect(new Set(sums).size).toBe(sums.length);
});

test('a rate that is off by the smallest step, or rounded otherwise, shows in the sum', () => {
  const amounts = dayInBooks()
    .orders()
    .map(({ amount }) => amount);
  const total = (charge: (amount: bigint) => bigint) => sum(amounts.map(charge));
  const right = total((amount) => chargeOn(amount, terms.feePpm));
  expect(total((amount) => chargeOn(amount, terms.feePpm - 1n))).not.toBe(right);
  expect(total((amount) => (amount * terms.feePpm) / 1_000_000n)).not.toBe(right);
  expect(chargeOn(sum(amounts), terms.feePpm)).not.toBe(right);
});
