import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';

import { configurationStore } from '#configuration/store.ts';
import { businessDate } from '#kernel/business-date.ts';
import { Failure } from '#kernel/failure.ts';
import type { App } from '#merchants/app.ts';
import { appCaller } from '#merchants/wire.ts';
import { database } from '#platform/database.ts';
import { env } from '#platform/env.ts';
import { api, ok, route } from '#platform/http.ts';
import { shards } from '#platform/table.ts';
import * as z from 'zod';

import { listEntries } from './list-entries.ts';
import * as operations from './operations.ts';
import { ledgerStore } from './store.ts';
import { AccountView } from './view.ts';

const db = database();
const now = () => new Date();
const configuration = configurationStore(db, env('CONFIG_TABLE'), now);
const ledger = ledgerStore(db, env('BOOKS_TABLE'));

const checkOwner = async (app: App, merchantId: string) => {
  if ((await configuration.merchant(merchantId))?.app_id !== app.id) throw new Failure('not_found');
};

export const handler = api(
  appCaller({ configuration, now }, new SecretsManagerClient()),
  route(operations.findAccounts, async (app, { owner }) => {
    await checkOwner(app, owner);
    const accounts = await ledger.accountsOf(owner);
    return ok({ data: accounts.map((account) => z.encode(AccountView, account)), next_cursor: null });
  }),
  route(operations.findEntries, async (app, { id, limit, cursor }) => {
    const account = await ledger.findAccount(id);
    if (!account) throw new Failure('not_found');
    await checkOwner(app, account.owner);
    const today = businessDate(now(), 'Asia/Shanghai');
    return ok(await listEntries({ ledger, shards, today }, account, { limit, cursor }));
  }),
);
