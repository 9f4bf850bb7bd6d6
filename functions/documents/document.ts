import * as z from 'zod';

import { Instant } from '#kernel/business-date.ts';
import { IdOf } from '#kernel/id.ts';

/** What browsers show and people read; nothing that runs. */
export const ContentType = z.enum(['application/pdf', 'image/jpeg', 'image/png']);

const sizeAtMost = 10 * 1024 * 1024;

/** What a person calls it: no path, nothing that a header could be broken with. */
const FileName = z.string().regex(/^[^\p{Cc}/\\"]{1,100}$/u, 'up to 100 characters, without quotes and slashes');

/** What is said of a file before it is sent: it is taken as exactly this, or not at all. */
export const DocumentToFile = z.strictObject({
  name: FileName,
  content_type: ContentType,
  /** In bytes. */
  size: z.int().min(1).max(sizeAtMost),
  sha256: z.string().regex(/^[0-9a-f]{64}$/, '64 hexadecimal digits'),
});
export type DocumentToFile = z.infer<typeof DocumentToFile>;

/** 文件: evidence in the bucket, under a key that nobody guesses. It counts once its object is there, as it was said to be. */
export const Document = z.object({
  ...DocumentToFile.shape,
  id: IdOf('doc'),
  key: z.string(),
  asked_at: Instant,
  asked_by: z.string(),
});
export type Document = z.infer<typeof Document>;

/** Where files of a subject lie: `documents/{subject}/{chance}`. */
export const documentKey = (subjectId: string, chance: Buffer): string =>
  `documents/${subjectId}/${chance.toString('hex')}`;

/** How a file is sent: the request that the address is good for, and no other. */
export const Upload = z.object({
  method: z.literal('PUT'),
  url: z.string(),
  headers: z.record(z.string(), z.string()),
  expires_at: Instant,
});
export type Upload = z.infer<typeof Upload>;

/** For how long an address of a file is good. */
export const goodForSeconds = 900;

/** As it is shown: an address to read it only once it is there. */
export const DocumentView = Document.omit({ key: true }).extend({ filed: z.boolean(), url: z.string().nullable() });
export type DocumentView = z.infer<typeof DocumentView>;
