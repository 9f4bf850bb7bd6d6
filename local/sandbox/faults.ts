import * as z from 'zod';
import type { Store } from './store.ts';

/** What can be made to go wrong, by the names of the wire contract. */
export const Fault = z.enum([
  'timeout_but_paid',
  'lose_callback',
  'duplicate_callback',
  'late_callback',
  'reorder_callbacks',
  'wrong_amount',
  'forged_signature',
  'paid_after_close',
  'server_error',
  'refund_fails',
  'fee_drift',
  'truncated_statement',
  'missing_line',
  'extra_line',
  'extra_transfer',
  'transfer_fee',
]);
export type Fault = z.infer<typeof Fault>;

const Armed = z.object({ channel: z.string(), fault: Fault, remaining: z.int() });
export type Armed = z.infer<typeof Armed>;

/** Faults wait for the events they match; taking one is part of the transaction of the event it spoils. */
export class Faults {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
    store.define(
      'CREATE TABLE IF NOT EXISTS faults (channel TEXT, fault TEXT, remaining INTEGER NOT NULL, PRIMARY KEY (channel, fault))',
    );
  }

  arm(channel: string, fault: Fault, count: number): void {
    this.#store.run(
      `INSERT INTO faults (channel, fault, remaining) VALUES (?, ?, ?)
       ON CONFLICT (channel, fault) DO UPDATE SET remaining = remaining + excluded.remaining`,
      channel,
      fault,
      count,
    );
  }

  take(channel: string, fault: Fault): boolean {
    const armed = this.#store.one(
      z.object({ remaining: z.int() }),
      `UPDATE faults SET remaining = remaining - 1 WHERE channel = ? AND fault = ? AND remaining > 0 RETURNING remaining`,
      channel,
      fault,
    );
    return armed !== undefined;
  }

  armed(): Armed[] {
    return this.#store.all(
      Armed,
      'SELECT channel, fault, remaining FROM faults WHERE remaining > 0 ORDER BY channel, fault',
    );
  }
}
