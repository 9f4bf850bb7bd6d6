import * as z from 'zod';

import { DocumentToFile } from '#documents/document.ts';
import { BusinessDate, Instant } from '#kernel/business-date.ts';
import { derivedId, IdOf } from '#kernel/id.ts';
import { versioned } from '#platform/rows.ts';

/** More is not read of one file. */
const bytesAtMost = 64 * 1024 * 1024;

/** What is said of a bank's statement before it is sent. */
export const StatementToSend = z.strictObject({
  channel_account_id: IdOf('chn'),
  bill_date: BusinessDate,
  name: DocumentToFile.shape.name,
  /** In bytes. */
  size: z.int().min(1).max(bytesAtMost),
  sha256: DocumentToFile.shape.sha256,
});
export type StatementToSend = z.infer<typeof StatementToSend>;

/** `refused`: nothing of it was taken in; line and reason say why. */
export const ImportStatus = z.enum(['awaited', 'accepted', 'refused']);

/** 导入: a file of a bank's statement and what has become of it, however it came to the bucket. */
export const StatementImport = z.object({
  id: IdOf('imp'),
  ...versioned,
  ...StatementToSend.pick({ channel_account_id: true, bill_date: true }).shape,
  object_key: z.string(),
  /** As whoever announced it calls it. */
  name: z.string().optional(),
  asked_by: z.string().optional(),
  status: ImportStatus,
  /** Of an accepted one: how many it has, and how many of them no other file had brought before. */
  entries: z.int().optional(),
  added: z.int().optional(),
  error: z.object({ line: z.int(), reason: z.string() }).optional(),
  at: Instant,
  read_at: Instant.optional(),
});
export type StatementImport = z.infer<typeof StatementImport>;

export type Outcome =
  | (Pick<StatementImport, 'entries' | 'added'> & { readonly status: 'accepted' })
  | (Pick<StatementImport, 'error'> & { readonly status: 'refused' });

/** One key of the bucket is one import. */
export const importId = (objectKey: string): StatementImport['id'] => derivedId('imp', objectKey);

/** Where a file is sent: the same bytes of the same day are the same file. */
export const keyFor = ({ channel_account_id, bill_date, sha256 }: StatementToSend): string =>
  `statements/${channel_account_id}/${bill_date}/fund/${sha256}`;

export const ImportView = StatementImport.omit({ version: true, asked_by: true }).extend({
  name: z.string().nullable(),
  entries: z.int().nullable(),
  added: z.int().nullable(),
  error: z.object({ line: z.int(), reason: z.string() }).nullable(),
  read_at: Instant.nullable(),
});

export const importView = (found: StatementImport): z.input<typeof ImportView> =>
  z.encode(ImportView, {
    ...found,
    name: found.name ?? null,
    entries: found.entries ?? null,
    added: found.added ?? null,
    error: found.error ?? null,
    read_at: found.read_at ?? null,
  });
