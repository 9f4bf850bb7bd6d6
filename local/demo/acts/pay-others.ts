import { sum, yuan } from '../books/arithmetic.ts';
import { payees, terms } from '../terms.ts';
import { until } from '../wait.ts';
import { Approval, list, Payout, TrialBalance } from '../wire/answers.ts';
import { expecting } from '../wire/http.ts';
import { scene, type World } from '../world.ts';
import { balanceOf } from './accounts.ts';
import { numberOf, told } from './orders.ts';

const DAY_SECONDS = 26 * 3_600;

const untilIs = ({ app }: World, id: string, status: string): Promise<Payout> =>
  until(`payout ${id} to be ${status}`, 20, async () => {
    const payout = expecting(await app.get(`/v1/payouts/${id}`), [200], Payout);
    return payout.status === status ? payout : undefined;
  });

/** The app asks, and another person than it approves. */
const paidOut = async (
  world: World,
  { name, account, amount }: (typeof payees)[keyof typeof payees],
): Promise<Payout> => {
  const { app, checker, stage } = world;
  const asked = expecting(
    await app.post('/v1/payouts', {
      merchant_id: stage.merchant_id,
      merchant_payout_id: numberOf(world, name),
      amount: Number(amount),
      currency: terms.currency,
      payee: { kind: 'alipay_account', account, name: '某人' },
      notify_url: world.receiver.webhooks,
    }),
    [201],
    Payout,
  );
  const waiting = expecting(await checker.get('/admin/v1/approvals?status=pending&limit=100'), [200], list(Approval));
  const approval = waiting.data.find(({ subject }) => subject.id === asked.id);
  expecting(await checker.post(`/admin/v1/approvals/${approval?.id ?? 'none'}/approve`), [200], Approval);
  return untilIs(world, asked.id, 'succeeded');
};

/** All that is the merchant's: what is released meanwhile only goes from one account to another. */
const ownedBy = async (world: World): Promise<bigint> =>
  sum([await balanceOf(world, 'merchant_pending'), await balanceOf(world, 'merchant_available')]);

/** 代付, and 退票: money that has left comes back days later, and is the merchant's again. */
export const payOthers = async (world: World): Promise<void> => {
  const { say, admin, clock, sandbox, figures } = world;
  scene(world, 'the merchant pays others');
  const { kept, returned } = payees;
  const [owned, clearing] = [await ownedBy(world), await balanceOf(world, 'channel_clearing')];
  const first = await paidOut(world, kept);
  const second = await paidOut(world, returned);
  say(
    `  ${yuan(kept.amount)} and ${yuan(returned.amount)} are asked for by the app, approved by finance, and arrive at Alipay.`,
  );
  const figure = figures.section('payouts, of which one comes back');
  const both = sum([kept.amount, returned.amount]);
  figure('the merchant has less by both', both, owned - (await ownedBy(world)));
  await sandbox.touch(second.channel_transfer_no, 'bounce');
  await clock.moveTo(new Date(clock.now().getTime() + DAY_SECONDS * 1_000));
  const { status } = await untilIs(world, second.id, 'returned');
  await told(world, 'payout.returned', [second.id]);
  say(
    `  A day later the second one has come back: it is ${status}, the app is told, and the money is the merchant's again.`,
  );
  figure('once one has come back, less by the other', kept.amount, owned - (await ownedBy(world)));
  figure(
    'clearing of payouts, before less after',
    kept.amount,
    clearing - (await balanceOf(world, 'channel_clearing')),
  );
  const trial = expecting(await admin.get('/admin/v1/ledger/trial-balance'), [200], TrialBalance);
  figure('trial balance after all of it, difference', 0n, trial.difference);
  figure('left in transit', 0n, await balanceOf(world, 'payout_in_transit'));
  figure('the first one', 'succeeded', (await untilIs(world, first.id, 'succeeded')).status);
};
