import { yuan } from '../books/arithmetic.ts';
import { expectedOf } from '../books/expected.ts';
import { seek, Stopped } from '../wait.ts';
import { Approval, Settlement } from '../wire/answers.ts';
import { expecting, problemOf, send, shown } from '../wire/http.ts';
import { scene, type World } from '../world.ts';
import { balanceOf } from './accounts.ts';
import { released } from './settle.ts';

const PAID_SECONDS = 20;

/** How the statement says that it was paid: a line below its total. */
const paymentIn = async ({ statement_url: url }: Settlement): Promise<string> => {
  const answer = url === null ? undefined : await send({ method: 'GET', url: new URL(url) });
  const [, , , amount, status] = /^pyt_.*$/m.exec(answer?.text ?? '')?.[0].split(',') ?? [];
  return amount === undefined ? 'nothing' : `${status ?? ''} ${yuan(BigInt(amount))}`;
};

/** 结算出款: what was released of the day at Alipay goes to the account that the merchant has filed, once. */
export const payMerchant = async (world: World, date: string): Promise<void> => {
  const { say, finance, checker, figures, notebook } = world;
  scene(world, 'the merchant is paid');
  const settlement = await released(world, 'alipay', date);
  if (!settlement) throw new Stopped('nothing was released that could be paid');
  const path = `/admin/v1/settlements/${settlement.id}`;
  const before = await balanceOf(world, 'merchant_available');
  const { payout: asked } = expecting(await finance.post(`${path}/pay`, { no: 1 }), [201], Settlement);
  const approval = `/admin/v1/approvals/${asked?.approval_id ?? ''}/approve`;
  const alone = await finance.post(approval);
  say(
    `  One of finance asks for ${yuan(asked?.amount ?? 0n)} to be paid, and may not approve it too → ${shown(alone)}`,
  );
  expecting(await checker.post(approval), [200], Approval);
  const paid = await seek(PAID_SECONDS, async () => {
    const found = expecting(await finance.get(path), [200], Settlement);
    return found.status === 'paid' ? found : undefined;
  });
  say(`  Another one approves it: it is ${paid?.status ?? 'not paid'}, by Alipay to the merchant's account.`);
  const again = await finance.post(`${path}/pay`, { no: 2 });
  say(`  Asked for once more → ${shown(again)}`);
  const { net } = expectedOf(notebook.ordersAt('alipay')).settlement;
  const figure = figures.section('the settlement, paid to the merchant by two people');
  figure('settlement status', 'paid', paid?.status);
  figure('paid to the merchant', net, paid?.payout?.amount);
  figure('available before less after', net, before - (await balanceOf(world, 'merchant_available')));
  figure('statement says of it', `succeeded ${yuan(net)}`, paid && (await paymentIn(paid)));
  figure('paid a second time', '409 action_not_possible', `${again.status} ${problemOf(again).code}`);
};
