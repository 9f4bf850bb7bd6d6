import * as z from 'zod';
import type { Store } from '../../store.ts';

const ms = z.int();

/** Money taken. Its amount is the channel's truth, which a fault may set apart from what was ordered. */
const Paid = z.object({ at: ms, amount: z.int(), fee: z.int() });

/** A trade begins when the payer scans, opens the page or shows a code: before that Alipay knows of nothing to be asked about. */
const Trade = z.object({ trade_no: z.string(), at: ms, buyer_id: z.string(), buyer_logon_id: z.string() });

export const Order = z.object({
  out_trade_no: z.string(),
  /** What the merchant called: it decides who can still pay, and where the payer goes afterwards. */
  way: z.enum(['precreate', 'page', 'wap', 'app', 'code', 'agreement']),
  subject: z.string(),
  body: z.string().optional(),
  passback_params: z.string().optional(),
  notify_url: z.string().optional(),
  return_url: z.string().optional(),
  total: z.int(),
  /** Names the order where a browser must not be able to guess it: in its QR code and on the cashier page. */
  token: z.string(),
  created_at: ms,
  expires_at: ms,
  trade: Trade.optional(),
  /** What whoever pays it is asked to sign. */
  external_agreement_no: z.string().optional(),
  closed_at: ms.optional(),
  /** When a fault takes the money of an order that was closed. */
  takes_at: ms.optional(),
  failures: z.int(),
  paid: Paid.optional(),
  refunded: z.object({ count: z.int(), amount: z.int(), fee: z.int() }),
});
export type Order = z.infer<typeof Order>;
export type StartedOrder = Order & { trade: z.infer<typeof Trade> };
export type PaidOrder = StartedOrder & { paid: z.infer<typeof Paid> };

export const Refund = z.object({
  out_trade_no: z.string(),
  /** Unique within its trade. */
  out_request_no: z.string(),
  reason: z.string().optional(),
  amount: z.int(),
  fee: z.int(),
  at: ms,
});
export type Refund = z.infer<typeof Refund>;

export const isStarted = (order: Order): order is StartedOrder => order.trade !== undefined;
export const isPaid = (order: Order): order is PaidOrder => isStarted(order) && order.paid !== undefined;

/** Nobody can pay any more what was closed or has expired: nobody has to write down the second. */
export const isOver = (order: Order, now: number): boolean => order.closed_at !== undefined || order.expires_at <= now;

export type TradeStatus = 'WAIT_BUYER_PAY' | 'TRADE_SUCCESS' | 'TRADE_FINISHED' | 'TRADE_CLOSED';

const REFUNDABLE_MS = 365 * 86_400_000;

/** TRADE_CLOSED says two things: never paid, or paid and refunded in full. TRADE_FINISHED: too old to be refunded. */
export const tradeStatus = (order: StartedOrder, now: number): TradeStatus => {
  if (!isPaid(order)) return isOver(order, now) ? 'TRADE_CLOSED' : 'WAIT_BUYER_PAY';
  if (order.refunded.amount === order.paid.amount) return 'TRADE_CLOSED';
  return order.paid.at + REFUNDABLE_MS <= now ? 'TRADE_FINISHED' : 'TRADE_SUCCESS';
};

const Document = z.object({ doc: z.string() });
const Total = z.object({ total: z.int() });

