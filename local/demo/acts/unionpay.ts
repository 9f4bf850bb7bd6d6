import { yuan } from '../books/arithmetic.ts';
import { payerCodes, unionpayCast } from '../terms.ts';
import { scene, type World } from '../world.ts';
import { charge, scan } from './counter.ts';
import { told } from './orders.ts';
import { refund } from './regret.ts';

/** 云闪付: by our code and by the payer's. */
export const sellAtUnionPay = async (world: World): Promise<void> => {
  const { say, sandbox } = world;
  const { scanned, scannedTwiceTold, counter, refundedInPart } = unionpayCast;
  scene(world, 'customers with UnionPay');
  const method = 'unionpay_qr';
  const first = await scan(world, { name: 'unionpay-scanned', amount: scanned, subject: 'A gaiwan', method });
  await sandbox.arm('duplicate_callback', 'unionpay');
  const second = await scan(world, {
    name: 'unionpay-twice',
    amount: scannedTwiceTold,
    subject: 'A tea table',
    method,
  });
  say(`  ${yuan(scanned)} and ${yuan(scannedTwiceTold)} are scanned and paid; of the second UnionPay tells twice.`);
  const third = await charge(world, {
    name: 'unionpay-counter',
    amount: counter,
    subject: 'Two cups of tea',
    method: 'unionpay_code',
    payerCode: payerCodes.unionpay,
  });
  const { amount } = refundedInPart;
  const back = await scan(world, { name: 'unionpay-refunded', amount, subject: 'Two teapots', method });
  await told(
    world,
    'payment.paid',
    [first, second, third, back].map(({ id }) => id),
  );
  await refund(world, back, 'unionpay-part', refundedInPart.refund);
};
