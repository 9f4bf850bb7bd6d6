import * as z from 'zod';
import type { Store } from '../store.ts';

const ms = z.int();

/** Money taken. Its amount is the channel's truth, which a fault may set apart from what was ordered. */
const Paid = z.object({
  transaction_id: z.string(),
  at: ms,
  amount: z.int(),
  fee: z.int(),
  openid: z.string(),
});

export const Order = z.object({
  out_trade_no: z.string(),
  trade_type: z.enum(['NATIVE', 'JSAPI', 'MWEB', 'APP', 'MICROPAY', 'PAP']),
  description: z.string(),
  attach: z.string().optional(),
  /** Of a payer's code nobody is told. */
  notify_url: z.string().optional(),
  openid: z.string().optional(),
  /** 支付中签约: what whoever pays it is asked to sign. Such an order is of version 2, as a deduction is. */
  contract_code: z.string().optional(),
  total: z.int(),
  /** Of everything the merchant sent: a repeated order must be the same order. */
  digest: z.string(),
  ticket: z.string(),
  ticket_until: ms,
  created_at: ms,
  expires_at: ms,
  closed_at: ms.optional(),
  /** How the order of a payer's code or a deduction ended without money, or with money that went back. */
  ended: z.enum(['REVOKED', 'PAYERROR']).optional(),
  /** When money is taken without its payer: of a deduction; by a fault, of an order that was confirmed closed. */
  takes_at: ms.optional(),
  failures: z.int(),
  paid: Paid.optional(),
  /** Accepted refunds, and the part of the fee they gave back. */
  refunded: z.object({ count: z.int(), amount: z.int(), fee: z.int() }),
});
export type Order = z.infer<typeof Order>;
export type PaidOrder = Order & { paid: z.infer<typeof Paid> };

export const Refund = z.object({
  out_refund_no: z.string(),
  refund_id: z.string(),
  out_trade_no: z.string(),
  transaction_id: z.string(),
  notify_url: z.string().optional(),
  amount: z.int(),
  fee: z.int(),
  funds_account: z.enum(['AVAILABLE', 'UNSETTLED']),
  accepted_at: ms,
  settles_at: ms,
  succeeded_at: ms.optional(),
  /** 退款关闭: accepted, and then impossible. */
  closed_at: ms.optional(),
});
export type Refund = z.infer<typeof Refund>;

/** Told in the words of version 2. */
export const isOfVersion2 = ({ trade_type, contract_code }: Order): boolean =>
  trade_type === 'PAP' || contract_code !== undefined;

export const isPaid = (order: Order): order is PaidOrder => order.paid !== undefined;

export type TradeState = 'NOTPAY' | 'USERPAYING' | 'ACCEPT' | 'SUCCESS' | 'REFUND' | 'CLOSED' | 'REVOKED' | 'PAYERROR';

/** An order past its end closes itself: nobody has to write that down. */
export const tradeState = (order: Order, now: number): TradeState => {
  if (order.ended !== undefined) return order.ended;
  if (isPaid(order)) return order.refunded.count > 0 ? 'REFUND' : 'SUCCESS';
  if (order.closed_at !== undefined || order.expires_at <= now) return 'CLOSED';
  if (order.trade_type === 'PAP') return 'ACCEPT';
  return order.trade_type === 'MICROPAY' ? 'USERPAYING' : 'NOTPAY';
};

const Document = z.object({ doc: z.string() });
const Total = z.object({ total: z.int() });

