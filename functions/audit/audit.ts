import * as z from 'zod';

import { Instant } from '#kernel/business-date.ts';
import { IdOf, newId } from '#kernel/id.ts';
import type { Operator } from '#platform/operator.ts';
import { versioned } from '#platform/rows.ts';

/** What was changed, as it stands in rows; of secrets only that they were. */
const Content = z.record(z.string(), z.unknown());

/** 审计: one write of a person at the console, or of an import: who, when, what, before and after. Never changed again. */
export const AuditEntry = z.object({
  ...versioned,
  id: IdOf('aud'),
  at: Instant,
  /** The subject of the token; `import` when a document was imported. */
  by: z.string(),
  roles: z.array(z.string()),
  action: z.enum(['create', 'replace', 'end', 'change_secrets', 'request', 'submit', 'approve', 'refuse', 'outdate']),
  subject: z.object({ kind: z.string(), id: z.string() }),
  before: Content.nullable(),
  after: Content.nullable(),
});
export type AuditEntry = z.infer<typeof AuditEntry>;

/** What is said of an act; who and when is added where it is written. */
export type Act = Pick<AuditEntry, 'action' | 'subject' | 'before' | 'after'>;

export const entryOf = ({ id: by, roles }: Operator, act: Act, now: Date): AuditEntry => ({
  ...act,
  id: newId('aud', now),
  version: 0,
  at: now,
  by,
  roles: [...roles],
});

export const AuditView = AuditEntry.omit({ version: true });

/** In the place of every secret. */
export const changed = 'changed';
