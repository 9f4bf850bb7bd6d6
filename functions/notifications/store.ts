import { shardOf } from '#kernel/id.ts';
import type { Database } from '#platform/database.ts';
import { listPage } from '#platform/listed.ts';
import { rows } from '#platform/rows.ts';
import { orders } from '#platform/table.ts';

import { Endpoint } from './endpoints/breaker.ts';
import { dueAt, Notice, noticeList, type NoticeList } from './notice.ts';

const keptSeconds = 180 * 24 * 60 * 60;

/** Epoch seconds at which a final notice may be forgotten; a waiting one never is. */
const forgottenAt = ({ status, deliveries }: Notice): number | undefined => {
  const last = deliveries.at(-1);
  return status === 'waiting' || !last ? undefined : Math.floor(last.at.getTime() / 1_000) + keptSeconds;
};

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

const endpointSeconds = 7 * 24 * 60 * 60;

/** Endpoints that did not answer of late, forgotten when nothing has been heard of them for a week. */
export const endpointStore = (db: Database, table: string) =>
  rows(db, table, Endpoint, ({ changed_at }) => ({
    [orders.ttl]: Math.floor(changed_at.getTime() / 1_000) + endpointSeconds,
  }));
export type EndpointStore = ReturnType<typeof endpointStore>;

/** The lists of notices that an app does not take, in the books table: written by the fold of the orders table's stream. */
export const noticeLists = (db: Database, table: string) => ({
  /** The ids of one page of a list, the latest first. */
  page: (which: NoticeList, asked: { limit: number; cursor: string | undefined }) =>
    listPage(db, table, noticeList(which), { ...asked, newestFirst: true }),
});
