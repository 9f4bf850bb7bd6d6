import * as z from 'zod';

import { Document } from '#documents/document.ts';
import { Instant } from '#kernel/business-date.ts';
import { IdOf, tail, type Id } from '#kernel/id.ts';
import { MerchantStatus } from '#merchants/merchant.ts';
import { versioned } from '#platform/rows.ts';

const Text = (lengthAtMost: number) =>
  z
    .string()
    .regex(/^\P{Cc}+$/u, 'text without control characters')
    .max(lengthAtMost);

/** 主体: who the merchant is in law, by its kind: 企业, 个体工商户, 个人. */
const Holder = z.strictObject({
  kind: z.enum(['company', 'sole_trader', 'person']),
  name: Text(100),
  /** 统一社会信用代码, or the number of an identity card. */
  registration_no: z.string().regex(/^[0-9A-Z-]{5,32}$/),
  representative: Text(64).optional(),
});

export const Contact = z
  .strictObject({
    role: z.enum(['business', 'finance', 'technical', 'complaints']),
    name: Text(64),
    phone: z
      .string()
      .regex(/^\+?[0-9][0-9 -]{4,23}$/)
      .optional(),
    email: z.email().max(254).optional(),
  })
  .refine(({ phone, email }) => phone !== undefined || email !== undefined, 'a phone number or an address of mail');

/** 结算账户: where the merchant's money is paid to. */
const BankAccount = z.strictObject({
  account: z.string().regex(/^[0-9A-Za-z]{5,34}$/),
  name: Text(64),
  bank: Text(64),
});

/** What is said of a merchant, beside how it is configured. */
export const Particulars = z.strictObject({
  holder: Holder,
  contacts: z.array(Contact).min(1).max(10),
  bank_account: BankAccount,
});
export type Particulars = z.infer<typeof Particulars>;

/** 营业执照, 身份证, 开户证明, 协议. */
export const DocumentKind = z.enum(['business_licence', 'identity', 'bank_account_proof', 'agreement', 'other']);
export type DocumentKind = z.infer<typeof DocumentKind>;

export const MerchantDocument = Document.extend({ kind: DocumentKind });
export type MerchantDocument = z.infer<typeof MerchantDocument>;

/** Since when a merchant is what it is, who has made it so, and why. */
export const Standing = z.object({ status: MerchantStatus, at: Instant, by: z.string(), reason: z.string() });

/** 商户档案: who a merchant is, how it is reached, where its money goes, and the documents that prove it. */
export const MerchantFile = z.object({
  id: IdOf('mcf'),
  ...versioned,
  merchant_id: IdOf('mch'),
  particulars: Particulars.optional(),
  documents: z.array(MerchantDocument),
  /** Everyone who has written in it: none of them reviews it. */
  written_by: z.array(z.string()),
  standing: Standing.optional(),
  /** What it waits for while it is reviewed. */
  approval_id: IdOf('apr').optional(),
});
export type MerchantFile = z.infer<typeof MerchantFile>;

export const fileId = (merchantId: string): Id<'mcf'> => `mcf_${tail(merchantId)}`;

/** A merchant that was there before there were files has an empty one. */
export const emptyFile = (merchant_id: MerchantFile['merchant_id']): MerchantFile => ({
  id: fileId(merchant_id),
  version: 0,
  merchant_id,
  documents: [],
  written_by: [],
});

export const writtenBy = (file: MerchantFile, person: string): MerchantFile => ({
  ...file,
  written_by: [...new Set([...file.written_by, person])],
});

const required: Readonly<Record<Particulars['holder']['kind'], readonly DocumentKind[]>> = {
  company: ['business_licence', 'identity', 'bank_account_proof'],
  sole_trader: ['business_licence', 'identity', 'bank_account_proof'],
  person: ['identity', 'bank_account_proof'],
};

/** The kinds of documents that are still to come, of those that have. */
export const missingOf = ({ particulars }: MerchantFile, filed: readonly MerchantDocument[]): DocumentKind[] =>
  (particulars ? required[particulars.holder.kind] : []).filter((kind) => !filed.some((each) => each.kind === kind));

/** As much of an account number as tells it from another. */
export const masked = (account: string): string => `…${account.slice(-4)}`;
