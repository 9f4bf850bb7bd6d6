import type {
  Channel,
  Closing,
  Heard,
  OrderToPlace,
  Outcome,
  Placing,
  RefundOutcome,
  RefundToPlace,
} from '#channels/channel.ts';

import * as given from '../../given.ts';
import type { Clock } from './clock.ts';

/** Money that the channel has taken, by its own books. */
export interface Trade {
  readonly orderNo: string;
  readonly tradeNo: string;
  readonly amount: bigint;
  readonly currency: string;
  readonly merchant: string;
  readonly paidAt: Date;
}

interface Order {
  readonly asked: OrderToPlace;
  state: 'pending' | 'paid' | 'closed' | 'failed';
  readonly trades: Trade[];
}

interface RefundAtChannel {
  readonly asked: RefundToPlace;
  state: 'refused' | 'processing' | 'succeeded' | 'failed';
  readonly acceptedAt: Date;
  endedAt?: Date;
}

export interface Nature {
  /** How long an answer is under way, in milliseconds. */
  readonly returns: () => number;
  readonly canClose: boolean;
  /** How likely it says no to a new order; which it then says of that number for ever. */
  readonly refuses: () => boolean;
  readonly refusesRefund: () => boolean;
  /** A new order stands here from now on. */
  readonly arrived: (no: string) => void;
  /** What becomes of a refund that it took on, and after how many milliseconds. */
  readonly refund: () => { state: 'succeeded' | 'failed'; after: number };
  /** Brings a callback to us, sooner or later, again and again, until it is taken. */
  readonly callBack: (body: string) => void;
}

const failure = { code: 'PAYERROR', message: 'the payer could not pay' };

/** A channel with books of its own. It keeps one order and one refund for each number, for ever, as channels do. */
export class SimulatedChannel {
  readonly accountId: string;
  readonly nature: Nature;
  readonly orders = new Map<string, Order>();
  readonly refused = new Set<string>();
  readonly refunds = new Map<string, RefundAtChannel>();
  /** What nobody may ever ask of a channel. */
  readonly complaints: string[] = [];
  readonly #clock: Clock;
  #nonce = 0;

  constructor(accountId: string, clock: Clock, nature: Nature) {
    this.accountId = accountId;
    this.#clock = clock;
    this.nature = nature;
  }

  readonly port: Channel = {
    identity: given.identity,
    place: (order) => this.#call(`place ${order.channelOrderNo}`, () => this.#place(order)),
    query: ({ channelOrderNo: no }) => this.#call(`query ${no}`, () => this.#query(no)),
    close: ({ channelOrderNo: no }) => this.#call(`close ${no}`, () => this.#close(no)),
    refund: (refund) => this.#call(`refund ${refund.channelRefundNo}`, () => this.#refund(refund)),
    queryRefund: ({ channelRefundNo: no }) => this.#call(`query refund ${no}`, () => this.#queryRefund(no)),
    fetchStatement: async () => ({ kind: 'not_yet' }),
    readCallback: ({ body }) => heardIn(body),
  };

  #call = <Result>(name: string, perform: () => Result) =>
    this.#clock.call({ kind: 'channel', name, perform, returns: this.nature.returns() });

