import * as z from 'zod';

import { DocumentView } from '#documents/document.ts';
import { IdOf } from '#kernel/id.ts';
import { MerchantStatus } from '#merchants/merchant.ts';

import { Contact, DocumentKind, masked, missingOf, Particulars, Standing, type MerchantFile } from './file.ts';

const MerchantDocumentView = DocumentView.extend({ kind: DocumentKind });
export type MerchantDocumentView = z.infer<typeof MerchantDocumentView>;

export const FileView = z.object({
  merchant_id: IdOf('mch'),
  status: MerchantStatus,
  holder: Particulars.shape.holder.nullable(),
  contacts: z.array(Contact),
  /** Its number is masked for whoever only supports. */
  bank_account: z.object({ account: z.string(), name: z.string(), bank: z.string() }).nullable(),
  documents: z.array(MerchantDocumentView),
  missing: z.array(DocumentKind),
  standing: Standing.nullable(),
  /** 0 while nothing has been written. */
  version: z.int(),
});

interface Shown {
  readonly file: MerchantFile;
  readonly status: MerchantStatus;
  readonly documents: readonly MerchantDocumentView[];
  /** Whether the reader may see the account's number and the documents themselves. */
  readonly isWhole: boolean;
}

export const fileView = ({ file, status, documents, isWhole }: Shown): z.input<typeof FileView> => {
  const { holder, contacts, bank_account: account } = file.particulars ?? {};
  const filed = file.documents.filter(({ id }) => documents.some((each) => each.id === id && each.filed));
  return z.encode(FileView, {
    merchant_id: file.merchant_id,
    status,
    holder: holder ?? null,
    contacts: contacts ?? [],
    bank_account: account ? { ...account, account: isWhole ? account.account : masked(account.account) } : null,
    documents: documents.map((each) => ({ ...each, url: isWhole ? each.url : null })),
    missing: missingOf(file, filed),
    standing: file.standing ?? null,
    version: file.version,
  });
};
