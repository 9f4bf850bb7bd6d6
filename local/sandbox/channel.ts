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

/** What became of a gesture at the payee's. */
export type PayeeOutcome =
  | { readonly kind: 'done'; readonly state: string }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'over'; readonly state: string };

/** What a payer does about an agreement. */
export type AgreementGesture = 'sign' | 'refuse' | 'unsign';

export type PayeeGesture = 'arrive' | 'fail' | 'bounce';

/** One channel: its own origin for merchants, and the few things a payer, a clock and a curious person may ask of it. */
export interface Channel {
  readonly name: string;
  readonly callbacks: CallbackProtocol;
  handle(call: Call): Answer;
  tooLarge(): Reply;
  waiting(): readonly Waiting[];
  pay(orderNo: string): PayerOutcome;
  fail(orderNo: string): PayerOutcome;
  /** What happens to a transfer at its payee's, where the channel pays out. */
  payee?(transferNo: string, gesture: PayeeGesture): PayeeOutcome;
  /** What a payer does about an agreement, where the channel has them; named by the merchant's number. */
  agreement?(agreementNo: string, gesture: AgreementGesture): PayeeOutcome;
  /** The bytes the channel would offer now; undefined when it would offer none. */
  statement(billDate: string, kind: string): Buffer | undefined;
  /** Does what time alone brings about, such as a refund reaching the payer. */
  work(): void;
  /** True while something will happen within a moment although nobody asks. */
  unsettled(): boolean;
}
