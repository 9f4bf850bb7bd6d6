import * as z from 'zod';
import type { Store } from '../../store.ts';

const ms = z.int();

/** What a payer was asked to sign, and whether it stands. OFFERED: the page is open, and WeChat knows of no agreement yet. */
export const Agreement = z.object({
  contract_code: z.string(),
  contract_id: z.string(),
  plan_id: z.string(),
  request_serial: z.string(),
  display_account: z.string(),
  openid: z.string(),
  /** Names it where a browser must not be able to guess it. */
  token: z.string(),
  notify_url: z.string(),
  status: z.enum(['OFFERED', 'REFUSED', 'SIGNED', 'TERMINATED']),
  signed_at: ms.optional(),
  terminated_at: ms.optional(),
  /** 2: the payer, 3: the merchant by a call. */
  termination_mode: z.enum(['2', '3']).optional(),
  termination_remark: z.string().optional(),
});
export type Agreement = z.infer<typeof Agreement>;

const Document = z.object({ doc: z.string() });

/** 委托代扣协议, by the merchant's number and by WeChat's. */
export class Agreements {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
    store.define(
      `CREATE TABLE IF NOT EXISTS wechat_agreements (contract_code TEXT PRIMARY KEY, contract_id TEXT UNIQUE, token TEXT UNIQUE,
         doc TEXT NOT NULL)`,
    );
  }

  named(by: 'contract_code' | 'contract_id' | 'token', name: string): Agreement | undefined {
    const row = this.#store.one(Document, `SELECT doc FROM wechat_agreements WHERE ${by} = ?`, name);
    return row && Agreement.parse(JSON.parse(row.doc));
  }

  save(agreement: Agreement): void {
    this.#store.run(
      `INSERT INTO wechat_agreements (contract_code, contract_id, token, doc) VALUES (?, ?, ?, ?)
       ON CONFLICT (contract_code) DO UPDATE SET doc = excluded.doc`,
      agreement.contract_code,
      agreement.contract_id,
      agreement.token,
      JSON.stringify(agreement),
    );
  }
}
