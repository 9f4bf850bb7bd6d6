import { SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { ulid } from 'ulid';

import { env } from '#platform/env.ts';
import { accepted, api, route } from '#platform/http.ts';
import { operatorWith } from '#platform/operator.ts';

import * as operations from './operations.ts';

const sfn = new SFNClient();

export const handler = api(
  operatorWith(env('ROLES_CLAIM'), 'admin', 'finance_maker', 'operations'),
  route(operations.runSettlement, async (_, { business_date }) => {
    const now = new Date();
    const run = `manual-${business_date}-${ulid(now.getTime())}`;
    const input = JSON.stringify({ business_date, scheduled_at: now.toISOString() });
    await sfn.send(new StartExecutionCommand({ stateMachineArn: env('SETTLEMENT_MACHINE'), name: run, input }));
    return accepted({ run, business_date });
  }),
);
