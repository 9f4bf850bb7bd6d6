import { SQSClient } from '@aws-sdk/client-sqs';

import { auditStore } from '#audit/store.ts';
import { Failure } from '#kernel/failure.ts';
import { database } from '#platform/database.ts';
import { env } from '#platform/env.ts';
import { accepted, api, ok, route } from '#platform/http.ts';
import { operatorWith, type Operator, type Role } from '#platform/operator.ts';
import { sender } from '#platform/sender.ts';

import type { DeliveryMessage } from './deliver.ts';
import * as operations from './operations.ts';
import { noticeLists, noticeStore } from './store.ts';
import { noticeView } from './view.ts';

const db = database();
const notices = noticeStore(db, env('ORDERS_TABLE'));
const lists = noticeLists(db, env('BOOKS_TABLE'));
const send = sender(new SQSClient(), env('NOTICES_QUEUE'));
const { audited } = auditStore(db, env('BOOKS_TABLE'), () => new Date());

const seesBody: readonly Role[] = ['admin', 'operations', 'finance_maker', 'finance_checker'];
const mayRedeliver: readonly Role[] = ['admin', 'operations'];

const has = ({ roles }: Operator, wanted: readonly Role[]) => roles.some((role) => wanted.includes(role));

export const handler = api(
  operatorWith(env('ROLES_CLAIM'), ...seesBody, 'risk', 'support'),
  route(operations.findNotices, async (operator, { status, limit, cursor }) => {
    const { ids, next } = await lists.page(status, { limit, cursor });
    const found = new Map((await notices.getMany(ids)).map((notice) => [notice.id, notice]));
    const withBody = has(operator, seesBody);
    // A notice may have left its list since that was read.
    const listed = [...found.values()].filter((notice) => notice.status === status);
    const inOrder = listed.toSorted(
      (a, b) => b.created_at.getTime() - a.created_at.getTime() || (a.id < b.id ? 1 : -1),
    );
    return ok({ data: inOrder.map((notice) => noticeView(notice, { withBody })), next_cursor: next });
  }),
  route(operations.getNotice, async (operator, { id }) =>
    ok(noticeView(await notices.get(id), { withBody: has(operator, seesBody) })),
  ),
  route(operations.redeliverNotice, async (operator, { id }) => {
    if (!has(operator, mayRedeliver)) throw new Failure('role_required');
    const notice = await notices.get(id);
    const { status, attempt } = notice;
    await audited(operator, {
      action: 'request',
      subject: { kind: 'notice', id },
      before: { status, attempt },
      after: null,
    });
    await send([{ body: { id, redelivery: true } satisfies DeliveryMessage }]);
    return accepted(noticeView(notice, { withBody: true }));
  }),
);
