import * as z from 'zod';
import type { Store } from '../../store.ts';

const ms = z.int();

/** One transaction: a payment (01), a refund (04) or an undone payment (31). */
export const Trade = z.object({
  order_id: z.string(),
  /** With the number, the key by which the merchant names it. */
  txn_time: z.string(),
  type: z.enum(['01', '04', '31']),
  /** How its payer comes: by a page, by a code to scan, by the payer's own code. */
  way: z.enum(['page', 'qr', 'code', 'none']),
  biz_type: z.string(),
  amount: z.int(),
  description: z.string(),
  back_url: z.string().optional(),
  front_url: z.string().optional(),
  reserved: z.string().optional(),
  /** Names it where a browser must not be able to guess it. */
  token: z.string(),
  query_id: z.string(),
  trace_no: z.string(),
  /** Of what is given back: the payment. */
  original: z.string().optional(),
  created_at: ms,
  expires_at: ms,
  /** `waiting` for a payer to confirm, as UnionPay knows no transaction yet; `working` at a bank. */
  state: z.enum(['waiting', 'working', 'done', 'failed', 'reversed']),
  failure: z.string().optional(),
  failures: z.int(),
  /** Money moved. Its amount is the channel's truth, which a fault may set apart from what was ordered. */
  done: z.object({ at: ms, amount: z.int(), fee: z.int() }).optional(),
  returned: z.object({ amount: z.int(), fee: z.int() }),
  /** When a fault takes the money of an order that was closed. */
  takes_at: ms.optional(),
});
export type Trade = z.infer<typeof Trade>;
export type DoneTrade = Trade & { done: NonNullable<Trade['done']> };

export const isDone = (trade: Trade): trade is DoneTrade => trade.state === 'done' && trade.done !== undefined;
export const isOpen = (trade: Trade, now: number): boolean =>
  ['waiting', 'working'].includes(trade.state) && trade.expires_at > now;

const Document = z.object({ doc: z.string() });
const Total = z.object({ total: z.int() });

/** The channel's own books: one document per transaction, with the columns that are asked for beside it. */
export class Books {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
    store.define(
      `CREATE TABLE IF NOT EXISTS unionpay_trades (order_id TEXT, txn_time TEXT, query_id TEXT UNIQUE, token TEXT UNIQUE, open_until INTEGER,
         takes_at INTEGER, done_at INTEGER, doc TEXT NOT NULL, PRIMARY KEY (order_id, txn_time));
       CREATE INDEX IF NOT EXISTS unionpay_trades_open ON unionpay_trades (open_until);
       CREATE INDEX IF NOT EXISTS unionpay_trades_takes ON unionpay_trades (takes_at) WHERE takes_at IS NOT NULL;
       CREATE INDEX IF NOT EXISTS unionpay_trades_done ON unionpay_trades (done_at)`,
    );
  }

  trade(orderId: string, txnTime: string): Trade | undefined {
    return this.#trades('WHERE order_id = ? AND txn_time = ?', orderId, txnTime)[0];
  }

  /** A person at the control side names no time. */
  latest(orderId: string): Trade | undefined {
    return this.#trades('WHERE order_id = ? ORDER BY txn_time DESC', orderId)[0];
  }

  ofQuery(queryId: string): Trade | undefined {
    return this.#trades('WHERE query_id = ?', queryId)[0];
  }

  ofToken(token: string): Trade | undefined {
    return this.#trades('WHERE token = ?', token)[0];
  }

  open(now: number, limit: number): Trade[] {
    return this.#trades('WHERE open_until > ? ORDER BY open_until DESC LIMIT ?', now, limit);
  }

  toTake(now: number): Trade[] {
    return this.#trades('WHERE takes_at <= ?', now);
  }

  doneWithin(from: number, until: number): DoneTrade[] {
    return this.#trades('WHERE done_at >= ? AND done_at < ? ORDER BY done_at, rowid', from, until).filter(isDone);
  }

  unsettled(): boolean {
    const sql = 'SELECT count(*) AS total FROM unionpay_trades WHERE takes_at IS NOT NULL';
    return (this.#store.one(Total, sql)?.total ?? 0) > 0;
  }

  /** A number of the channel's own, never given twice, whatever restarts. */
  nextSerial(): number {
    const serial = (this.#store.setting('unionpay.serial', z.int()) ?? 0) + 1;
    this.#store.remember('unionpay.serial', serial);
    return serial;
  }

  save(trade: Trade): void {
    const open = trade.type === '01' && ['waiting', 'working'].includes(trade.state);
    this.#store.run(
      `INSERT INTO unionpay_trades (order_id, txn_time, query_id, token, open_until, takes_at, done_at, doc) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (order_id, txn_time) DO UPDATE SET open_until = excluded.open_until, takes_at = excluded.takes_at,
         done_at = excluded.done_at, doc = excluded.doc`,
      trade.order_id,
      trade.txn_time,
      trade.query_id,
      trade.token,
      open ? trade.expires_at : null,
      trade.takes_at ?? null,
      isDone(trade) ? trade.done.at : null,
      JSON.stringify(trade),
    );
  }

  #trades(where: string, ...values: (string | number)[]): Trade[] {
    const rows = this.#store.all(Document, `SELECT doc FROM unionpay_trades ${where}`, ...values);
    return rows.map((row) => Trade.parse(JSON.parse(row.doc)));
  }
}
