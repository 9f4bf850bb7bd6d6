import { yuan } from '../books/arithmetic.ts';
import { cast } from '../terms.ts';
import { until } from '../wait.ts';
import { Payment, Refund } from '../wire/answers.ts';
import { expecting, problemOf, shown } from '../wire/http.ts';
import { scene, type World } from '../world.ts';
import { numberOf, paymentNow, place, told } from './orders.ts';
import type { Morning } from './trade.ts';

const askRefund = ({ app }: World, payment: Payment, number: string, amount: bigint) =>
  app.post('/v1/refunds', {
    payment_id: payment.id,
    merchant_refund_id: number,
    amount: Number(amount),
    reason: 'A customer changed their mind',
  });

/** Asks for a refund and waits until the money is back with the payer. */
export const refunded = async (world: World, payment: Payment, name: string, amount: bigint): Promise<Refund> => {
  const { id } = expecting(await askRefund(world, payment, numberOf(world, name), amount), [201], Refund);
  return until(`the success of refund ${id}`, 20, async () => {
    const now = expecting(await world.app.get(`/v1/refunds/${id}`), [200], Refund);
    return now.status === 'succeeded' ? now : undefined;
  });
};

/** The same, written down for the day’s figures. */
export const refund = async (world: World, payment: Payment, name: string, amount: bigint): Promise<void> => {
  const { say, notebook, refunds } = world;
  const done = await refunded(world, payment, name, amount);
  notebook.refunded(payment.merchant_order_id, amount);
  refunds.push(done.id);
  say(`  ${yuan(amount)} of ${yuan(payment.amount)} goes back; the merchant's fee returns ${yuan(done.fee_returned)}.`);
};

const refundSome = async (world: World, { refundedInPart, refundedInFull }: Morning): Promise<void> => {
  const { say, figures } = world;
  const [first, second] = cast.refundedInPart.refunds;
  await refund(world, refundedInPart, 'part-1', first);
  await refund(world, refundedInPart, 'part-2', second);
  const tooMuch = refundedInPart.amount - first - second + 1n;
  const refused = await askRefund(world, refundedInPart, numberOf(world, 'part-3'), tooMuch);
  say(`  One fen more than is left of it → ${shown(refused)}`);
  const answer = figures.section('answers that must be as agreed');
  answer('refund above what is left', '422 refund_exceeds_refundable', `${refused.status} ${problemOf(refused).code}`);
  await refund(world, refundedInFull, 'full', refundedInFull.amount);
};

/** The app closes, WeChat confirms, and takes the money all the same: nothing may be delivered for it. */
const payLate = async (world: World): Promise<void> => {
  const { say, app, sandbox, notebook } = world;
  const late = await place(world, { name: 'late', amount: cast.late, subject: 'A tea table' });
  await sandbox.arm('paid_after_close');
  expecting(await app.post(`/v1/payments/${late.id}/close`), [200, 202], Payment);
  notebook.closed(late.merchant_order_id);
  await told(world, 'payment.closed', [late.id]);
  say(`  ${yuan(cast.late)} is closed by the app; WeChat confirms, and the app is told payment.closed.`);
  notebook.paid(late.merchant_order_id);
  await told(world, 'payment.paid_late', [late.id]);
  const { status } = await paymentNow(world, late);
  say(
    `  Its payer was a moment faster: the money comes after all. The payment is ${status}; the money waits in suspense.`,
  );
};

/** Money that goes back, and money that comes too late. */
export const regret = async (world: World, morning: Morning): Promise<void> => {
  scene(world, 'second thoughts');
  await refundSome(world, morning);
  await payLate(world);
};