/** The channel's own books: one document per order and refund, with the columns that are asked for beside it. */
export class Books {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
    store.define(
      `CREATE TABLE IF NOT EXISTS alipay_orders (out_trade_no TEXT PRIMARY KEY, trade_no TEXT UNIQUE, token TEXT UNIQUE, open_until INTEGER,
         takes_at INTEGER, paid_at INTEGER, doc TEXT NOT NULL);
       CREATE INDEX IF NOT EXISTS alipay_orders_open ON alipay_orders (open_until);
       CREATE INDEX IF NOT EXISTS alipay_orders_takes ON alipay_orders (takes_at) WHERE takes_at IS NOT NULL;
       CREATE INDEX IF NOT EXISTS alipay_orders_paid ON alipay_orders (paid_at);
       CREATE TABLE IF NOT EXISTS alipay_refunds (out_trade_no TEXT, out_request_no TEXT, at INTEGER, doc TEXT NOT NULL,
         PRIMARY KEY (out_trade_no, out_request_no));
       CREATE INDEX IF NOT EXISTS alipay_refunds_at ON alipay_refunds (at)`,
    );
  }

  order(outTradeNo: string): Order | undefined {
    return this.#orders('WHERE out_trade_no = ?', outTradeNo)[0];
  }

  orderOfTrade(tradeNo: string): Order | undefined {
    return this.#orders('WHERE trade_no = ?', tradeNo)[0];
  }

  orderOfToken(token: string): Order | undefined {
    return this.#orders('WHERE token = ?', token)[0];
  }

  openOrders(now: number, limit: number): Order[] {
    return this.#orders('WHERE open_until > ? ORDER BY open_until DESC LIMIT ?', now, limit);
  }

  ordersToTake(now: number): Order[] {
    return this.#orders('WHERE takes_at <= ?', now);
  }

  paidWithin(from: number, until: number): PaidOrder[] {
    return this.#orders('WHERE paid_at >= ? AND paid_at < ? ORDER BY paid_at, rowid', from, until).filter(isPaid);
  }

  refund(outTradeNo: string, outRequestNo: string): Refund | undefined {
    return this.#refunds('WHERE out_trade_no = ? AND out_request_no = ?', outTradeNo, outRequestNo)[0];
  }

  refundsWithin(from: number, until: number): Refund[] {
    return this.#refunds('WHERE at >= ? AND at < ? ORDER BY at, rowid', from, until);
  }

  unsettled(): boolean {
    const sql = 'SELECT count(*) AS total FROM alipay_orders WHERE takes_at IS NOT NULL';
    return (this.#store.one(Total, sql)?.total ?? 0) > 0;
  }

  /** A number of the channel's own, never given twice, whatever restarts. */
  nextSerial(): number {
    const serial = (this.#store.setting('alipay.serial', z.int()) ?? 0) + 1;
    this.#store.remember('alipay.serial', serial);
    return serial;
  }

  saveOrder(order: Order): void {
    const open = order.paid === undefined && order.closed_at === undefined;
    this.#store.run(
      `INSERT INTO alipay_orders (out_trade_no, trade_no, token, open_until, takes_at, paid_at, doc) VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (out_trade_no) DO UPDATE SET trade_no = excluded.trade_no, open_until = excluded.open_until,
         takes_at = excluded.takes_at, paid_at = excluded.paid_at, doc = excluded.doc`,
      order.out_trade_no,
      order.trade?.trade_no ?? null,
      order.token,
      open ? order.expires_at : null,
      order.takes_at ?? null,
      order.paid?.at ?? null,
      JSON.stringify(order),
    );
  }

  saveRefund(refund: Refund): void {
    this.#store.run(
      'INSERT INTO alipay_refunds (out_trade_no, out_request_no, at, doc) VALUES (?, ?, ?, ?)',
      refund.out_trade_no,
      refund.out_request_no,
      refund.at,
      JSON.stringify(refund),
    );
  }

  #orders(where: string, ...values: (string | number)[]): Order[] {
    const rows = this.#store.all(Document, `SELECT doc FROM alipay_orders ${where}`, ...values);
    return rows.map((row) => Order.parse(JSON.parse(row.doc)));
  }

  #refunds(where: string, ...values: (string | number)[]): Refund[] {
    const rows = this.#store.all(Document, `SELECT doc FROM alipay_refunds ${where}`, ...values);
    return rows.map((row) => Refund.parse(JSON.parse(row.doc)));
  }
}
