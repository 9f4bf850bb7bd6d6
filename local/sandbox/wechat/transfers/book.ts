import * as z from 'zod';
import type { Store } from '../../store.ts';

const ms = z.int();

export const Bill = z.object({
  out_bill_no: z.string(),
  transfer_bill_no: z.string(),
  openid: z.string(),
  amount: z.int(),
  remark: z.string(),
  notify_url: z.string().optional(),
  /** Of everything the merchant sent but the sealed name: a repeated transfer must be the same transfer. */
  digest: z.string(),
  /** What the user's device needs to take it. */
  package_info: z.string(),
  created_at: ms,
  updated_at: ms,
  state: z.enum(['WAIT_USER_CONFIRM', 'SUCCESS', 'FAIL', 'CANCELLED']),
  fail_reason: z.string().optional(),
});
export type Bill = z.infer<typeof Bill>;

const Document = z.object({ doc: z.string() });

/** 商家转账单: money on its way to users. */
export class Transfers {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
    store.define('CREATE TABLE IF NOT EXISTS wechat_transfers (out_bill_no TEXT PRIMARY KEY, doc TEXT NOT NULL)');
  }

  named(outBillNo: string): Bill | undefined {
    const row = this.#store.one(Document, 'SELECT doc FROM wechat_transfers WHERE out_bill_no = ?', outBillNo);
    return row && Bill.parse(JSON.parse(row.doc));
  }

  all(): Bill[] {
    const rows = this.#store.all(Document, 'SELECT doc FROM wechat_transfers ORDER BY rowid');
    return rows.map(({ doc }) => Bill.parse(JSON.parse(doc)));
  }

  save(bill: Bill): void {
    this.#store.run(
      `INSERT INTO wechat_transfers (out_bill_no, doc) VALUES (?, ?)
       ON CONFLICT (out_bill_no) DO UPDATE SET doc = excluded.doc`,
      bill.out_bill_no,
      JSON.stringify(bill),
    );
  }
}
