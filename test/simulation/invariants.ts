import { isDeepStrictEqual } from 'node:util';

import type { Changed, Row } from './ports/tables.ts';

/* What must be so, read from raw rows and from the channels' own books: nothing of the code under test judges itself. */

export interface RawReceipt {
  trade_no: string;
  amount: number;
  currency: string;
  paid_at: string;
  flow_date: string;
  fee: number;
  cost: number;
}
export interface RawAttempt {
  no: number;
  repeats?: number;
  method: string;
  channel_account_id: string;
  status: string;
  receipt?: RawReceipt;
  mismatch?: { field: string };
  late?: boolean;
  duplicate?: boolean;
  created_at: string;
}
interface RawTotals {
  succeeded: number;
  in_flight: number;
  fee_returned: number;
  cost_returned: number;
}
export interface RawPayment {
  id: string;
  version: number;
  amount: number;
  currency: string;
  merchant_id: string;
  merchant_order_id: string;
  content: string;
  created_at: string;
  closed_at?: string;
  close_requested_at?: string;
  attempts: RawAttempt[];
  refunds?: RawTotals;
  flow?: string;
  due_at?: string;
}
export interface RawRefund {
  id: string;
  version: number;
  status: string;
  payment_id: string;
  merchant_id: string;
  merchant_refund_id: string;
  amount: number;
  fee_returned: number;
  channel_order_no: string;
  bucket: string;
  accepted?: { cost_returned: number; flow_date: string };
  flow?: string;
}
interface RawJournal {
  id: string;
  cause: string;
  owner: string;
  currency: string;
  legs: { subject: string; side: string; amount: number; channel_account_id?: string }[];
}

export const isWinner = ({ status, late, duplicate, mismatch }: RawAttempt) =>
  status === 'succeeded' && !late && !duplicate && !mismatch;
export const isMoney = ({ receipt, mismatch }: RawAttempt) =>
  receipt !== undefined && mismatch?.field !== 'merchant' && mismatch?.field !== 'app';
export const isLive = ({ status }: RawAttempt) => status === 'pending' || status === 'unknown';

export const statusOf = (payment: RawPayment): string => {
  if (payment.attempts.some(isWinner)) return 'paid';
  if (payment.attempts.some(({ late }) => late)) return 'paid_late';
  return payment.closed_at ? 'closed' : 'under way';
};

const debitSide = new Set(['channel_clearing', 'channel_cost']);
const floored = new Set(['merchant_pending', 'merchant_available', 'merchant_held', 'suspense']);

const accountOf = (owner: string, subject: string, currency: string, channel = '') =>
  `${owner} ${subject} ${currency} ${channel}`;

/** How legs move balances, each positive on its natural side. */
export const foldedOf = (journals: readonly RawJournal[]): Map<string, number> => {
  const folded = new Map<string, number>();
  for (const { owner, currency, legs } of journals)
    for (const { subject, side, amount, channel_account_id } of legs) {
      const account = accountOf(owner, subject, currency, channel_account_id);
      const by = (side === 'debit') === debitSide.has(subject) ? amount : -amount;
      folded.set(account, (folded.get(account) ?? 0) + by);
    }
  return folded;
};

const rowAccount = (row: Row) =>
  accountOf(
    String(row['owner']),
    String(row['subject']),
    String(row['currency']),
    typeof row['channel_account_id'] === 'string' ? row['channel_account_id'] : '',
  );

/** Watches every commit: what may never be so, not even for a moment. */
export class Watch {
  readonly violations: string[] = [];
  /** What happened, and so must be told: `type resource` → how often. */
  readonly happened = new Map<string, number>();
  seen = 0;

