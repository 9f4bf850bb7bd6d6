import { committer, type Refusal, type Write } from '#platform/commit.ts';
import type { Database } from '#platform/database.ts';
import { listPage } from '#platform/listed.ts';
import type { Operator } from '#platform/operator.ts';
import { rows } from '#platform/rows.ts';

import { AuditEntry, entryOf, type Act } from './audit.ts';

const all = 'audit';
const ofSubject = (id: string) => `audit#${id}`;
const suffix = '#of-subject';

const place = ({ at, id }: AuditEntry) => `${at.toISOString()}#${id}`;

interface Asked {
  readonly subjectId?: string | undefined;
  readonly limit: number;
  readonly cursor: string | undefined;
}

/** The audit log in the books table: one list of everything, and one of each subject by a second, empty row. */
export const auditStore = (db: Database, table: string, now: () => Date) => {
  const commit = committer(db);
  const entries = rows(db, table, AuditEntry, (entry) => ({ list: all, listed_at: place(entry) }));

  /** What is written beside a change, in the same transaction. */
  const writesOf = (by: Operator, act: Act): Write[] => {
    const entry = entryOf(by, act, now());
    const pointer = { pk: `${entry.id}${suffix}`, list: ofSubject(entry.subject.id), listed_at: place(entry) };
    return [
      entries.write(entry),
      { Put: { TableName: table, Item: pointer, ConditionExpression: 'attribute_not_exists(pk)' } },
    ];
  };

  return {
    writesOf,

    /** Commits a change together with who made it. What lies outside of our tables is audited before it is done. */
    audited: (by: Operator, act: Act, ...writes: readonly Write[]): Promise<readonly Refusal[]> =>
      commit([...writes, ...writesOf(by, act)]),

    /** The newest first. */
    async page({ subjectId, limit, cursor }: Asked): Promise<{ found: AuditEntry[]; next: string | null }> {
      const list = subjectId === undefined ? all : ofSubject(subjectId);
      const { ids, next } = await listPage(db, table, list, { limit, cursor, newestFirst: true });
      const found = await entries.getMany(ids.map((id) => id.replace(suffix, '')));
      return { found: found.toSorted((a, b) => (place(a) < place(b) ? 1 : -1)), next };
    },
  };
};
export type AuditStore = ReturnType<typeof auditStore>;
