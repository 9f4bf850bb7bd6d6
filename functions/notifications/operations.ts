import * as z from 'zod';

import { list, page, plain, type Operation } from '#platform/operation.ts';

import { Notice, NoticeList } from './notice.ts';
import { NoticeView } from './view.ts';

const byOperators = { ...plain, security: 'bearer' } as const;
const oneNotice = z.strictObject({ id: Notice.shape.id });

export const findNotices = {
  ...byOperators,
  route: 'GET /admin/v1/notices',
  summary: 'Notices that an app does not take, the latest first: still waiting, or with their schedule used up',
  query: z.strictObject({ status: NoticeList.default('exhausted'), ...page }),
  answers: { 200: list(NoticeView) },
} satisfies Operation;

export const getNotice = {
  ...byOperators,
  route: 'GET /admin/v1/notices/{id}',
  summary: 'A notice with what came of its deliveries',
  path: oneNotice,
  answers: { 200: NoticeView },
} satisfies Operation;

export const redeliverNotice = {
  ...byOperators,
  route: 'POST /admin/v1/notices/{id}/redeliver',
  summary: 'Deliver a notice once more, whatever its status: under the same webhook-id, beside its schedule',
  path: oneNotice,
  answers: { 202: NoticeView },
} satisfies Operation;
