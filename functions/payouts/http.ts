import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';

import { approvalStore } from '#approvals/store.ts';
import { tail } from '#kernel/id.ts';
import { appCaller } from '#merchants/wire.ts';
import { urlAllowed } from '#notifications/endpoints/url.ts';
import { wire } from '#payments/wire.ts';
import { database } from '#platform/database.ts';
import { env } from '#platform/env.ts';
import { api, created, ok, route } from '#platform/http.ts';

import { createPayout, payoutOf } from './making/create-payout.ts';
import * as operations from './operations.ts';
import { payoutId } from './payout.ts';
import { payoutView, withdrawalView } from './view.ts';
import { payoutDeps } from './wire.ts';
import { withdraw } from './making/withdraw.ts';

const db = database();
const wired = wire(db);
const loopbackAllowed = env('LOOPBACK_ALLOWED') === 'yes';
const deps = {
  ...payoutDeps(wired, db),
  approvals: approvalStore(db, env('BOOKS_TABLE')),
  merchant: wired.configuration.merchant,
  urlAllowed: (url: string) => urlAllowed(url, { loopbackAllowed }),
};

export const handler = api(
  appCaller(wired, new SecretsManagerClient()),
  route(operations.createPayout, async (app, input) => {
    const { payout, isNew } = await createPayout(deps, app, input);
    return isNew ? created(payoutView(payout)) : ok(payoutView(payout));
  }),
  route(operations.findPayouts, async (app, { merchant_payout_id }) => {
    const payout = await deps.payouts.find(payoutId(app.id, merchant_payout_id));
    return ok({ data: payout ? [payoutView(payout)] : [], next_cursor: null });
  }),
  route(operations.getPayout, async (app, { id }) => ok(payoutView(await payoutOf(deps, app, id)))),
  route(operations.withdraw, async (app, input) => {
    const { payout, isNew } = await withdraw(deps, app, input);
    return isNew ? created(withdrawalView(payout)) : ok(withdrawalView(payout));
  }),
  route(operations.getWithdrawal, async (app, { id }) =>
    ok(withdrawalView(await payoutOf(deps, app, `pyt_${tail(id)}`))),
  ),
);
