import { yuan } from '../books/arithmetic.ts';
import { payerCodes, unionpayCast } from '../terms.ts';
import { Stopped } from '../wait.ts';
import type { Payment } from '../wire/answers.ts';
import { browse } from '../wire/browser.ts';
import { scene, type World } from '../world.ts';
import { charge, scan } from './counter.ts';
import { place, told } from './orders.ts';
import { refund } from './regret.ts';

/** 网关支付: the payer's browser posts what we have signed, and the payer enters a card on UnionPay's own page. */
const payOnline = async (world: World, amount: bigint): Promise<Payment> => {
  const { say, notebook } = world;
  const method = 'unionpay_gateway';
  const payment = await place(world, { name: 'unionpay-online', amount, subject: 'A tea cupboard', method });
  const { url = '', fields = {} } = payment.attempts[0]?.action ?? {};
  const { next: page } = await browse(new URL(url), fields);
  if (page === undefined) throw new Stopped('the form of the gateway leads to no page of UnionPay');
  await browse(page);
  await browse(new URL(`${page.pathname}/pay`, page), {});
  notebook.paid(payment.merchant_order_id);
  say(`  ${yuan(amount)}: a browser carries our signed form to UnionPay, and the card is charged on its page.`);
  return payment;
};

/** 云闪付: by our code and by the payer's; and a card, online. */
export const sellAtUnionPay = async (world: World): Promise<void> => {
  const { say, sandbox } = world;
  const { scanned, scannedTwiceTold, counter, online, refundedInPart } = unionpayCast;
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
  const card = await payOnline(world, online);
  const { amount } = refundedInPart;
  const back = await scan(world, { name: 'unionpay-refunded', amount, subject: 'Two teapots', method });
  await told(
    world,
    'payment.paid',
    [first, second, third, card, back].map(({ id }) => id),
  );
  await refund(world, back, 'unionpay-part', refundedInPart.refund);
};
