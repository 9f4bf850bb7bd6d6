import { derivedId, tail } from '#kernel/id.ts';

import type { ChosenMethod } from '#channels/channel.ts';

import * as given from '../given.ts';
import { Chance } from './ports/chance.ts';
import { ended } from './ending.ts';
import { isLive } from './invariants.ts';
import { app, calm, merchants, methods, World, type Code, type Weather } from './world.ts';

/** What somebody does, and when (in milliseconds). */
export type Command = { readonly at: number } & (
  | { readonly kind: 'place'; readonly order: number; readonly waits: readonly number[]; readonly other?: true }
  | { readonly kind: 'attempt'; readonly order: number; readonly method: ChosenMethod }
  | { readonly kind: 'close'; readonly order: number }
  | {
      readonly kind: 'pay';
      readonly order: number;
      readonly which: number;
      readonly nasty: boolean;
      readonly silent: boolean;
      readonly amount?: 'less' | 'more';
      readonly merchant?: true;
    }
  | { readonly kind: 'fail'; readonly order: number; readonly which: number }
  | { readonly kind: 'refund'; readonly order: number; readonly number: string; readonly amount: bigint }
  | { readonly kind: 'stray' }
);

export interface OrderSpec {
  readonly merchant: number;
  readonly amount: bigint;
  readonly method: ChosenMethod;
  readonly expiresInSeconds: number;
  /** Its first order never reaches the channel, which answers nothing. */
  readonly isForgotten?: true;
}

/** A whole history: the same story is the same history. */
export interface Story {
  readonly seed: number;
  readonly orders: readonly OrderSpec[];
  readonly commands: readonly Command[];
  readonly weather: Weather;
  readonly healsAt: number;
}

const rates = [0, 0.01, 0.03, 0.1] as const;

const weatherFrom = (chance: Chance): Weather => ({
  faultRate: chance.of([0, 0.02, 0.05, 0.1, 0.2]),
  kinds: (['read', 'write', 'queue', 'channel', 'post', 'pause'] as const).filter(() => chance.is(0.6)),
  twice: chance.of(rates),
  lossRate: chance.of([0, 0.05, 0.3]),
  lagRate: chance.of([0, 0.2]),
  refuseRate: chance.of([0, 0, 0.1, 0.5]),
  eager: chance.of([0, 0, 0.5]),
  streamLag: chance.of([300, 300, 5_000]),
  endpointDown: chance.of([0, 0.1, 0.5]),
  slowRate: chance.of([0, 0.02, 0.1]),
  refundFails: chance.of([0, 0.2, 0.5]),
});

const orderFrom = (chance: Chance): OrderSpec => ({
  ...(chance.is(0.05) && { isForgotten: true }),
  merchant: chance.is(0.15) ? 1 : 0,
  amount: BigInt(chance.of([10_000, 9_999, 101, 7, 1, 12_345])),
  method: chance.of(methods),
  expiresInSeconds: chance.of([60, 120, 600, 7_200]),
});

const refundOf = (chance: Chance, amount: bigint): bigint => {
  const whole = Number(amount);
  const part = chance.of([
    whole,
    Math.ceil(whole / 2),
    Math.ceil(whole / 3),
    Math.floor(whole / 2),
    1 + chance.below(whole),
  ]);
  return BigInt(Math.max(1, part));
};

/**
 * An order that its channel has never received is placed again in the very minute in which the sweep has it looked at: when
 * nothing is learnt of it but that it is not there.
 */
const commandsForForgotten = (chance: Chance, order: number): Command[] => {
  const waits = [100, 1_000] as const;
  const sweep = 120_000;
  const again = chance.of([1, 2, 3]);
  return [
    { kind: 'place', at: chance.below(5_000), order, waits },
    ...Array.from({ length: again }, () => ({ kind: 'place', at: sweep + chance.below(150), order, waits }) as const),
    chance.is(0.5)
      ? { kind: 'close', at: sweep + chance.below(5_000), order }
      : { kind: 'attempt', at: sweep + chance.below(5_000), order, method: chance.of(methods) },
    { kind: 'pay', at: sweep + chance.below(60_000), order, which: 0, nasty: false, silent: false },
  ];
};