/** The channel's own books: one document per order and refund, with the columns that are asked for beside it. */
export class Books {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
    store.define(
      `CREATE TABLE IF NOT EXISTS wechat_orders (out_trade_no TEXT PRIMARY KEY, transaction_id TEXT UNIQUE, open_until INTEGER,
         takes_at INTEGER, paid_at INTEGER, doc TEXT NOT NULL);
       CREATE INDEX IF NOT EXISTS wechat_orders_open ON wechat_orders (open_until);
       CREATE INDEX IF NOT EXISTS wechat_orders_takes ON wechat_orders (takes_at) WHERE takes_at IS NOT NULL;
       CREATE INDEX IF NOT EXISTS wechat_orders_paid ON wechat_orders (paid_at);
       CREATE TABLE IF NOT EXISTS wechat_refunds (out_refund_no TEXT PRIMARY KEY, accepted_at INTEGER, settles_at INTEGER, doc TEXT NOT NULL);
       CREATE INDEX IF NOT EXISTS wechat_refunds_accepted ON wechat_refunds (accepted_at);
       CREATE INDEX IF NOT EXISTS wechat_refunds_settles ON wechat_refunds (settles_at) WHERE settles_at IS NOT NULL`,
    );
  }

  order(outTradeNo: string): Order | undefined {
    return this.#orders('WHERE out_trade_no = ?', outTradeNo)[0];
  }

  orderPaidAs(transactionId: string): PaidOrder | undefined {
    return this.#orders('WHERE transaction_id = ?', transactionId).find(isPaid);
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

  refund(outRefundNo: string): Refund | undefined {
    return this.#refunds('WHERE out_refund_no = ?', outRefundNo)[0];
  }

  refundsToSettle(now: number): Refund[] {
    return this.#refunds('WHERE settles_at <= ?', now);
  }

  acceptedWithin(from: number, until: number): Refund[] {
    return this.#refunds('WHERE accepted_at >= ? AND accepted_at < ? ORDER BY accepted_at, rowid', from, until);
  }

  unsettled(): boolean {
    const sql = `SELECT (SELECT count(*) FROM wechat_orders WHERE takes_at IS NOT NULL)
                      + (SELECT count(*) FROM wechat_refunds WHERE settles_at IS NOT NULL) AS total`;
    return (this.#store.one(Total, sql)?.total ?? 0) > 0;
  }

  /** A number of the channel's own, never given twice, whatever restarts. */
  nextSerial(): number {
    const serial = (this.#store.setting('wechat.serial', z.int()) ?? 0) + 1;
    this.#store.remember('wechat.serial', serial);
    return serial;
  }

  saveOrder(order: Order): void {
    const open = order.paid === undefined && order.closed_at === undefined;
    this.#store.run(
      `INSERT INTO wechat_orders (out_trade_no, transaction_id, open_until, takes_at, paid_at, doc) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (out_trade_no) DO UPDATE SET transaction_id = excluded.transaction_id, open_until = excluded.open_until,
         takes_at = excluded.takes_at, paid_at = excluded.paid_at, doc = excluded.doc`,
      order.out_trade_no,
      order.paid?.transaction_id ?? null,
      open ? order.expires_at : null,
      order.takes_at ?? null,
      order.paid?.at ?? null,
      JSON.stringify(order),
    );
  }

  saveRefund(refund: Refund): void {
    this.#store.run(
      `INSERT INTO wechat_refunds (out_refund_no, accepted_at, settles_at, doc) VALUES (?, ?, ?, ?)
       ON CONFLICT (out_refund_no) DO UPDATE SET settles_at = excluded.settles_at, doc = excluded.doc`,
      refund.out_refund_no,
      refund.accepted_at,
      refund.succeeded_at === undefined && refund.closed_at === undefined ? refund.settles_at : null,
      JSON.stringify(refund),
    );
  }

  #orders(where: string, ...values: (string | number)[]): Order[] {
    const rows = this.#store.all(Document, `SELECT doc FROM wechat_orders ${where}`, ...values);
    return rows.map((row) => Order.parse(JSON.parse(row.doc)));
  }

  #refunds(where: string, ...values: (string | number)[]): Refund[] {
    const rows = this.#store.all(Document, `SELECT doc FROM wechat_refunds ${where}`, ...values);
    return rows.map((row) => Refund.parse(JSON.parse(row.doc)));
  }
}
