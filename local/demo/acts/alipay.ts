import { yuan } from '../books/arithmetic.ts';
import { alipayCast, payerCodes } from '../terms.ts';
import type { Payment } from '../wire/answers.ts';
import { scene, type World } from '../world.ts';
import { charge, scan } from './counter.ts';
import { pay, paymentNow, place, told } from './orders.ts';
import { refund } from './regret.ts';

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
  const method = 'alipay_qr';
  const first = await scan(world, { name: 'alipay-scanned', amount: scanned, subject: 'A tea strainer', method });
  await sandbox.arm('duplicate_callback', 'alipay');
  const second = await scan(world, { name: 'alipay-twice', amount: scannedTwiceTold, subject: 'A samovar', method });
  say(`  ${yuan(scanned)} and ${yuan(scannedTwiceTold)} are scanned and paid; of the second Alipay tells twice.`);
  const third = await charge(world, {
    name: 'alipay-counter',
    amount: alipayCast.counter,
    subject: 'A cup of tea',
    method: 'alipay_code',
    payerCode: payerCodes.counter,
  });
  world.figures.section('answers that must be as agreed')('a code at the counter', 'paid', third.status);
  await chargeWithPassword(world);
  const back = await scan(world, {
    name: 'alipay-refunded',
    amount: refundedInPart.amount,
    subject: 'Two tea jars',
    method,
  });
  await told(
    world,
    'payment.paid',
    [first, second, third, back].map(({ id }) => id),
  );
  await refund(world, back, 'alipay-part', refundedInPart.refund);
};
