import { SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { ulid } from 'ulid';

import { auditStore } from '#audit/store.ts';
import { Failure } from '#kernel/failure.ts';
import { database } from '#platform/database.ts';
import { env } from '#platform/env.ts';
import { accepted, api, route } from '#platform/http.ts';
import { operatorWith } from '#platform/operator.ts';

import * as operations from './operations.ts';

const sfn = new SFNClient();
const { audited } = auditStore(database(), env('BOOKS_TABLE'), () => new Date());

export const handler = api(
  operatorWith(env('ROLES_CLAIM'), 'admin', 'finance_maker', 'operations'),
  route(operations.runSettlement, async (operator, { business_date }) => {
    const now = new Date();
    const run = `manual-${business_date}-${ulid(now.getTime())}`;
    const subject = { kind: 'settlement_run', id: run };
    // Before it is started: no run is without its audit, and one that did not start can be asked for again.
    const refusals = await audited(operator, { action: 'request', subject, before: null, after: { business_date } });
    if (refusals.length > 0) throw new Failure('conflict');
    const input = JSON.stringify({ business_date, scheduled_at: now.toISOString() });
    await sfn.send(new StartExecutionCommand({ stateMachineArn: env('SETTLEMENT_MACHINE'), name: run, input }));
    return accepted({ run, business_date });
  }),
);
