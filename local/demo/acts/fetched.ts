import { expectedOf } from '../books/expected.ts';
import { prefixed } from '../books/figures.ts';
import { nextInShanghai } from '../clock.ts';
import { channelNames } from '../stage.ts';
import { scene, type World } from '../world.ts';
import { compareSides, fetched } from './batches.ts';

/** 10:30: nobody uploads these bills; the platform fetches them, archives in GBK and in columns of bytes, and proves the day. */
export const reconcileFetched = async (world: World, date: string): Promise<void> => {
  const { say, clock, figures, notebook } = world;
  await clock.moveTo(new Date(nextInShanghai(clock.now(), '10:30').getTime() + 5_000));
  scene(world, 'the platform has fetched the bills of Alipay and UnionPay itself');
  for (const channel of ['alipay', 'unionpay'] as const) {
    const name = channelNames[channel];
    const batch = await fetched(world, channel, date);
    say(`  ${name}: version ${batch.version} ${batch.status}, verdict ${batch.verdict ?? 'none'}.`);
    const figure = prefixed(`${name}: `, figures.section(`reconciliation of ${name}: the bill the platform fetched`));
    figure('verdict', 'reconciled', batch.verdict);
    compareSides(figure, expectedOf(notebook.ordersAt(channel)), batch);
  }
};
