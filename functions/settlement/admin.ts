import { S3Client } from '@aws-sdk/client-s3';
import { SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { ulid } from 'ulid';

import { approvalStore } from '#approvals/store.ts';
import { auditStore } from '#audit/store.ts';
import { Failure } from '#kernel/failure.ts';
import { wire } from '#payments/wire.ts';
import { payoutDeps } from '#payouts/wire.ts';
import { database } from '#platform/database.ts';
import { env } from '#platform/env.ts';
import { accepted, api, created, ok, route } from '#platform/http.ts';
import { listPage } from '#platform/listed.ts';
import { only, operatorWith, type Operator } from '#platform/operator.ts';

import * as operations from './operations.ts';
import { paySettlement } from './paying/pay-settlement.ts';
import { settlementAt, settlementDesk, settlementStore, statementFiles } from './store.ts';
import { shown } from './view.ts';

const sfn = new SFNClient();
const db = database();
const table = env('BOOKS_TABLE');
const wired = wire(db);
const settlements = settlementStore(db, table);
const audits = auditStore(db, table, wired.now);
const { urlOf } = statementFiles(new S3Client(), env('STATEMENTS_BUCKET'));
const deps = {
  ...payoutDeps(wired, db),
  settlements,
  approvals: approvalStore(db, table),
  merchant: wired.configuration.merchant,
  plan: wired.configuration.settlementPlan,
};

export const handler = api(
  operatorWith(env('ROLES_CLAIM'), 'admin', 'finance_maker', 'finance_checker', 'operations', 'support'),
  route(operations.findStanding, async (_, { status, limit, cursor }) => {
    const newestFirst = status !== 'payable';
    const { ids, next } = await listPage(db, table, settlementDesk(status), { limit, cursor, newestFirst });
    return ok({ data: await shown(settlements, urlOf, ids.map(settlementAt)), next_cursor: next });
  }),
  route(operations.getSettlement, async (_, { id }) => {
    const [found] = await shown(settlements, urlOf, [id]);
    if (!found) throw new Failure('not_found');
    return ok(found);
  }),
  only(
    route(operations.paySettlement, async (operator: Operator, { id, no, note }) => {
      const { isNew } = await paySettlement(deps, {
        id,
        no,
        note,
        by: operator.id,
        waits: () => true,
        beside: ({ id: payout_id, approval_id, amount }) =>
          audits.writesOf(operator, {
            action: 'submit',
            subject: { kind: 'settlement', id },
            before: null,
            after: { no, payout_id, approval_id, amount: Number(amount) },
          }),
      });
      const [found] = await shown(settlements, urlOf, [id]);
      return isNew ? created(found) : ok(found);
    }),
    'finance_maker',
  ),
  only(
    route(operations.runSettlement, async (operator: Operator, { business_date }) => {
      const now = wired.now();
      const run = `manual-${business_date}-${ulid(now.getTime())}`;
      const subject = { kind: 'settlement_run', id: run };
      // Before it is started: no run is without its audit, and one that did not start can be asked for again.
      const act = { action: 'request', subject, before: null, after: { business_date } } as const;
      const refusals = await audits.audited(operator, act);
      if (refusals.length > 0) throw new Failure('conflict');
      const input = JSON.stringify({ business_date, scheduled_at: now.toISOString() });
      await sfn.send(new StartExecutionCommand({ stateMachineArn: env('SETTLEMENT_MACHINE'), name: run, input }));
      return accepted({ run, business_date });
    }),
    'admin',
    'finance_maker',
    'operations',
  ),
);