/** A moment: most things happen close together, so that they meet. */
const momentFrom = (chance: Chance, from: number, span: number) =>
  from + (chance.is(0.4) ? chance.below(150) : chance.below(span));

/** In a crowd many try other methods at the same moment. */
const attemptsFor = (
  chance: Chance,
  order: number,
  method: ChosenMethod,
  moment: () => number,
  crowd: boolean,
): Command[] => {
  const together = crowd || chance.is(0.5) ? moment() : undefined;
  return Array.from({ length: crowd ? 5 : chance.of([0, 0, 1, 2, 4]) }, () => ({
    kind: 'attempt',
    at: together === undefined ? moment() : together + chance.below(200),
    order,
    method: chance.is(0.3) ? method : chance.of(methods),
  }));
};

const commandsFor = (chance: Chance, order: number, spec: OrderSpec, crowd: boolean): Command[] => {
  const { amount, method, expiresInSeconds, isForgotten } = spec;
  if (isForgotten) return commandsForForgotten(chance, order);
  const found: Command[] = [];
  const start = chance.is(0.7) ? 0 : chance.below(5_000);
  const waits = [chance.below(400), chance.of([1_000, 59_000, 61_000]), chance.of([5_000, 60_000])];
  const times = chance.of([1, 1, 2, 3]);
  for (let nth = 0; nth < times; nth += 1)
    found.push({ kind: 'place', at: momentFrom(chance, start, 3_000), order, waits });
  if (chance.is(0.05)) found.push({ kind: 'place', at: momentFrom(chance, start, 3_000), order, waits, other: true });
  const life = chance.is(0.25) ? expiresInSeconds * 1_000 : 20_000;
  const moment = () => momentFrom(chance, start + (chance.is(0.3) ? life : 500), life);
  const pays = chance.of([0, 1, 1, 1, 2]);
  for (let nth = 0; nth < pays; nth += 1)
    found.push({
      kind: 'pay',
      at: moment(),
      order,
      which: chance.below(3),
      nasty: nth > 0 || chance.is(0.15),
      silent: chance.is(0.3),
      ...(chance.is(0.06) && { amount: chance.of(['less', 'more'] as const) }),
      ...(chance.is(0.03) && { merchant: true }),
    });
  if (chance.is(0.15)) found.push({ kind: 'fail', at: moment(), order, which: 0 });
  found.push(...attemptsFor(chance, order, method, moment, crowd));
  if (chance.is(0.3)) found.push({ kind: 'close', at: moment(), order });
  const refunds = pays > 0 ? chance.of([0, 0, 1, 2, 4]) : 0;
  const soon = moment() + 1_000;
  for (let nth = 0; nth < refunds; nth += 1) {
    const refund = { kind: 'refund', order, number: `r${nth}`, amount: refundOf(chance, amount) } as const;
    found.push({ ...refund, at: momentFrom(chance, soon, 30_000) });
    if (chance.is(0.3)) found.push({ ...refund, at: momentFrom(chance, soon, 30_000) });
    if (chance.is(0.04)) found.push({ ...refund, amount: refund.amount + 1n, at: momentFrom(chance, soon, 30_000) });
  }
  return found;
};

export const storyOf = (seed: number): Story => {
  const chance = new Chance(seed);
  const orders = Array.from({ length: chance.of([1, 1, 2, 3]) }, () => orderFrom(chance));
  const crowd = chance.is(0.1);
  const commands = orders.flatMap((order, index) => commandsFor(chance, index, order, crowd));
  if (chance.is(0.05)) commands.push({ kind: 'stray', at: chance.below(5_000) });
  const last = Math.max(...commands.map(({ at }) => at));
  const weather = { ...weatherFrom(chance), ...(crowd && { refuseRate: 0.5 }) };
  return { seed, orders, commands, weather, healsAt: last + chance.of([5_000, 60_000, 300_000]) };
};

const numberOf = ({ seed }: Story, order: number) => `order-${seed}-${order}`;
const paymentIdOf = (story: Story, order: number) => derivedId('pay', app.id, numberOf(story, order));

