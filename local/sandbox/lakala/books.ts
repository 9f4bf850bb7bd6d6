import * as z from 'zod';
import type { Store } from '../store.ts';

const ms = z.int();

/** One order: a payment, or a refund of one. */
const Trade = z.object({
  no: z.string(),
  /** A code that is shown, the payer's own, a card at a POS; or money that goes back. */
  way: z.enum(['qr', 'code', 'pos', 'refund', 'revoked']),
  trade_no: z.string(),
  term_no: z.string(),
  amount: z.int(),
  subject: z.string(),
  notify_url: z.string().optional(),
  origin: z.string().optional(),
  created_at: ms,
  expires_at: ms,
  state: z.enum(['open', 'done', 'failed', 'closed']),
  failures: z.int(),
  done: z.object({ at: ms, amount: z.int(), fee: z.int() }).optional(),
  returned: z.object({ amount: z.int(), fee: z.int() }),
  /** When a fault takes the money of an order that was closed. */
  takes_at: ms.optional(),
});
export type Trade = z.infer<typeof Trade>;
export type DoneTrade = Trade & { done: NonNullable<Trade['done']> };

export const isDone = (trade: Trade): trade is DoneTrade => trade.done !== undefined;
export const isPayment = ({ way }: Trade): boolean => way !== 'refund' && way !== 'revoked';
export const isOpen = (trade: Trade, now: number): boolean => trade.state === 'open' && trade.expires_at > now;

const Document = z.object({ doc: z.string() });

/** The channel's own books: one document per order, with the columns that are asked for beside it. */
export class Books {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
    store.define(
      `CREATE TABLE IF NOT EXISTS lakala_trades (no TEXT PRIMARY KEY, trade_no TEXT UNIQUE, open_until INTEGER, takes_at INTEGER, done_at INTEGER,
         doc TEXT NOT NULL);
       CREATE INDEX IF NOT EXISTS lakala_trades_open ON lakala_trades (open_until);
       CREATE INDEX IF NOT EXISTS lakala_trades_done ON lakala_trades (done_at)`,
    );
  }

  trade(no: string): Trade | undefined {
    return this.#trades('WHERE no = ?', no)[0];
  }

  ofTradeNo(tradeNo: string): Trade | undefined {
    return this.#trades('WHERE trade_no = ?', tradeNo)[0];
  }

  open(now: number, limit: number): Trade[] {
    return this.#trades('WHERE open_until > ? ORDER BY open_until DESC LIMIT ?', now, limit);
  }

  toTake(now: number): Trade[] {
    return this.#trades('WHERE takes_at <= ?', now);
  }

  unsettled(): boolean {
    return this.#trades('WHERE takes_at IS NOT NULL LIMIT 1').length > 0;
  }

  doneWithin(from: number, until: number): DoneTrade[] {
    return this.#trades('WHERE done_at >= ? AND done_at < ? ORDER BY done_at, rowid', from, until).filter(isDone);
  }

  /** A number of the channel's own, never given twice, whatever restarts. */
  nextSerial(): number {
    const serial = (this.#store.setting('lakala.serial', z.int()) ?? 0) + 1;
    this.#store.remember('lakala.serial', serial);
    return serial;
  }

  save(trade: Trade): void {
    this.#store.run(
      'INSERT OR REPLACE INTO lakala_trades (no, trade_no, open_until, takes_at, done_at, doc) VALUES (?, ?, ?, ?, ?, ?)',
      trade.no,
      trade.trade_no,
      trade.state === 'open' ? trade.expires_at : null,
      trade.takes_at ?? null,
      trade.done?.at ?? null,
      JSON.stringify(trade),
    );
  }

  #trades(where: string, ...values: (string | number)[]): Trade[] {
    const rows = this.#store.all(Document, `SELECT doc FROM lakala_trades ${where}`, ...values);
    return rows.map((row) => Trade.parse(JSON.parse(row.doc)));
  }
}
