import { shardOf } from '#kernel/id.ts';
import type { Database } from '#platform/database.ts';
import { rows } from '#platform/rows.ts';
import { orders } from '#platform/table.ts';

import { dueAt, Notice } from './notice.ts';

const keptSeconds = 180 * 24 * 60 * 60;

/** Epoch seconds at which a final notice may be forgotten; a waiting one never is. */
const forgottenAt = ({ status, last }: Notice): number | undefined =>
  status === 'waiting' || !last ? undefined : Math.floor(last.at.getTime() / 1_000) + keptSeconds;

/** Notices in the orders table. Each put with another `due_at` rewrites an index entry: one put a delivery, no more. */
export const noticeStore = (db: Database, table: string) =>
  rows(db, table, Notice, (notice) => {
    const due = dueAt(notice);
    return {
      ...(due && { [orders.due.partition]: shardOf(notice.id, 16), [orders.due.sort]: due.toISOString() }),
      [orders.ttl]: forgottenAt(notice),
    };
  });
export type NoticeStore = ReturnType<typeof noticeStore>;
