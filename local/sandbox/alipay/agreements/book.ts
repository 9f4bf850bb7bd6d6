import * as z from 'zod';
import type { Store } from '../../store.ts';

const ms = z.int();

/** What a payer was asked to sign, and whether it stands. OFFERED: the page is open, and Alipay knows of no agreement yet. */
export const Agreement = z.object({
  external_agreement_no: z.string(),
  agreement_no: z.string(),
  personal_product_code: z.string(),
  sign_scene: z.string(),
  logon_id: z.string().optional(),
  alipay_user_id: z.string(),
  /** Names it where a browser must not be able to guess it. */
  token: z.string(),
  notify_url: z.string().optional(),
  return_url: z.string().optional(),
  single_amount: z.int().optional(),
  first_on: z.string().optional(),
  status: z.enum(['OFFERED', 'REFUSED', 'NORMAL', 'UNSIGN']),
  signed_at: ms.optional(),
  unsigned_at: ms.optional(),
});
export type Agreement = z.infer<typeof Agreement>;

const Document = z.object({ doc: z.string() });

/** 代扣协议, by the merchant's number and by Alipay's. */
export class Agreements {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
    store.define(
      `CREATE TABLE IF NOT EXISTS alipay_agreements (external_agreement_no TEXT PRIMARY KEY, agreement_no TEXT UNIQUE,
         token TEXT UNIQUE, doc TEXT NOT NULL)`,
    );
  }

  named(by: 'external_agreement_no' | 'agreement_no' | 'token', name: string): Agreement | undefined {
    const row = this.#store.one(Document, `SELECT doc FROM alipay_agreements WHERE ${by} = ?`, name);
    return row && Agreement.parse(JSON.parse(row.doc));
  }

  save(agreement: Agreement): void {
    this.#store.run(
      `INSERT INTO alipay_agreements (external_agreement_no, agreement_no, token, doc) VALUES (?, ?, ?, ?)
       ON CONFLICT (external_agreement_no) DO UPDATE SET doc = excluded.doc`,
      agreement.external_agreement_no,
      agreement.agreement_no,
      agreement.token,
      JSON.stringify(agreement),
    );
  }
}
