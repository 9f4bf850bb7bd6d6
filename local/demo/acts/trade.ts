import { sum, yuan } from '../books/arithmetic.ts';
import { cast, crowd } from '../terms.ts';
import { each, stopwatch } from '../wait.ts';
import type { Payment } from '../wire/answers.ts';
import { scene, type World } from '../world.ts';
import { payAtWechat, place, told } from './orders.ts';

const AT_ONCE = 8;
const PROGRESS = 10;

/** The payments of the morning that later scenes come back to. */
export interface Morning {
  readonly abandoned: Payment;
  readonly refusedOnce: Payment;
  readonly callbackLost: Payment;
  /** Since the order whose callback is lost was sent. */
  readonly sinceLost: () => number;
  readonly refundedInPart: Payment;
  readonly refundedInFull: Payment;
}

const EXPIRY_SECONDS = 900;

/** Those that need real time come first, so that the others are served while they wait. */
const placeUnlucky = async (world: World) => {
  const { say, sandbox, receiver } = world;
  const sinceLost = stopwatch();
  const callbackLost = await place(world, { name: 'callback-lost', amount: cast.callbackLost, subject: 'An umbrella' });
  await sandbox.arm('lose_callback');
  await payAtWechat(world, callbackLost);
  say(`  ${yuan(cast.callbackLost)} is paid, but WeChat's callback gets lost. Nobody tells the platform.`);

  const refusedOnce = await place(world, {
    name: 'refused-once',
    amount: cast.refusedOnce,
    subject: 'A teacup',
    notifyUrl: receiver.refusesOnce,
  });
  await payAtWechat(world, refusedOnce);
  say(`  ${yuan(cast.refusedOnce)} is paid; the app's endpoint for it will refuse the first delivery with 503.`);

  const callbackTwice = await place(world, { name: 'callback-twice', amount: cast.callbackTwice, subject: 'A kettle' });
  await sandbox.arm('duplicate_callback');
  await payAtWechat(world, callbackTwice);
  say(`  ${yuan(cast.callbackTwice)} is paid, and WeChat sends its callback twice.`);

  const abandoned = await place(world, {
    name: 'abandoned',
    amount: cast.abandoned,
    subject: 'A tea tray',
    expiresInSeconds: EXPIRY_SECONDS,
  });
  say(`  ${yuan(cast.abandoned)} is placed for a quarter of an hour; its payer walks away.`);
  await told(world, 'payment.paid', [callbackTwice.id]);
  return { abandoned, refusedOnce, callbackLost, sinceLost };
};

const serve = async (world: World): Promise<void> => {
  const { say } = world;
  const served: bigint[] = [];
  const payments = await each([...crowd.entries()], AT_ONCE, async ([index, amount]) => {
    const payment = await place(world, {
      name: String(index + 1).padStart(3, '0'),
      amount,
      subject: `Tea, no. ${index + 1}`,
    });
    await payAtWechat(world, payment);
    served.push(amount);
    if (served.length % PROGRESS === 0)
      say(`  … ${served.length} of ${crowd.length} paid, ${yuan(sum(served))} so far`);
    return payment;
  });
  await told(
    world,
    'payment.paid',
    payments.map(({ id }) => id),
  );
  say(`  All ${crowd.length} are paid and the app was told of each.`);
};

const placeToRefund = async (world: World, name: string, amount: bigint): Promise<Payment> => {
  const payment = await place(world, { name, amount, subject: 'A tea set' });
  await payAtWechat(world, payment);
  return payment;
};

/** The morning's payments, lucky and unlucky. */
export const trade = async (world: World): Promise<Morning> => {
  scene(world, 'four customers with bad luck');
  const unlucky = await placeUnlucky(world);
  scene(world, `the crowd: ${crowd.length} customers, from ${yuan(1n)} to ${yuan(crowd.at(-1) ?? 0n)}`);
  await serve(world);
  const refundedInPart = await placeToRefund(world, 'refunded-in-part', cast.refundedInPart.amount);
  const refundedInFull = await placeToRefund(world, 'refunded-in-full', cast.refundedInFull);
  await told(world, 'payment.paid', [refundedInPart.id, refundedInFull.id]);
  return { ...unlucky, refundedInPart, refundedInFull };
};
