import type { Channel } from '../stage.ts';

/** What the demo did with one order: asked for it, paid it or not, sent money back. Nothing here is the platform's word. */
export interface Order {
  readonly number: string;
  readonly amount: bigint;
  readonly channel: Channel;
  /** `paid`: in time. `late`: the money came after we had closed it. `unpaid`: nobody ever paid. */
  readonly fate: 'paid' | 'late' | 'unpaid';
  readonly isClosed: boolean;
  readonly refunds: readonly bigint[];
}

/** The demo's own list of what it did, from which alone the expected figures come. */
export class Notebook {
  readonly #orders = new Map<string, Order>();

  placed(number: string, amount: bigint, channel: Channel): void {
    this.#orders.set(number, { number, amount, channel, fate: 'unpaid', isClosed: false, refunds: [] });
  }

  paid(number: string): void {
    this.#change(number, ({ isClosed }) => ({ fate: isClosed ? 'late' : 'paid' }));
  }

  closed(number: string): void {
    this.#change(number, () => ({ isClosed: true }));
  }

  refunded(number: string, amount: bigint): void {
    this.#change(number, ({ refunds }) => ({ refunds: [...refunds, amount] }));
  }

  orders(): readonly Order[] {
    return [...this.#orders.values()];
  }

  /** Those of one channel: what its bill and its settlement are about. */
  ordersAt(channel: Channel): readonly Order[] {
    return this.orders().filter((order) => order.channel === channel);
  }

  #change(number: string, changes: (order: Order) => Partial<Order>): void {
    const order = this.#orders.get(number);
    if (order === undefined) throw new Error(`the notebook has no order ${number}`);
    this.#orders.set(number, { ...order, ...changes(order) });
  }
}
