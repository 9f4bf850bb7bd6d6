import * as z from 'zod';

import { DocumentToFile, Upload } from '#documents/document.ts';
import { IdOf } from '#kernel/id.ts';
import { MerchantStatus } from '#merchants/merchant.ts';
import { plain, type Operation } from '#platform/operation.ts';

import { DocumentKind, Particulars } from './file.ts';
import { FileView } from './view.ts';

const byOperators = { ...plain, security: 'bearer', path: z.strictObject({ id: IdOf('mch') }) } as const;

/** Why, as whoever reads the audit is told. */
const Reason = z.string().regex(/^\P{Cc}{1,500}$/u, 'up to 500 characters of text');

export const getFile = {
  ...byOperators,
  route: 'GET /admin/v1/merchants/{id}/file',
  summary:
    'Who a merchant is, with its documents and what is still missing; addresses of documents are good for a quarter of an hour',
  answers: { 200: FileView },
} satisfies Operation;

export const putFile = {
  ...byOperators,
  route: 'PUT /admin/v1/merchants/{id}/file',
  summary: 'Says who a merchant is, over the version that was read; 0 at first',
  body: z.strictObject({ ...Particulars.shape, version: z.int().min(0) }),
  answers: { 200: FileView },
} satisfies Operation;

export const addDocument = {
  ...byOperators,
  route: 'POST /admin/v1/merchants/{id}/documents',
  summary: 'Announces a document and answers how to send it; it counts once it has come, exactly as announced',
  body: z.strictObject({ kind: DocumentKind, ...DocumentToFile.shape }),
  answers: { 201: z.object({ id: IdOf('doc'), upload: Upload }) },
} satisfies Operation;

export const changeStatus = {
  ...byOperators,
  route: 'POST /admin/v1/merchants/{id}/status',
  summary: 'Suspends a merchant, lets it go on, or closes it, with a reason',
  body: z.strictObject({ status: MerchantStatus.extract(['active', 'suspended', 'closed']), reason: Reason }),
  answers: { 200: z.object({ id: IdOf('mch'), status: MerchantStatus }) },
} satisfies Operation;
