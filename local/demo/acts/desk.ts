import { yuan } from '../books/arithmetic.ts';
import { cast } from '../terms.ts';
import { seek, Stopped } from '../wait.ts';
import { Approval, Difference, list, type Payment } from '../wire/answers.ts';
import { expecting, problemOf, shown } from '../wire/http.ts';
import { scene, type World } from '../world.ts';
import { balanceOf } from './accounts.ts';
import { paymentNow } from './orders.ts';

const lateDifference = async ({ finance }: World): Promise<string> => {
  const answer = await finance.get('/admin/v1/differences?status=open&limit=100');
  const late = expecting(answer, [200], list(Difference)).data.find(({ kind }) => kind === 'paid_late');
  if (late === undefined) throw new Stopped('the late money waits on no desk');
  return late.id;
};

const latePayment = ({ placed }: World): Payment => {
  const late = [...placed.values()].find(({ amount }) => amount === cast.late);
  if (late === undefined) throw new Stopped('nothing was paid late');
  return late;
};

/** 制单/复核: nobody moves money alone. One person asks for it, another one does it, and the money goes back as it came. */
export const giveLateMoneyBack = async (world: World): Promise<void> => {
  const { say, finance, checker, figures } = world;
  scene(world, 'the desk of late money');
  const task = { kind: 'refund', difference_id: await lateDifference(world) };
  const asked = expecting(await finance.post('/admin/v1/approvals', { task, note: 'Not delivered' }), [201], Approval);
  const path = `/admin/v1/approvals/${asked.id}/approve`;
  const alone = await finance.post(path);
  say(`  One of finance asks for ${yuan(cast.late)} to go back, and may not approve it too → ${shown(alone)}`);
  const { status } = expecting(await checker.post(path), [200], Approval);
  const left = await seek(20, async () => ((await balanceOf(world, 'suspense')) === 0n ? 0n : undefined));
  const payment = await paymentNow(world, latePayment(world));
  say(`  Another one approves it: ${status}. The money leaves suspense; the payment stays ${payment.status}.`);
  const figure = figures.section('late money, given back by two people');
  figure('approved by who asked for it', '403', `${alone.status}`);
  figure('why not', 'role_required', problemOf(alone).code);
  figure('approved by another', 'approved', status);
  figure('late money still in suspense', 0n, left ?? (await balanceOf(world, 'suspense')));
};
