import { approvalStore } from '#approvals/store.ts';
import { auditStore } from '#audit/store.ts';
import { wire } from '#payments/wire.ts';
import type { Payout } from '#payouts/payout.ts';
import { payoutDeps } from '#payouts/wire.ts';
import { database } from '#platform/database.ts';
import { env } from '#platform/env.ts';
import { api, created, ok, route } from '#platform/http.ts';
import { listPage } from '#platform/listed.ts';
import { only, operatorWith, type Operator } from '#platform/operator.ts';

import { makeClaim } from './make-claim.ts';
import * as operations from './operations.ts';
import { claimList } from './claim.ts';
import { claimView } from './view.ts';

const db = database();
const wired = wire(db);
const deps = {
  ...payoutDeps(wired, db),
  payments: wired.payments,
  approvals: approvalStore(db, env('BOOKS_TABLE')),
  audits: auditStore(db, env('BOOKS_TABLE'), wired.now),
  merchant: wired.configuration.merchant,
};

export const handler = api(
  operatorWith(env('ROLES_CLAIM'), 'admin', 'operations', 'finance_maker', 'finance_checker', 'support'),
  route(operations.findClaims, async (_, { limit, cursor }) => {
    const { ids, next } = await listPage(db, env('BOOKS_TABLE'), claimList, { limit, cursor, newestFirst: true });
    const found = new Map((await deps.payouts.getMany(ids)).map((each): [string, Payout] => [each.id, each]));
    return ok({ data: ids.flatMap((id) => found.get(id) ?? []).map(claimView), next_cursor: next });
  }),
  route(operations.getClaim, async (_, { id }) => ok(claimView(await deps.payouts.get(id)))),
  only(
    route(operations.makeClaim, async (operator: Operator, asked) => {
      const { payout, isNew } = await makeClaim(deps, operator, asked);
      return isNew ? created(claimView(payout)) : ok(claimView(payout));
    }),
    'finance_maker',
  ),
);
