import { invariant } from '#kernel/failure.ts';
import type { Write } from '#platform/commit.ts';
import type { Database } from '#platform/database.ts';
import { listPage } from '#platform/listed.ts';
import { rows } from '#platform/rows.ts';

import { Approval, type ApprovalStatus } from './approval.ts';

const listOf = (status: ApprovalStatus) => `approvals#${status}`;

export const approvalStore = (db: Database, table: string) => {
  const approvals = rows(db, table, Approval, ({ id, status, made_at }) => ({
    list: listOf(status),
    listed_at: `${made_at.toISOString()}#${id}`,
  }));

  return {
    get: (id: string): Promise<Approval> => approvals.get(id),
    write: approvals.write,

    /** Decides it: only while nobody has, and never by whoever made it. The row itself refuses the maker, whatever was asked before. */
    decide: (approval: Approval): Write => {
      const { Put } = approvals.write(approval);
      invariant(Put?.ConditionExpression !== undefined && approval.version > 0, 'what is decided was submitted');
      const isAsRead = Put.ConditionExpression;
      const isPending = '#status = :pending';
      const isByAnother = 'made_by <> :decided_by';
      return {
        Put: {
          ...Put,
          ConditionExpression: [isAsRead, isPending, isByAnother].join(' AND '),
          ExpressionAttributeNames: { '#status': 'status' },
          ExpressionAttributeValues: {
            ...Put.ExpressionAttributeValues,
            ':pending': 'pending' satisfies ApprovalStatus,
            ':decided_by': approval.decided_by,
          },
        },
      };
    },

    /** The longest waiting first; what was decided, the newest first. */
    async page(status: ApprovalStatus, { limit, cursor }: { limit: number; cursor: string | undefined }) {
      const newestFirst = status !== 'pending';
      const { ids, next } = await listPage(db, table, listOf(status), { limit, cursor, newestFirst });
      const found = new Map<string, Approval>((await approvals.getMany(ids)).map((row) => [row.id, row]));
      return { found: ids.flatMap((id) => found.get(id) ?? []), next };
    },
  };
};
export type ApprovalStore = ReturnType<typeof approvalStore>;
