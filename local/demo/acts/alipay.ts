import { yuan } from '../books/arithmetic.ts';
import { expectedOf } from '../books/expected.ts';
import { prefixed } from '../books/figures.ts';
import { nextInShanghai } from '../clock.ts';
import { alipayCast, payerCodes } from '../terms.ts';
import type { Payment } from '../wire/answers.ts';
import { scene, type World } from '../world.ts';
import { compareSides, fetched } from './batches.ts';
import { pay, paymentNow, place, told, type NewOrder } from './orders.ts';
import { refund } from './regret.ts';

const scan = async (world: World, order: Omit<NewOrder, 'method'>): Promise<Payment> => {
  const payment = await place(world, { ...order, method: 'alipay_qr' });
  await pay(world, 'alipay', payment);
  return payment;
};

/** The counter scans what the payer's phone shows: the answer to the order is that it is paid. */
const charge = async (world: World): Promise<Payment> => {
  const { say, notebook, figures } = world;
  const payment = await place(world, {
    name: 'counter',
    amount: alipayCast.counter,
    subject: 'A cup of tea',
    method: 'alipay_code',
    payerCode: payerCodes.counter,
  });
  notebook.paid(payment.merchant_order_id);
  say(
    `  ${yuan(alipayCast.counter)}: the counter scans the payer's code, and the order is answered: ${payment.status}.`,
  );
  figures.section('answers that must be as agreed')('a code at the counter', 'paid', payment.status);
  return payment;
};

/** The wallet wants a password first: the platform asks until it knows, and is told in time. */
const chargeWithPassword = async (world: World): Promise<Payment> => {
  const { say, figures } = world;
  const payment = await place(world, {
    name: 'with-password',
    amount: alipayCast.withPassword,
    subject: 'A tea cupboard',
    method: 'alipay_code',
    payerCode: payerCodes.withPassword,
  });
  figures.section('answers that must be as agreed')('a code that needs a password', 'paying', payment.status);
  await pay(world, 'alipay', payment);
  await told(world, 'payment.paid', [payment.id]);
  const { status } = await paymentNow(world, payment);
  say(
    `  ${yuan(alipayCast.withPassword)}: the wallet asks its payer for a password (${payment.status}), then it is ${status}.`,
  );
  return payment;
};

/** At the counter and by another wallet's QR code. */
export const sellAtAlipay = async (world: World): Promise<void> => {
  const { say, sandbox } = world;
  const { scanned, scannedTwiceTold, refundedInPart } = alipayCast;
  scene(world, 'customers with Alipay');
  const first = await scan(world, { name: 'alipay-scanned', amount: scanned, subject: 'A tea strainer' });
  await sandbox.arm('duplicate_callback', 'alipay');
  const second = await scan(world, { name: 'alipay-twice', amount: scannedTwiceTold, subject: 'A samovar' });
  say(`  ${yuan(scanned)} and ${yuan(scannedTwiceTold)} are scanned and paid; of the second Alipay tells twice.`);
  const third = await charge(world);
  await chargeWithPassword(world);
  const back = await scan(world, { name: 'alipay-refunded', amount: refundedInPart.amount, subject: 'Two tea jars' });
  await told(
    world,
    'payment.paid',
    [first, second, third, back].map(({ id }) => id),
  );
  await refund(world, back, 'alipay-part', refundedInPart.refund);
};

/** 10:30: nobody uploads Alipay's bill; the platform fetches it, an archive of GBK, and proves the day. */
export const reconcileAlipay = async (world: World, date: string): Promise<void> => {
  const { say, clock, figures, notebook } = world;
  await clock.moveTo(new Date(nextInShanghai(clock.now(), '10:30').getTime() + 5_000));
  scene(world, 'the platform has fetched the bill of Alipay itself');
  const batch = await fetched(world, 'alipay', date);
  say(`  Version ${batch.version}: ${batch.status}, verdict ${batch.verdict ?? 'none'}.`);
  const section = figures.section('reconciliation of Alipay: the bill the platform fetched');
  const figure = prefixed('Alipay: ', section);
  figure('verdict', 'reconciled', batch.verdict);
  compareSides(figure, expectedOf(notebook.ordersAt('alipay')), batch);
};
