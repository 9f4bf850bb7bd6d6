import { yuan } from '../books/arithmetic.ts';
import { nextInShanghai } from '../clock.ts';
import { cast } from '../terms.ts';
import { Payment } from '../wire/answers.ts';
import { expecting, problemOf, shown } from '../wire/http.ts';
import { scene, type World } from '../world.ts';
import { bodyOf, payAtWechat, place, told } from './orders.ts';

const order = { name: 'first', amount: cast.first, subject: 'A pot of tea' };

/** The number again: with the same content the same payment, with another amount a refusal. */
const again = async (world: World, payment: Payment): Promise<void> => {
  const { say, app, figures } = world;
  const answer = section(figures);
  const same = await app.post('/v1/payments', bodyOf(world, order));
  const repeated = expecting(same, [200, 201], Payment);
  const which = repeated.id === payment.id ? 'the same payment' : repeated.id;
  say(`  The same request again → ${same.status}, ${which}`);
  answer('same number, same content', '200, the same payment', `${same.status}, ${which}`);
  const other = await app.post('/v1/payments', bodyOf(world, { ...order, amount: order.amount + 1n }));
  say(`  The same number with one fen more → ${shown(other)}`);
  answer('same number, other amount', '409 idempotency_conflict', `${other.status} ${problemOf(other).code}`);
};

const section = (figures: World['figures']) => figures.section('answers that must be as agreed');

const otherAppLooks = async ({ say, otherApp, figures }: World, { id }: Payment): Promise<void> => {
  const answer = await otherApp.get(`/v1/payments/${id}`);
  say(`  Another app asks for it → ${shown(answer)}`);
  section(figures)("another app's look", '404 not_found', `${answer.status} ${problemOf(answer).code}`);
};

/** 10:00: the first order of the day, looked at closely. */
export const openShop = async (world: World): Promise<void> => {
  const { stage, say, clock, receiver } = world;
  await clock.moveTo(nextInShanghai(clock.now(), '10:00'));
  scene(world, 'the shop opens');
  say(`  App ${stage.app.id} sells for merchant ${stage.merchant_id}.`);
  say('  Agreed: fee 1.00 %, of which WeChat Pay keeps 0.60 % of the payment; money is released on T+1 at 14:00.');
  say(`  The app hears webhooks at ${receiver.origin} and verifies each signature.`);
  const payment = await place(world, order);
  say(`  First order ${payment.merchant_order_id} over ${yuan(order.amount)} → 201 ${payment.id}`);
  say(`  The payer sees a QR code: ${payment.attempts[0]?.action?.content ?? 'none'}`);
  await again(world, payment);
  await otherAppLooks(world, payment);
  const tradeNo = await payAtWechat(world, payment);
  await told(world, 'payment.paid', [payment.id]);
  say(`  The payer pays; WeChat calls it ${tradeNo}; the app is told payment.paid.`);
};
