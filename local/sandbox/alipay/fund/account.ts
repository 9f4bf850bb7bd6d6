import * as z from 'zod';
import type { Store } from '../../store.ts';

/** One thing that happened to the merchant's money; signed, in fen. */
const Movement = z.object({
  id: z.int(),
  at: z.int(),
  /** 在线支付, 收费, 交易退款, 退费, 转账, 转账退回. */
  type: z.string(),
  amount: z.int(),
  trade_no: z.string(),
  out_no: z.string(),
  name: z.string(),
  party: z.string(),
  remark: z.string(),
  /** What is left after it. */
  balance: z.int(),
});
export type Movement = z.infer<typeof Movement>;

/**
 * What the merchant had on deposit before the first payment, so that it can pay out before it has sold, and what it has sold by
 * other channels: fifty million yuan. Whoever asks for more is refused, as at the real one.
 */
const DEPOSIT = 5_000_000_000;

const Balance = z.object({ balance: z.int() });

/** The merchant's balance at Alipay: a list of movements, each with what was left, as its fund statement tells it. */
export class Account {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
    store.define(
      `CREATE TABLE IF NOT EXISTS alipay_movements (id INTEGER PRIMARY KEY, at INTEGER, type TEXT, amount INTEGER, trade_no TEXT,
         out_no TEXT, name TEXT, party TEXT, remark TEXT, balance INTEGER);
       CREATE INDEX IF NOT EXISTS alipay_movements_at ON alipay_movements (at)`,
    );
  }

  balance(): number {
    const last = this.#store.one(Balance, 'SELECT balance FROM alipay_movements ORDER BY id DESC LIMIT 1');
    return last?.balance ?? DEPOSIT;
  }

  move(movement: Omit<Movement, 'id' | 'balance'>): void {
    const { at, type, amount, trade_no, out_no, name, party, remark } = movement;
    this.#store.run(
      `INSERT INTO alipay_movements (at, type, amount, trade_no, out_no, name, party, remark, balance) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      at,
      type,
      amount,
      trade_no,
      out_no,
      name,
      party,
      remark,
      this.balance() + amount,
    );
  }

  within(from: number, until: number): Movement[] {
    return this.#store.all(
      Movement,
      'SELECT * FROM alipay_movements WHERE at >= ? AND at < ? ORDER BY id',
      from,
      until,
    );
  }
}
