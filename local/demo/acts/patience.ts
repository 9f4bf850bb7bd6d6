import { yuan } from '../books/arithmetic.ts';
import { cast } from '../terms.ts';
import { seek, until } from '../wait.ts';
import { problemOf, shown } from '../wire/http.ts';
import { scene, type World } from '../world.ts';
import { channelOrderNoOf, paymentNow, told } from './orders.ts';
import type { Morning } from './trade.ts';

const FIND_SECONDS = 20;
const REDELIVERY_SECONDS = 30;

/** The first look is due 10 s after the order was sent. Where it is missed, the day goes on: later looks must find it. */
const findLost = async (world: World, { callbackLost, sinceLost }: Morning): Promise<void> => {
  const { say, figures } = world;
  const found = await seek(FIND_SECONDS - sinceLost(), async () =>
    (await paymentNow(world, callbackLost)).status === 'paid' ? true : undefined,
  );
  const outcome = found ? 'found within 20 s' : 'not found within 20 s';
  figures.section('bad luck')('active query after a lost callback', 'found within 20 s', outcome);
  if (!found) {
    say(`  ${yuan(cast.callbackLost)}, whose callback was lost, is not known to be paid after 20 s. It should be.`);
    return;
  }
  await told(world, 'payment.paid', [callbackLost.id]);
  const seconds = sinceLost().toFixed(0);
  say(
    `  ${yuan(cast.callbackLost)}, whose callback was lost: the platform asked WeChat and knew it after ${seconds} s.`,
  );
};

/** The wait after a refused delivery, in real seconds. Queues deliver late rather than early. */
const isAbout15 = (seconds: number): boolean => seconds > 14.5 && seconds < 25;

const hearAgain = async ({ say, receiver, figures }: World, { refusedOnce }: Morning): Promise<void> => {
  const about = () => receiver.deliveries().filter((delivery) => delivery.about === refusedOnce.id);
  const [first, second] = await until(`a second delivery of ${refusedOnce.id}`, REDELIVERY_SECONDS, () => {
    const [one, two] = about();
    return one && two ? ([one, two] as const) : undefined;
  });
  const wait = second.seconds - first.seconds;
  say(
    `  The endpoint that answered ${first.answered} was told again ${wait.toFixed(1)} s later and answered ${second.answered}.`,
  );
  const figure = figures.section('bad luck');
  figure(
    'the refusing endpoint answered',
    '503, 204',
    about()
      .map(({ answered }) => answered)
      .join(', '),
  );
  figure(
    'its webhook-id',
    'the same again',
    second.webhookId === first.webhookId ? 'the same again' : second.webhookId,
  );
  figure('its second delivery', 'after 15 s', isAbout15(wait) ? 'after 15 s' : `after ${wait.toFixed(1)} s`);
};

const expire = async (world: World, { abandoned, callbackLost }: Morning): Promise<void> => {
  const { say, clock, sandbox, notebook, figures } = world;
  await clock.moveTo(new Date(clock.now().getTime() + 16 * 60_000));
  notebook.closed(abandoned.merchant_order_id);
  scene(world, 'a quarter of an hour later');
  await told(world, 'payment.closed', [abandoned.id]);
  await told(world, 'payment.paid', [callbackLost.id]);
  const { status, close_reason } = await paymentNow(world, abandoned);
  say(`  ${yuan(cast.abandoned)} was never paid: the payment is ${status} (${close_reason}), and the app was told.`);
  const answer = await sandbox.tryPaying(channelOrderNoOf(abandoned));
  say(`  Its payer comes back and tries → ${shown(answer)}`);
  figures.section('answers that must be as agreed')(
    'paying what has expired',
    '409 order_closed',
    `${answer.status} ${problemOf(answer).code}`,
  );
};

/** What only time brings: the active query, the second delivery, the expiry. */
export const patience = async (world: World, morning: Morning): Promise<void> => {
  scene(world, 'the only wait of the day, in real seconds');
  world.say(
    '  The first look at an order without an answer comes after 10 s, the second delivery of a webhook after 15 s.',
  );
  await findLost(world, morning);
  await hearAgain(world, morning);
  await expire(world, morning);
};
