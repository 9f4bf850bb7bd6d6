import { sellAtAlipay } from './acts/alipay.ts';
import { askForTransfer, payByTransfer } from './acts/bank-transfer.ts';
import { closeBooks } from './acts/close-books.ts';
import { giveLateMoneyBack } from './acts/desk.ts';
import { reconcileFetched } from './acts/fetched.ts';
import { openShop } from './acts/open-shop.ts';
import { payMerchant } from './acts/pay-merchant.ts';
import { payOthers } from './acts/pay-others.ts';
import { patience } from './acts/patience.ts';
import { reconcileDay } from './acts/reconcile.ts';
import { regret } from './acts/regret.ts';
import { settle } from './acts/settle.ts';
import { trade } from './acts/trade.ts';
import { sellAtUnionPay } from './acts/unionpay.ts';
import { useBalance } from './acts/wallet.ts';
import { tableOf } from './books/figures.ts';
import { Stage } from './stage.ts';
import { Stopped, stopwatch } from './wait.ts';
import { openWorld, scene, type World } from './world.ts';

export { Stage } from './stage.ts';

export interface Hooks {
  /** Called when the day is over and before the closing figures are asked for. */
  readonly beforeFinalFigures?: () => Promise<void>;
}

export interface Outcome {
  readonly right: boolean;
  readonly wrong: readonly string[];
}

const playDay = async (world: World, hooks: Hooks): Promise<void> => {
  await openShop(world);
  const morning = await trade(world);
  await regret(world, morning);
  await sellAtAlipay(world);
  await sellAtUnionPay(world);
  await patience(world, morning);
  const date = await reconcileDay(world);
  await reconcileFetched(world, date);
  await settle(world, date);
  await hooks.beforeFinalFigures?.();
  await closeBooks(world);
  await useBalance(world);
  const transfer = await askForTransfer(world);
  await giveLateMoneyBack(world);
  await payMerchant(world, date);
  await payByTransfer(world, transfer);
  await payOthers(world);
};

const conclude = (world: World): Outcome => {
  const { say, figures } = world;
  scene(world, 'the figures, our own arithmetic against the platform');
  for (const line of tableOf(figures.all())) say(line);
  const wrong = figures.wrong();
  const count = figures.all().length;
  say('');
  say(wrong.length === 0 ? `${count} figures, all right.` : `${wrong.length} of ${count} figures are wrong:`);
  for (const line of wrong) say(`  ${line}`);
  return { right: wrong.length === 0, wrong };
};

/** Plays one payment day through the public interfaces of a fresh platform and checks every figure of it. */
export const play = async (stage: Stage, say: (line: string) => void, hooks: Hooks = {}): Promise<Outcome> => {
  const seconds = stopwatch();
  say(
    'One payment day. Everything happens through the public interfaces; every figure is checked by our own arithmetic.',
  );
  const day = async (world: World): Promise<Outcome> => {
    try {
      await playDay(world, hooks);
      return conclude(world);
    } finally {
      await world.receiver.close();
    }
  };
  try {
    return await day(await openWorld(Stage.parse(stage), say));
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
    say('');
    say(`The day could not be played to its end: ${error.message}`);
    return { right: false, wrong: [error.message] };
  } finally {
    say(`Played in ${seconds().toFixed(0)} s of real time.`);
  }
};
