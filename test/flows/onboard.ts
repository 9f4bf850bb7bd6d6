import { createHash } from 'node:crypto';

import { expect } from 'vitest';

import type { Reply } from './client.ts';
import type { Machine } from './machine.ts';

const must = (status: number, { status: answered, body }: Reply) => {
  expect(answered, JSON.stringify(body)).toBe(status);
  return body;
};

export const particulars = {
  holder: { kind: 'company', name: '某某商贸有限公司', registration_no: '91310000MA1FL00000' },
  contacts: [{ role: 'finance', name: '某人', phone: '021-5555 0100' }],
  bank_account: { account: '6222000000001234', name: '某某商贸有限公司', bank: '工商银行' },
};

export const pdf = (text: string): Buffer => Buffer.from(`%PDF-1.7\n% ${text}\n`);

/** What is said of a file before it is sent. */
export const announced = (bytes: Buffer, over: Record<string, unknown> = {}) => ({
  name: '文件.pdf',
  content_type: 'application/pdf',
  size: bytes.length,
  sha256: createHash('sha256').update(bytes).digest('hex'),
  ...over,
});

interface Upload {
  readonly method: string;
  readonly url: string;
  readonly headers: Record<string, string>;
}

/** Sends a file as it was answered; `change`: otherwise than that. */
export const send = async (
  { method, url, headers }: Upload,
  bytes: Buffer,
  change: Record<string, string> = {},
): Promise<number> => {
  const { 'content-length': _, ...said } = { ...headers, ...change };
  return (await fetch(url, { method, headers: said, body: new Uint8Array(bytes) })).status;
};

export const file = async ({ operations }: Machine, merchant: string, kind: string): Promise<void> => {
  const bytes = pdf(kind);
  const path = `/admin/v1/merchants/${merchant}/documents`;
  const { upload } = must(201, await operations.post(path, { kind, ...announced(bytes) }));
  expect(await send(upload, bytes)).toBe(200);
};

export const submitReview = ({ operations }: Machine, merchant_id: string) =>
  operations.post('/admin/v1/approvals', { task: { kind: 'activate_merchant', merchant_id } });

/** From an application to a merchant that is active, by the console alone. */
export const onboard = async (machine: Machine, merchant: Record<string, unknown>) => {
  const { operations, risk } = machine;
  const { id } = must(201, await operations.post('/admin/v1/merchants', { ...merchant, status: 'applied' }));
  must(200, await operations.call('PUT', `/admin/v1/merchants/${id}/file`, { ...particulars, version: 0 }));
  for (const kind of ['business_licence', 'identity', 'bank_account_proof']) await file(machine, id, kind);
  const approval = must(201, await submitReview(machine, id));
  must(200, await risk.post(`/admin/v1/approvals/${approval.id}/approve`, {}));
  const active = must(200, await operations.get(`/admin/v1/merchants/${id}`));
  expect(active.status).toBe('active');
  return active;
};