  #say(fact: boolean, complaint: string): void {
    if (!fact && this.violations.length < 20) this.violations.push(complaint);
  }

  #tell(type: string, id: string): void {
    const key = `${type} ${id}`;
    this.happened.set(key, (this.happened.get(key) ?? 0) + 1);
  }

  commit = (changes: readonly Changed[]): void => {
    this.seen += 1;
    const journals: RawJournal[] = [];
    const moved = new Map<string, number>();
    for (const change of changes) {
      const { pk, before, after } = change;
      if (pk.startsWith('pay_')) this.#payment(before as unknown as RawPayment, after as unknown as RawPayment);
      else if (pk.startsWith('rfd_')) this.#refund(before as unknown as RawRefund, after as unknown as RawRefund);
      else if (pk.startsWith('ntc_') && change.table === 'orders') this.#notice(pk, before, after);
      else if (pk.startsWith('jnl_')) {
        this.#say(before === undefined, `a journal was written twice: ${String(after?.['cause'])}`);
        journals.push(after as unknown as RawJournal);
      } else if (pk.startsWith('acc_') && after) {
        const balance = Number(after['balance']);
        moved.set(rowAccount(after), balance - Number(before?.['balance'] ?? 0));
        this.#say(
          balance >= 0 || !floored.has(String(after['subject'])),
          `floor: ${String(after['subject'])} of ${pk} is ${balance}`,
        );
      }
    }
    this.#books(journals, moved);
  };

  #books(journals: readonly RawJournal[], moved: ReadonlyMap<string, number>): void {
    for (const { cause, legs } of journals) {
      const total = legs.reduce((sum, { side, amount }) => sum + (side === 'debit' ? amount : -amount), 0);
      this.#say(total === 0, `legs: ${cause} does not sum to zero`);
    }
    const folded = foldedOf(journals);
    for (const account of new Set([...folded.keys(), ...moved.keys()]))
      this.#say(
        (folded.get(account) ?? 0) === (moved.get(account) ?? 0),
        `balance: ${account} moved by ${moved.get(account) ?? 0} under journals of ${folded.get(account) ?? 0}`,
      );
  }

  #payment(before: RawPayment | undefined, after: RawPayment): void {
    const { id, attempts, amount } = after;
    this.#say(
      after.version === (before?.version ?? 0) + 1,
      `version: ${id} from ${before?.version} to ${after.version}`,
    );
    const status = statusOf(after);
    const winners = attempts.filter(isWinner);
    this.#say(winners.length <= 1, `winners: ${id} has ${winners.length}`);
    for (const { receipt } of winners)
      this.#say(
        receipt?.amount === amount && receipt.currency === after.currency,
        `amount: ${id} over ${amount} is paid by ${receipt?.amount}`,
      );
    this.#say(new Set(attempts.map(({ no }) => no)).size === attempts.length, `attempts: two of ${id} have one number`);
    for (const { no, mismatch, status: is } of attempts)
      this.#say(!mismatch || is === 'unknown', `mismatch: attempt ${no} of ${id} is ${is}`);
    const live = attempts.filter((attempt) => isLive(attempt) && !attempt.receipt);
    this.#say(live.length <= 1, `attempts: ${live.length} of ${id} may be paid at the same time`);
    this.#totals(after, winners[0]);
    if (!before) return;
    for (const name of ['amount', 'currency', 'merchant_id', 'merchant_order_id', 'content', 'created_at'] as const)
      this.#say(before[name] === after[name], `content: ${name} of ${id} changed`);
    const was = statusOf(before);
    this.#say(
      was === 'under way' || status === was || (was === 'closed' && status === 'paid_late'),
      `terminal: ${id} was ${was} and is ${status}`,
    );
    this.#say(!before.closed_at || after.closed_at === before.closed_at, `terminal: ${id} is not closed any more`);
    this.#attempts(before, after, was);
    if (status !== was) this.#tell(`payment.${status}`, id);
  }

  #attempts(before: RawPayment, after: RawPayment, was: string): void {
    for (const [index, old] of before.attempts.entries()) {
      const now = after.attempts[index];
      this.#say(now?.no === old.no && now.method === old.method, `attempts: number ${old.no} of ${after.id} is gone`);
      if (old.receipt)
        this.#say(
          now?.receipt?.trade_no === old.receipt.trade_no && now.receipt.amount === old.receipt.amount,
          `receipt: ${old.receipt.trade_no} of ${after.id} was overwritten`,
        );
      this.#say(
        old.status !== 'succeeded' || now?.status === 'succeeded',
        `terminal: a success of ${after.id} was lost`,
      );
    }
    for (const [index, attempt] of after.attempts.entries()) {
      const old = before.attempts[index];
      if (old?.receipt || !attempt.receipt) continue;
      const { late = false, duplicate = false, mismatch } = attempt;
      this.#say(late === (!mismatch && was === 'closed'), `late: money of ${after.id}, which was ${was}, late ${late}`);
      this.#say(
        duplicate === (!mismatch && (was === 'paid' || was === 'paid_late')),
        `duplicate: money of ${after.id}, which was ${was}, duplicate ${duplicate}`,
      );
      if (duplicate) this.#tell('payment.duplicate', after.id);
    }
  }

  #totals({ id, amount, refunds }: RawPayment, winner: RawAttempt | undefined): void {
    if (!refunds) return;
    const { succeeded, in_flight, fee_returned, cost_returned } = refunds;
    this.#say(winner !== undefined, `refunds: of ${id}, which is not paid`);
    this.#say(
      succeeded + in_flight <= amount && succeeded >= 0 && in_flight >= 0,
      `refunds: ${succeeded} + ${in_flight} of ${amount} of ${id}`,
    );
    const { fee = 0, cost = 0 } = winner?.receipt ?? {};
    this.#say(fee_returned >= 0 && fee_returned <= fee, `fee: ${fee_returned} of ${fee} of ${id} returned`);
    this.#say(cost_returned >= 0 && cost_returned <= cost, `cost: ${cost_returned} of ${cost} of ${id} returned`);
  }

  #refund(before: RawRefund | undefined, after: RawRefund): void {
    const { id, status } = after;
    this.#say(
      after.version === (before?.version ?? 0) + 1,
      `version: ${id} from ${before?.version} to ${after.version}`,
    );
    if (!before) {
      this.#say(status === 'processing', `refunds: ${id} begins as ${status}`);
      return;
    }
    for (const name of ['amount', 'payment_id', 'fee_returned', 'bucket', 'merchant_refund_id'] as const)
      this.#say(before[name] === after[name], `content: ${name} of ${id} changed`);
    const ended = before.status === 'succeeded' || before.status === 'failed';
    this.#say(!ended || status === before.status, `terminal: ${id} was ${before.status} and is ${status}`);
    if (status !== before.status && (status === 'succeeded' || status === 'failed')) this.#tell(`refund.${status}`, id);
  }

  #notice(pk: string, before: Row | undefined, after: Row | undefined): void {
    if (!before || !after) return;
    this.#say(isDeepStrictEqual(before['body'], after['body']), `notice: what ${pk} tells has changed`);
    this.#say(before['status'] !== 'delivered' || after['status'] === 'delivered', `terminal: ${pk} was delivered`);
    this.#say(Number(after['attempt']) <= Number(before['attempt']) + 1, `notice: ${pk} skips a step`);
  }
}
