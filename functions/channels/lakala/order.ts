import type { Closing, Method, OrderRef, OrderToPlace, Outcome, Placing } from '#channels/channel.ts';

import { counter } from './counter.ts';
import { byCode, byQr } from './scan.ts';
import { unanswered, wordOf } from './codes.ts';
import { within8Seconds, type Reply, type Wire } from './wire.ts';

/** One kind of order: how it is placed, what became of it, how it is ended. */
export interface Way {
  place(wire: Wire, order: OrderToPlace, signal: AbortSignal): Promise<Placing>;
  query(wire: Wire, order: OrderRef, signal: AbortSignal): Promise<Outcome>;
  /** Ends what nobody has paid, or gives back what somebody did meanwhile. */
  end(wire: Wire, order: OrderRef, signal: AbortSignal): Promise<Reply>;
}

const ways = new Map<Method, Way>([
  ['lakala_qr', byQr],
  ['lakala_code', byCode],
  ['lakala_pos', counter],
]);

export const methods: readonly Method[] = [...ways.keys()];

const wayOf = (method: Method): Way => {
  const way = ways.get(method);
  if (!way) throw new Error(`Lakala is not asked for ${method}`);
  return way;
};

export const placeOrder = async (wire: Wire, order: OrderToPlace): Promise<Placing> =>
  wayOf(order.method).place(wire, order, within8Seconds());

export const queryOrder = async (wire: Wire, order: OrderRef): Promise<Outcome> =>
  wayOf(order.method).query(wire, order, within8Seconds());

/** Asked first: undoing gives back what was paid, and closing never undoes a payment. That is a refund, with a number of its own. */
export const closeOrder = async (wire: Wire, order: OrderRef): Promise<Closing> => {
  const [way, signal] = [wayOf(order.method), within8Seconds()];
  const { kind } = await way.query(wire, order, signal);
  if (kind === 'absent') return { kind: 'absent' };
  if (kind === 'failed' || kind === 'closed') return { kind: 'closed' };
  if (kind === 'succeeded') return { kind: 'ask' };
  const reply = await way.end(wire, order, signal);
  const word = wordOf(reply);
  if (word === 'done') return { kind: 'closed' };
  // Paid in between, or ended by a call whose answer was lost: asking tells.
  if (word === 'refused' || word === 'repeated') return { kind: 'ask' };
  throw unanswered('closing', reply);
};
