import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';

import { appCaller } from '#merchants/wire.ts';
import { wire } from '#payments/wire.ts';
import { database } from '#platform/database.ts';
import { api, created, ok, route } from '#platform/http.ts';

import { createRefund, refundOf } from './making/create-refund.ts';
import * as operations from './operations.ts';
import { refundView } from './view.ts';
import { refundDeps } from './wire.ts';

const db = database();
const wired = wire(db);
const deps = refundDeps(wired, db);

export const handler = api(
  appCaller(wired, new SecretsManagerClient()),
  route(operations.createRefund, async (app, input) => {
    const { refund, isNew } = await createRefund(deps, app, input);
    return isNew ? created(refundView(refund)) : ok(refundView(refund));
  }),
  route(operations.getRefund, async (app, { id }) => ok(refundView(await refundOf(deps, app, id)))),
);