  #place(order: OrderToPlace): Placing {
    const { channelOrderNo: no } = order;
    const known = this.orders.get(no);
    if (known && (known.asked.amount !== order.amount || known.asked.method !== order.method))
      this.complaints.push(`order ${no} was sent with another content`);
    if (known) return known.state === 'pending' ? placed(no) : { kind: 'ask' };
    if (this.refused.has(no) || this.nature.refuses()) {
      this.refused.add(no);
      return { kind: 'refused', failure };
    }
    this.orders.set(no, { asked: order, state: 'pending', trades: [] });
    this.nature.arrived(no);
    return placed(no);
  }

  #query(no: string): Outcome {
    const order = this.orders.get(no);
    if (!order) return { kind: 'absent' };
    const [trade] = order.trades;
    if (trade) return succeeded(trade);
    // An order that has run out cannot be paid any more.
    if (order.state === 'pending' && order.asked.expiresAt.getTime() <= this.#clock.ms) order.state = 'closed';
    return order.state === 'failed'
      ? { kind: 'failed', failure }
      : { kind: order.state === 'closed' ? 'closed' : 'pending' };
  }

  #close(no: string): Closing {
    if (!this.nature.canClose) this.complaints.push(`order ${no} was closed where nothing can be closed`);
    const order = this.orders.get(no);
    if (!order) return { kind: 'absent' };
    if (order.state === 'paid' || order.state === 'failed') return { kind: 'ask' };
    order.state = 'closed';
    return { kind: 'closed' };
  }

  #refund(refund: RefundToPlace): RefundOutcome {
    const { channelRefundNo: no, channelOrderNo, amount } = refund;
    const known = this.refunds.get(no);
    if (known) {
      if (known.asked.amount !== amount || known.asked.channelOrderNo !== channelOrderNo)
        this.complaints.push(`refund ${no} was sent with another content`);
      return known.state === 'refused' ? { kind: 'failed', failure } : this.#outcomeOf(no, known, true);
    }
    const order = this.orders.get(channelOrderNo);
    const paid = (order?.trades ?? []).reduce((total, trade) => total + trade.amount, 0n);
    const before = [...this.refunds.values()]
      .filter(
        ({ asked, state }) => asked.channelOrderNo === channelOrderNo && state !== 'refused' && state !== 'failed',
      )
      .reduce((total, { asked }) => total + asked.amount, 0n);
    if (before + amount > paid) this.complaints.push(`refunds of ${channelOrderNo} would exceed what was paid`);
    const state = before + amount > paid || this.nature.refusesRefund() ? 'refused' : 'processing';
    const made: RefundAtChannel = { asked: refund, state, acceptedAt: this.#clock.now() };
    this.refunds.set(no, made);
    if (state === 'refused') return { kind: 'failed', failure };
    const { state: end, after } = this.nature.refund();
    this.#clock.after(after, () => this.#end(no, made, end));
    return this.#outcomeOf(no, made, true);
  }

  #end(no: string, refund: RefundAtChannel, state: 'succeeded' | 'failed'): void {
    refund.state = state;
    refund.endedAt = this.#clock.now();
    this.#clock.say(`the channel ends refund ${no}: ${state}`);
    // Of some ends nobody calls back: they must be found by asking.
    if (this.#clock.chance.is(0.3)) return;
    const outcome = this.#outcomeOf(no, refund, this.#clock.chance.is(0.5));
    this.#tell({ about: 'refund', channelOrderNo: refund.asked.channelOrderNo, refundNo: no, outcome });
  }

  #queryRefund(no: string): RefundOutcome {
    const refund = this.refunds.get(no);
    return !refund || refund.state === 'refused' ? { kind: 'absent' } : this.#outcomeOf(no, refund, true);
  }

  /** A callback may not say when the refund was accepted. */
  #outcomeOf(no: string, { state, acceptedAt, endedAt }: RefundAtChannel, saysWhen: boolean): RefundOutcome {
    if (state === 'failed') return { kind: 'failed', failure: { code: 'CLOSED', message: 'closed' } };
    const accepted = { channelRefundNo: no, acceptedAt: saysWhen ? acceptedAt : undefined };
    return state === 'succeeded'
      ? { kind: 'succeeded', ...accepted, succeededAt: endedAt ?? acceptedAt }
      : { kind: 'processing', ...accepted };
  }

  /** The payer pays. `nasty`: also what the channel should not have taken (closed, run out, paid already). */
  pay(
    no: string,
    { amount, merchant, nasty, silent }: { amount?: bigint; merchant?: string; nasty: boolean; silent: boolean },
  ): Trade | undefined {
    const order = this.orders.get(no);
    if (!order) return undefined;
    const open = order.state === 'pending' && order.asked.expiresAt.getTime() > this.#clock.ms;
    if (!open && !nasty) return undefined;
    const trade: Trade = {
      orderNo: no,
      tradeNo: `T${no}${order.trades.length + 1}`,
      amount: amount ?? order.asked.amount,
      currency: order.asked.currency,
      merchant: merchant ?? given.identity.merchant,
      paidAt: this.#clock.now(),
    };
    order.trades.push(trade);
    order.state = 'paid';
    this.#clock.say(`the payer pays ${no}: ${trade.amount}${silent ? ', of which nobody calls back' : ''}`);
    if (!silent) this.#tell({ about: 'payment', channelOrderNo: no, outcome: succeeded(trade) });
    return trade;
  }

  /** The try fails; the channel says so, and may still take money for it later. */
  fail(no: string): void {
    const order = this.orders.get(no);
    if (order?.state !== 'pending') return;
    order.state = 'failed';
    this.#clock.say(`the payer cannot pay ${no}`);
    this.#tell({ about: 'payment', channelOrderNo: no, outcome: { kind: 'failed', failure } });
  }

  /** A genuine callback of the channel: the same bytes again, or the same said once more. */
  #tell(heard: Heard): void {
    this.#nonce += 1;
    this.nature.callBack(bodyOf(heard, this.#nonce));
  }

  trades(): Trade[] {
    return [...this.orders.values()].flatMap(({ trades }) => trades);
  }
}

const placed = (no: string): Placing => ({ kind: 'placed', action: { type: 'qr_code', content: `paper://${no}` } });

export const succeeded = (trade: Trade): Outcome => ({
  kind: 'succeeded',
  receipt: {
    channelTradeNo: trade.tradeNo,
    amount: trade.amount,
    currency: trade.currency,
    paidAt: trade.paidAt,
    merchantAtChannel: trade.merchant,
    appAtChannel: given.identity.app,
  },
});

export const bodyOf = (heard: Heard, nonce: number): string =>
  JSON.stringify({ nonce, heard }, (_, value: unknown) => (typeof value === 'bigint' ? { fen: Number(value) } : value));

const instants = new Set(['paidAt', 'acceptedAt', 'succeededAt']);

const heardIn = (body: Buffer): Heard =>
  (
    JSON.parse(body.toString('utf8'), (name, value: unknown) => {
      if (instants.has(name) && typeof value === 'string') return new Date(value);
      return typeof value === 'object' && value !== null && 'fen' in value ? BigInt(Number(value.fen)) : value;
    }) as { heard: Heard }
  ).heard;
