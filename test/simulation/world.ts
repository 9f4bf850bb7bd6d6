import { approvalStore } from '#approvals/store.ts';
import type { Capabilities, ChannelKind } from '#channels/channel.ts';
import type { OpenAccount } from '#channels/open.ts';
import { derivedId, shardOf, tail } from '#kernel/id.ts';
import type { ChosenMethod } from '#channels/channel.ts';
import type { Database } from '#platform/database.ts';
import { marshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';

import * as given from '../given.ts';
import { Chance } from './ports/chance.ts';
import { bodyOf, SimulatedChannel, type Trade } from './ports/channel.ts';
import { Clock, faults, type Ended, type Fault, type Kind } from './ports/clock.ts';
import type * as realCode from './code.ts';
import { Watch, type RawPayment } from './invariants.ts';
import { Bus, Queues, Shard } from './ports/queues.ts';
import { Tables, type Changed, type Row } from './ports/tables.ts';

export type Code = typeof realCode;

/** How the world behaves until it heals. */
export interface Weather {
  /** Of each call. */
  readonly faultRate: number;
  readonly kinds: readonly Kind[];
  /** Of messages, callbacks, batches of the stream. */
  readonly twice: number;
  readonly lossRate: number;
  readonly lagRate: number;
  readonly refuseRate: number;
  readonly endpointDown: number;
  readonly slowRate: number;
  readonly refundFails: number;
  /** How likely a payer pays the moment an order stands there, before anybody has answered. */
  readonly eager: number;
  /** How long a change may wait before the stream shows it, in milliseconds. */
  readonly streamLag: number;
}

export const calm: Weather = {
  faultRate: 0,
  kinds: [],
  twice: 0,
  lossRate: 0,
  lagRate: 0,
  refuseRate: 0,
  endpointDown: 0,
  slowRate: 0,
  refundFails: 0,
  eager: 0,
  streamLag: 300,
};

export const app = given.app({ id: derivedId('app', 'simulated'), notify_url: 'https://shop.example/hooks' });
/** The first can close orders, the second cannot. */
export const accounts = [
  given.channelAccount({ id: derivedId('chn', 'closes'), methods: ['wechat_native', 'wechat_app'] }),
  given.channelAccount({
    id: derivedId('chn', 'cannot close'),
    methods: ['alipay_qr'],
    cost: { rate_ppm: 3_800, fixed: 0n, min: 0n },
  }),
] as const;
export const merchants = ['a', 'b'].map((name) =>
  given.merchant({
    id: derivedId('mch', `simulated ${name}`),
    app_id: app.id,
    channel_account_ids: accounts.map(({ id }) => id),
  }),
);
export const methods: readonly ChosenMethod[] = ['wechat_native', 'wechat_app', 'alipay_qr'];
export const feePpm = given.feePlan().default.rate_ppm;

const capabilitiesOf = (account: (typeof accounts)[number]): Capabilities =>
  given.capabilities({ methods: account.methods, needs: {}, canClose: account === accounts[0] });

const Look = z.strictObject({ id: z.string(), due: z.boolean().default(false), awaited: z.boolean().default(false) });

/** The use cases of one copy of the code over ports that lead to whichever world is current. Made once: schemas are slow to make. */
const kitOf = (code: Code) => {
  const at = { world: undefined as unknown as World };
  const world = () => at.world;
  const db = { send: (command: never) => world().tables.db.send(command) } as unknown as Database;
  const sqs = { send: (command: never) => world().queues.sqs.send(command) } as never;
  const bus = { send: (command: never) => world().bus.client.send(command) } as never;
  const now = () => world().clock.now();
  const payments = code.paymentStore(db, 'orders', now);
  const refunds = code.refundStore(db, 'orders', now);
  const ledger = code.ledgerStore(db, 'books');
  const health = code.healthStore(db, 'books');
  const sendLooks = code.sender(sqs, 'looks');
  const open = async (id: string): Promise<OpenAccount> => {
    const index = accounts.findIndex((account) => account.id === id);
    const channel = world().channels[index];
    if (!channel) throw new Error(`there is no channel account ${id}`);
    const kind = {
      name: 'paper',
      capabilities: capabilitiesOf(accounts[index]!),
      acknowledge: (taken: boolean) => ({ status: taken ? 200 : 400, body: '' }),
    } as unknown as ChannelKind;
    return { account: accounts[index]!, kind, channel: channel.port };
  };
  const deps = {
    payments,
    refunds,
    ledger,
    commit: code.committer(db),
    now,
    open,
    approvals: approvalStore(db, 'books'),
    payOut: async () => Promise.reject(new Error('nothing is paid out here')),
    refundApprovalAbove: async () => undefined,
    markers: code.markerWrites('orders'),
    find: payments.find,
    merchant: async (id: string) => merchants.find((merchant) => merchant.id === id),
    feePlan: async () => given.feePlan(),
    profile: async () => undefined,
    routingRules: async () => undefined,
    health: code.healthReader(health, now),
    risk: given.noRisk,
    urlAllowed: () => true,
    callbackUrl: () => 'https://pay.example/callbacks',
    agreement: given.noAgreement,
    lookSoon: async (id: string) => {
      await sendLooks([10, 30].map((delaySeconds) => ({ body: { id }, delaySeconds }))).catch(() => undefined);
    },
    noteOutage: () => undefined,
  };
  const callbacks = code.callbackStore(db, 'orders');
  const callbackDeps = {
    ...deps,
    callbacks,
    openAt: (id: string) => open(id),
    findPayment: payments.find,
    findRefund: refunds.find,
    findAgreement: async () => undefined,
    applyAgreementOutcome: async () => undefined,
    applyOutcome: code.applyOutcome.bind(undefined, deps),
    applyRefundOutcome: code.applyRefundOutcome.bind(undefined, deps),
    findPayout: async () => undefined,
    applyPayoutOutcome: async () => undefined,
    noteRefusal: () => undefined,
    noteQuarantine: () => undefined,
  };
  const notices = code.noticeStore(db, 'orders');
  const announceDeps = {
    publish: code.publisher(bus, 'bus'),
    app: async () => app,
    notices,
    send: code.sender(sqs, 'notices'),
    now,
  };
  const followDeps = {
    ...deps,
    differences: code.reconciliationStore(db, 'books').differences,
    samePaid: code.businessOrderStore(db, 'books', now),
    paymentsOf: payments.getMany,
    refundsLate: async () => false,
    awaited: (ids: readonly string[]) => callbacks.awaited(ids),
    sendLooks,
    list: code.listingWriter(db, 'books'),
    noteHealth: code.healthNoter({
      health,
      account: async (id) => accounts.find((account) => account.id === id),
      noteOutage: () => undefined,
      now,
    }),
    followPayout: async () => Promise.reject(new Error('nothing is settled here')),
    announce: (events: Parameters<Code['announce']>[1]) => code.announce(announceDeps, events),
  };
  const deliverDeps = {
    endpoints: code.endpointStore(db, 'orders'),
    notices,
    secretsOf: async () => ({ webhook_secret: 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDGvXYZWVT8mE=', hmac: {} }),
    post: (_: string, headers: Readonly<Record<string, string>>, body: string) => world().post(headers, body),
    send: announceDeps.send,
    bury: code.sender(sqs, 'buried'),
    now,
  };
  Object.assign(code.waiting, {
    clock: () => world().clock.ms,
    chance: () => world().clock.chance.next(),
    pause: (milliseconds: number) => world().pause(milliseconds),
  });
  return {
    at,
    deps,
    dueIn: code.dueReader(db, 'orders'),
    sendLooks,
    sendNotices: announceDeps.send,
    takeCallback: (accountId: string, body: string) =>
      code.takeCallback(callbackDeps, accountId as never, { headers: {}, body: Buffer.from(body) }),
    follow: (consequences: Parameters<Code['follow']>[1]) => code.follow(followDeps, consequences),
    look: code.consume(Look, ({ id, due, awaited }) => {
      if (awaited) return code.attachCallbacks(callbackDeps, id);
      return id.startsWith('rfd_')
        ? code.lookAtRefund(deps, id, { moveOn: due })
        : code.lookAgain(deps, id, { moveOn: due });
    }),
    deliver: code.consume(code.DeliveryMessage, (message) => code.deliver(deliverDeps, message)),
    fold: code.fold(
      code.consequencesOf,
      (consequences) => code.follow(followDeps, consequences),
      () => undefined,
    ),
  };
};
type Kit = ReturnType<typeof kitOf>;
const kits = new WeakMap<Code, Kit>();

const isRetry = (error: unknown) =>
  !(error instanceof Error) ||
  error.name !== 'Failure' ||
  ['conflict', 'insufficient_balance', 'busy', 'attempt_in_flight'].includes(
    (error as unknown as { code: string }).code,
  );

/** What came of a call of the API: the answer, or the code of the refusal. */
export type Answer<Result> = { ok: Result } | { refused: string };

interface Posted {
  readonly type: string;
  readonly id: string;
  readonly eventId: string;
  readonly data: Record<string, unknown>;
  readonly acked: boolean;
  readonly at: number;
}

/** One process world: tables, queues, streams, channels, apps, and the clock between them. */
export class World {
  readonly code: Code;
  readonly kit: Kit;
  readonly clock: Clock;
  readonly tables: Tables;
  readonly queues: Queues;
  readonly bus: Bus;
  readonly channels: readonly SimulatedChannel[];
  readonly watch = new Watch();
  readonly posted: Posted[] = [];
  /** Orders whose payers have been shown what to do. */
  readonly shown = new Map<string, Set<string>>();
  /** Every answer that an app got, by the number it asked with. */
  readonly answers: { number: string; id: string; content: string; isNew: boolean }[] = [];
  readonly silent: Trade[] = [];
  readonly complaints: string[] = [];
  /** What a test does when an order comes to stand at its channel. */
  onArrival: (no: string) => void = () => undefined;
  /** What the app's endpoint answers, where a test says so. */
  endpoint: (() => { status: number } | { error: string }) | undefined;
  callbacksUntaken = 0;
  healthy = false;
  #weather: Weather;
  readonly #lost = new Set<string>();
  #lastSweep = 0;
  #sweeping = false;
  #due = new Map<string, number>();

  constructor(code: Code, seed: number, weather: Weather) {
    this.code = code;
    let kit = kits.get(code);
    if (!kit) kits.set(code, (kit = kitOf(code)));
    this.kit = kit;
    kit.at.world = this;
    this.#weather = weather;
    // Some histories run over midnight.
    this.clock = new Clock(given.minutes(60 * (seed % 24)), new Chance(seed));
    const { chance } = this.clock;
    this.clock.latency = () => (chance.is(this.#weather.slowRate) ? chance.below(7_000) : chance.below(40));
    this.clock.weather = (_, { kind, name }) => (this.#lost.delete(name) ? 'lost' : this.#fault(kind));
    this.clock.tick = { next: () => this.#nextSweep(), run: () => void this.#sweep() };
    this.tables = new Tables(this.clock, code.dynamo);
    this.tables.lag = () => (chance.is(this.#weather.lagRate) ? 1 + chance.below(20) : 0);
    this.tables.inPart = () => chance.is(this.#weather.lossRate);
    this.queues = new Queues(this.clock);
    this.bus = new Bus(this.clock, () => chance.is(this.#weather.lossRate / 2));
    this.channels = accounts.map(({ id }, index) => this.#channel(id, index));
    this.#wire();
  }

  #fault(kind: Kind): Fault | undefined {
    const { chance } = this.clock;
    if (this.healthy || !this.#weather.kinds.includes(kind) || !chance.is(this.#weather.faultRate)) return undefined;
    return chance.of<Fault>(faults[kind]);
  }

  /** The first sending of this order reaches nobody. */
  losesFirst(orderNo: string): void {
    this.#lost.add(`place ${orderNo}`);
  }

  /** No more faults from now on, and whatever was given up is tried again. */
  heal(): void {
    this.clock.say('— the world heals —');
    this.healthy = true;
    this.#weather = calm;
    this.queues.redrive();
  }

  #channel(accountId: string, index: number): SimulatedChannel {
    const { chance } = this.clock;
    return new SimulatedChannel(accountId, this.clock, {
      canClose: index === 0,
      returns: () => chance.below(chance.is(this.#weather.slowRate) ? 5_000 : 150),
      refuses: () => chance.is(this.#weather.refuseRate),
      arrived: (no) => this.#arrived(no),
      refusesRefund: () => chance.is(this.#weather.refundFails / 3),
      refund: () => ({
        state: chance.is(this.#weather.refundFails) ? 'failed' : 'succeeded',
        after: chance.is(0.3) ? 0 : chance.below(chance.is(0.5) ? 2_000 : 120_000),
      }),
      callBack: (body) => {
        this.callbacksUntaken += 1;
        this.clock.after(
          chance.is(0.5) ? chance.below(60) : chance.below(90_000),
          () => void this.#callBack(accountId, body, 0),
        );
        if (chance.is(this.#weather.twice))
          this.clock.after(chance.below(120_000), () => void this.takeCallback(accountId, body));
      },
    });
  }

  takeCallback(accountId: string, body: string) {
    return this.clock.invoke('callback', () => this.kit.takeCallback(accountId, body));
  }

  async #callBack(accountId: string, body: string, tries: number): Promise<void> {
    const isLost = this.clock.chance.is(this.#weather.lossRate);
    const ended = isLost ? undefined : await this.takeCallback(accountId, body);
    if (ended && 'result' in ended && ended.result.status === 200) {
      this.callbacksUntaken -= 1;
      return;
    }
    // Fifteen times in a day, as WeChat does; and once more when everything is well again.
    const wait = [15_000, 15_000, 30_000, 180_000, 600_000][tries] ?? 1_800_000;
    this.clock.after(wait, () => void this.#callBack(accountId, body, tries + 1));
  }

  pause(milliseconds: number): Promise<unknown> {
    return this.clock.call({ kind: 'pause', name: 'pause', perform: () => undefined, takes: milliseconds });
  }

  post(headers: Readonly<Record<string, string>>, body: string): Promise<{ status: number } | { error: string }> {
    const says = this.endpoint?.();
    const down = says ? !('status' in says && says.status < 300) : this.clock.chance.is(this.#weather.endpointDown);
    return this.clock.call({
      kind: 'post',
      name: `post ${headers['webhook-id']}`,
      perform: () => {
        const { type, data } = JSON.parse(body) as { type: string; data: Record<string, unknown> };
        const eventId = String(headers['webhook-id']);
        this.posted.push({ type, id: String(data['id']), eventId, data, acked: !down, at: this.clock.ms });
        if (says) return says;
        if (!down) return { status: 200 };
        return this.clock.chance.is(0.5) ? { status: 500 } : { error: 'timeout' };
      },
    });
  }

  #wire(): void {
    const { chance } = this.clock;
    const twice = () => chance.is(this.#weather.twice);
    const refuses = () => chance.is(this.#weather.lossRate / 2);
    const worker =
      (name: string, handle: Kit['look']) =>
      async (Records: { messageId: string; body: string }[]): Promise<Set<string> | 'all'> => {
        const ended = await this.clock.invoke(name, () => handle({ Records } as never));
        if (!('result' in ended)) return 'all';
        return new Set(ended.result.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
      };
    this.queues.rules.set('looks', { twice, refuses, work: worker('look', this.kit.look) });
    this.queues.rules.set('notices', { twice, refuses, work: worker('deliver', this.kit.deliver) });
    const shards = [0, 1].map(
      () =>
        new Shard<Changed>(this.clock, { again: twice, lag: () => chance.below(this.#weather.streamLag) }, (batch) =>
          this.#fold(batch),
        ),
    );
    this.tables.onCommit = (changes) => {
      this.watch.commit(changes);
      for (const change of changes) {
        if (change.table !== 'orders') continue;
        this.#closing(change);
        this.#index(change);
        shards[change.pk.charCodeAt(change.pk.length - 1) % 2]!.put(change);
      }
    };
  }

  /** How many changes of a batch are done. One batch in eight goes through the event's own form, which is slow to make. */
  async #fold(batch: Changed[]): Promise<number> {
    if (!this.clock.chance.is(0.12)) {
      const ended = await this.clock.invoke('fold', () => this.kit.follow(batch.map(this.code.consequencesOf)));
      return 'result' in ended ? batch.length : 0;
    }
    const image = (row: Row | undefined) => row && marshall(row, { removeUndefinedValues: true });
    const Records = batch.map(({ before, after }, at) => ({
      dynamodb: { OldImage: image(before), NewImage: image(after), SequenceNumber: String(at) },
    }));
    const ended = await this.clock.invoke('fold', () => this.kit.fold({ Records } as never));
    if (!('result' in ended)) return 0;
    const [failed] = ended.result.batchItemFailures;
    return failed ? Number(failed.itemIdentifier) : batch.length;
  }

  /** Orders of a payment that its payer could pay at this moment, where orders can be closed. */
  #payable(id: string): string[] {
    return this.channels
      .filter(({ nature }) => nature.canClose)
      .flatMap(({ orders }) =>
        [...orders].flatMap(([no, { state, asked }]) =>
          no.startsWith(tail(id)) && state === 'pending' && asked.expiresAt.getTime() > this.clock.ms ? [no] : [],
        ),
      );
  }

  /** Closed means closed at the channel. */
  #closing({ pk, before, after }: Changed): void {
    if (!pk.startsWith('pay_') || !after?.['closed_at'] || before?.['closed_at']) return;
    for (const no of this.#payable(pk)) this.watch.violations.push(`closing: ${pk} is closed, and ${no} can be paid`);
  }

  /** An order arrives at its channel. */
  #arrived(no: string): void {
    const id = `pay_${no.slice(0, 26)}`;
    const payment = this.payment(id);
    const others = this.#payable(id).filter((other) => other !== no);
    if (others.length > 0) this.watch.violations.push(`paying twice: ${no} and ${others.join(', ')} can both be paid`);
    const attempt = payment?.attempts.find((each) => each.no === Number(no.slice(-2)));
    if (!attempt) this.watch.violations.push(`placing: ${no} is sent before it is written`);
    else if (payment?.closed_at && this.clock.ms - Date.parse(attempt.created_at) < 60_000)
      this.watch.violations.push(`closing: ${id} is closed, and ${no} is placed`);
    const { chance } = this.clock;
    if (chance.is(this.#weather.eager))
      this.clock.after(chance.below(30), () => {
        const amount = BigInt((payment?.amount ?? 0) + (chance.is(0.2) ? 1 : 0));
        this.channelOf(no)?.pay(no, { amount, nasty: false, silent: false });
      });
    this.onArrival(no);
  }

  #index({ pk, after }: Changed): void {
    const due = after?.['due_at'];
    if (typeof due === 'string') this.#due.set(pk, Date.parse(due));
    else this.#due.delete(pk);
  }

  get due(): ReadonlyMap<string, number> {
    return this.#due;
  }

  /** The next minute in which the sweep finds something. Minutes in which it finds nothing are passed over. */
  #nextSweep(): number | undefined {
    if (this.#due.size === 0 || this.#sweeping) return undefined;
    const earliest = Math.max(Math.min(...this.#due.values()), this.#lastSweep + 1);
    return Math.ceil(earliest / 60_000) * 60_000;
  }

  async #sweep(): Promise<void> {
    const until = new Date(Math.floor(this.clock.ms / 60_000) * 60_000);
    this.#lastSweep = until.getTime();
    this.#sweeping = true;
    const shards = [...new Set([...this.#due.keys()].map((pk) => shardOf(pk, 16)))].toSorted();
    const { dueIn, sendLooks, sendNotices } = this.kit;
    await this.clock.invoke('sweep', () => this.code.sweep({ dueIn, shards, sendLooks, sendNotices }, until));
    this.#sweeping = false;
  }

  rows<R>(prefix: string, table = 'orders'): R[] {
    return [...this.tables.table(table)].flatMap(([pk, row]) => (pk.startsWith(prefix) ? [row as R] : []));
  }

  payment(id: string): RawPayment | undefined {
    return this.tables.table('orders').get(id) as RawPayment | undefined;
  }

  channelOf(orderNo: string): SimulatedChannel | undefined {
    return this.channels.find(({ orders }) => orders.has(orderNo));
  }

  /** An app asks, and asks again where that is what the answer tells it to do, or where there is none. */
  async ask<Result>(name: string, waits: readonly number[], handle: () => Promise<Result>): Promise<Answer<Result>> {
    let last = 'no answer';
    for (let tries = 0; tries <= waits.length; tries += 1) {
      const ended: Ended<Result> = await this.clock.invoke(name, handle);
      if ('result' in ended) return { ok: ended.result };
      if ('error' in ended) {
        const { error } = ended;
        last = error instanceof Error && 'code' in error ? String(error.code) : String(error);
        if (!isRetry(error)) return { refused: last };
      }
      const wait = waits[tries];
      if (wait === undefined) break;
      await this.clock.sleep(wait);
    }
    return { refused: last };
  }

  /** What the channel says that is about nothing of ours. */
  stray(nonce: number): void {
    const trade = {
      orderNo: `${tail(derivedId('pay', 'nobody', String(nonce)))}01`,
      tradeNo: `S${nonce}`,
      amount: 1n,
      currency: 'CNY',
      merchant: given.identity.merchant,
      paidAt: this.clock.now(),
    };
    const heard = {
      about: 'payment',
      channelOrderNo: trade.orderNo,
      outcome: { kind: 'failed', failure: { code: 'X', message: 'x' } },
    } as const;
    this.channels[0]!.nature.callBack(bodyOf(heard, 1_000_000 + nonce));
  }
}