const keepShown = (world: World, { attempts }: ReturnType<Code['paymentView']>, id: string) => {
  for (const { channel_order_no, action } of attempts) {
    if (!action) continue;
    const shown = world.shown.get(id) ?? new Set<string>();
    world.shown.set(id, shown.add(channel_order_no));
  }
};

const place = async (world: World, story: Story, { order, waits, other }: Command & { kind: 'place' }) => {
  const spec = story.orders[order]!;
  const input = given.placement({
    merchant_id: merchants[spec.merchant]!.id,
    merchant_order_id: numberOf(story, order),
    amount: spec.amount,
    method: spec.method,
    expires_in_seconds: spec.expiresInSeconds,
    subject: other ? 'Something else' : 'Tea',
  });
  const answer = await world.ask(`place ${order}`, waits, () => world.code.placePayment(world.kit.deps, app, input));
  if (!('ok' in answer)) return;
  const { payment, isNew } = answer.ok;
  if (payment.subject !== input.subject)
    world.complaints.push(`${input.merchant_order_id} was asked for with other content`);
  const content = `${payment.subject} ${payment.amount} ${payment.created_at.toISOString()}`;
  world.answers.push({ number: input.merchant_order_id, id: payment.id, content, isNew });
  keepShown(world, world.code.paymentView(payment), payment.id);
};

const attempt = async (world: World, story: Story, { order, method }: Command & { kind: 'attempt' }) => {
  const id = paymentIdOf(story, order);
  const answer = await world.ask(`attempt ${order}`, [500, 3_000], () =>
    world.code.addAttempt(world.kit.deps, app, { id, method }),
  );
  if ('ok' in answer) keepShown(world, world.code.paymentView(answer.ok.payment), id);
};

const refund = async (world: World, story: Story, { order, number, amount }: Command & { kind: 'refund' }) => {
  const merchant_refund_id = `${numberOf(story, order)}-${number}`;
  const input = { payment_id: paymentIdOf(story, order), merchant_refund_id, amount };
  for (const wait of [1_000, 20_000, 0]) {
    const answer = await world.ask(`refund ${number} of ${order}`, [300, 2_000, 30_000], () =>
      world.code.createRefund(world.kit.deps, app, input),
    );
    if ('ok' in answer) {
      const made = answer.ok.refund;
      if (made.amount !== amount) world.complaints.push(`${merchant_refund_id} was asked for with other content`);
      const content = `${made.payment_id} ${made.amount} ${made.created_at.toISOString()}`;
      world.answers.push({ number: merchant_refund_id, id: made.id, content, isNew: answer.ok.isNew });
      return;
    }
    if (answer.refused !== 'payment_not_refundable' && answer.refused !== 'not_found') return;
    await world.clock.sleep(wait);
  }
};

/** Whether its money must be found although nobody calls back: somebody who may pay pays an order that we ask about. */
const maySilently = (world: World, id: string, no: string): boolean => {
  const tried = world.payment(id)?.attempts.find((each) => (each.repeats ?? each.no) === Number(no.slice(-2)));
  const channel = world.channelOf(no);
  return (
    tried !== undefined &&
    isLive(tried) &&
    !tried.receipt &&
    channel?.nature.canClose === true &&
    channel.orders.get(no)?.state === 'pending' &&
    world.shown.get(id)?.has(no) === true
  );
};

const ordersOf = (world: World, id: string, nasty: boolean): string[] =>
  nasty
    ? world.channels.flatMap(({ orders }) => [...orders.keys()].filter((no) => no.startsWith(tail(id))))
    : [...(world.shown.get(id) ?? [])];

