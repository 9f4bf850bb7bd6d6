import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import * as z from 'zod';

import { configurationStore } from '#configuration/store.ts';
import { derivedId } from '#kernel/id.ts';
import { AccountView } from '#ledger/view.ts';
import { appCaller } from '#merchants/wire.ts';
import { database } from '#platform/database.ts';
import { env } from '#platform/env.ts';
import { api, created, ok, route } from '#platform/http.ts';

import { holdForApp, postForApp, showHold, voidForApp } from './app-holds.ts';
import { makeTransfer, transferOf } from './make-transfer.ts';
import * as operations from './operations.ts';
import { accountOpener, transferStore } from './store.ts';
import { holdView, transferView } from './view.ts';
import { holdDeps } from './wire.ts';

const db = database();
const now = () => new Date();
const configuration = configurationStore(db, env('CONFIG_TABLE'), now);
const deps = { ...holdDeps(db, now), transfers: transferStore(db, env('ORDERS_TABLE')) };
const open = accountOpener(db, env('BOOKS_TABLE'));

export const handler = api(
  appCaller({ configuration, now }, new SecretsManagerClient()),
  route(operations.openAccount, async (app, { user, subject, currency }) => {
    const owner = derivedId('usr', app.id, user);
    return ok(z.encode(AccountView, await open({ owner, subject, currency }, app.id)));
  }),
  route(operations.makeHold, async (app, input) => {
    const { hold, isNew } = await holdForApp(deps, app, input);
    return isNew ? created(holdView(hold)) : ok(holdView(hold));
  }),
  route(operations.getHold, async (app, { id }) => ok(holdView(await showHold(deps, app, id)))),
  route(operations.postHold, async (app, input) => ok(holdView(await postForApp(deps, app, input)))),
  route(operations.voidHold, async (app, { id }) => ok(holdView(await voidForApp(deps, app, id)))),
  route(operations.makeTransfer, async (app, input) => {
    const { transfer, isNew } = await makeTransfer(deps, app, input);
    return isNew ? created(transferView(transfer)) : ok(transferView(transfer));
  }),
  route(operations.getTransfer, async (app, { id }) => ok(transferView(await transferOf(deps, app, id)))),
);
