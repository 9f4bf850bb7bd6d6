import type { CallbackProtocol } from './postman.ts';
import type { Answer, Call, Reply } from './server.ts';

/** Something a payer could pay now. */
export interface Waiting {
  readonly channel_order_no: string;
  readonly subject: string;
  readonly amount: number;
  readonly created_at: number;
  readonly expires_at: number;
  readonly failures: number;
}

/** What became of the payer's gesture. */
export type PayerOutcome =
  | { readonly kind: 'paid'; readonly channel_trade_no: string; readonly amount: number; readonly paid_at: string }
  | { readonly kind: 'failed'; readonly state: string }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'closed' }
  | { readonly kind: 'paid_already' };

/** One channel: its own origin for merchants, and the few things a payer, a clock and a curious person may ask of it. */
export interface Channel {
  readonly name: string;
  readonly callbacks: CallbackProtocol;
  handle(call: Call): Answer;
  tooLarge(): Reply;
  waiting(): readonly Waiting[];
  pay(orderNo: string): PayerOutcome;
  fail(orderNo: string): PayerOutcome;
  /** The bytes the channel would offer now; undefined when it would offer none. */
  statement(billDate: string, kind: string): Buffer | undefined;
  /** Does what time alone brings about, such as a refund reaching the payer. */
  work(): void;
  /** True while something will happen within a moment although nobody asks. */
  unsettled(): boolean;
}