const pay = async (world: World, story: Story, command: Command & { kind: 'pay' }) => {
  const { order, which, nasty, amount, merchant } = command;
  const id = paymentIdOf(story, order);
  for (const wait of [700, 2_000, 10_000, 50_000, 0]) {
    const known = ordersOf(world, id, nasty);
    const no = known[which % Math.max(1, known.length)];
    const asked = story.orders[order]!.amount;
    const secretly = no !== undefined && world.silent.some(({ orderNo }) => orderNo === no);
    if (no && !secretly) {
      const silent = command.silent && !amount && !merchant && maySilently(world, id, no);
      const trade = world.channelOf(no)?.pay(no, {
        nasty: nasty && !silent,
        silent,
        ...(amount && { amount: amount === 'more' ? asked + 1n : asked > 1n ? asked - 1n : asked + 2n }),
        ...(merchant && { merchant: 'somebody else' }),
      });
      if (trade && silent) world.silent.push(trade);
      if (trade) return;
    }
    await world.clock.sleep(wait);
  }
};

const perform = async (world: World, story: Story, command: Command): Promise<void> => {
  switch (command.kind) {
    case 'place':
      return place(world, story, command);
    case 'attempt':
      return attempt(world, story, command);
    case 'refund':
      return refund(world, story, command);
    case 'pay':
      return pay(world, story, command);
    case 'close': {
      const id = paymentIdOf(story, command.order);
      await world.ask(`close ${command.order}`, [500, 5_000], () => world.code.closePayment(world.kit.deps, app, id));
      return;
    }
    case 'fail': {
      const known = ordersOf(world, paymentIdOf(story, command.order), true);
      const no = known[command.which % Math.max(1, known.length)];
      if (no && !world.silent.some(({ orderNo }) => orderNo === no)) world.channelOf(no)?.fail(no);
      return;
    }
    case 'stray':
      return world.stray(story.seed);
  }
};

export interface Told {
  readonly violations: string[];
  readonly world: World;
}

/** Plays a story to its end: commands and faults, then health, then time until nothing is left to do; then judges it. */
export const tell = async (
  code: Code,
  story: Story,
  {
    trace,
    prepare,
    stepsAtMost = 6_000,
  }: { trace?: (line: string) => void; prepare?: (world: World) => void; stepsAtMost?: number } = {},
): Promise<Told> => {
  const world = new World(code, story.seed, story.weather);
  world.clock.trace = trace;
  for (const [order, { isForgotten }] of story.orders.entries())
    if (isForgotten) world.losesFirst(`${tail(paymentIdOf(story, order))}01`);
  prepare?.(world);
  for (const command of story.commands)
    world.clock.after(command.at, () => {
      world.clock.say(
        `→ ${JSON.stringify(command, (_, value: unknown) => (typeof value === 'bigint' ? Number(value) : value))}`,
      );
      void perform(world, story, command);
    });
  world.clock.after(story.healsAt, () => world.heal());
  const end = await world.clock.run(() => world.watch.violations.length > 0, stepsAtMost);
  const violations = [...world.watch.violations];
  if (end === 'restless') violations.push('rest: it never becomes quiet');
  if (end === 'quiet' && world.clock.running > 0)
    violations.push('rest: a handler waits for something outside of its world');
  if (end === 'quiet') violations.push(...ended(world));
  return { violations, world };
};

/** The same story with as little in it as still goes wrong in the same way. */
export const least = async (code: Code, story: Story): Promise<Story> => {
  const wrongOf = async (candidate: Story) => (await tell(code, candidate)).violations[0]?.split(':')[0];
  const wrong = await wrongOf(story);
  if (wrong === undefined) return story;
  let smallest = story;
  const isKept = async (candidate: Story) => {
    if ((await wrongOf(candidate)) !== wrong) return false;
    smallest = candidate;
    return true;
  };
  await isKept({ ...story, weather: calm });
  for (let isLess = true; isLess;) {
    isLess = false;
    for (let at = smallest.commands.length - 1; at >= 0; at -= 1) {
      const commands = smallest.commands.filter((_, index) => index !== at);
      if (commands.length > 0 && (await isKept({ ...smallest, commands }))) isLess = true;
    }
    for (const name of Object.keys(calm) as (keyof Weather)[]) {
      const weather = { ...smallest.weather, [name]: calm[name] };
      if (JSON.stringify(weather) === JSON.stringify(smallest.weather)) continue;
      if (await isKept({ ...smallest, weather })) isLess = true;
    }
  }
  return smallest;
};
