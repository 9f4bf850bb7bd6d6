import { S3Client } from '@aws-sdk/client-s3';
import * as z from 'zod';

import { auditStore } from '#audit/store.ts';
import { planner } from '#desks/plan.ts';
import { documentStore } from '#documents/store.ts';
import { merchantPlanner } from '#onboarding/plan.ts';
import { fileStore } from '#onboarding/store.ts';
import { wire } from '#payments/wire.ts';
import { markerWrites } from '#payments/store.ts';
import { payoutDeps } from '#payouts/wire.ts';
import { database } from '#platform/database.ts';
import { env } from '#platform/env.ts';
import { api, created, ok, route } from '#platform/http.ts';
import { only, operatorWith, roles, type Operator } from '#platform/operator.ts';
import { reconciliationStore } from '#reconciliation/store.ts';
import { refundDeps } from '#refunds/wire.ts';
import { adviceStore, receiptStore } from '#remittances/store.ts';

import { approvalView, Preview } from './approval.ts';
import { approve, refuse } from './decide.ts';
import * as operations from './operations.ts';
import { everyRoleTo, permit } from './permissions.ts';
import { dividing } from './plan.ts';
import { approvalStore } from './store.ts';
import { previewOf, submit } from './submit.ts';

const db = database();
const wired = wire(db);
const refunds = refundDeps(wired, db);
const { isFiled } = documentStore(new S3Client(), env('STATEMENTS_BUCKET'), wired.now);
const deps = {
  ...refunds,
  approvals: approvalStore(db, env('BOOKS_TABLE')),
  audits: auditStore(db, env('BOOKS_TABLE'), wired.now),
  planner: dividing(
    planner({
      ...payoutDeps(wired, db),
      ...refunds,
      differences: reconciliationStore(db, env('BOOKS_TABLE')).differences,
      merchant: wired.configuration.merchant,
      app: wired.configuration.app,
      channelAccount: wired.configuration.channelAccount,
      receipts: receiptStore(db, env('BOOKS_TABLE')),
      advices: adviceStore(db, env('BOOKS_TABLE')),
      isFiled,
      markers: markerWrites(env('ORDERS_TABLE')),
    }),
    merchantPlanner({
      configuration: wired.configuration,
      files: fileStore(db, env('BOOKS_TABLE')),
      isFiled,
      now: wired.now,
    }),
  ),
};

export const handler = api(
  operatorWith(env('ROLES_CLAIM'), ...roles),
  route(operations.findApprovals, async (_, { status, limit, cursor }) => {
    const { found, next } = await deps.approvals.page(status, { limit, cursor });
    return ok({ data: found.map(approvalView), next_cursor: next });
  }),
  route(operations.getApproval, async (_, { id }) => ok(approvalView(await deps.approvals.get(id)))),
  only(
    route(operations.previewTask, async (operator: Operator, { task }) => {
      permit(operator, 'submit', task.kind);
      return ok(z.encode(Preview, await previewOf(deps, task)));
    }),
    ...everyRoleTo('submit'),
  ),
  only(
    route(operations.submitTask, async (operator: Operator, asked) => {
      permit(operator, 'submit', asked.task.kind);
      const { approval, isNew } = await submit(deps, operator, asked);
      return isNew ? created(approvalView(approval)) : ok(approvalView(approval));
    }),
    ...everyRoleTo('submit'),
  ),
  only(
    route(operations.approveTask, async (operator: Operator, { id }) => {
      permit(operator, 'decide', (await deps.approvals.get(id)).task.kind);
      return ok(approvalView(await approve(deps, operator, id)));
    }),
    ...everyRoleTo('decide'),
  ),
  only(
    route(operations.refuseTask, async (operator: Operator, asked) => {
      permit(operator, 'decide', (await deps.approvals.get(asked.id)).task.kind);
      return ok(approvalView(await refuse(deps, operator, asked)));
    }),
    ...everyRoleTo('decide'),
  ),
);
