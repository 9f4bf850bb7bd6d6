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
  route(operations.findAccounts, async (app, { owner, limit, cursor }) => {
    await checkOwner(app, owner);
    // A merchant has about ten: they are read together and handed out in pages, after the last id of the page before.
    const accounts = (await ledger.accountsOf(owner)).toSorted((a, b) => (a.id < b.id ? -1 : 1));
    const left = accounts.filter(({ id }) => cursor === undefined || id > cursor);
    const data = left.slice(0, limit).map((account) => z.encode(AccountView, account));
    return ok({ data, next_cursor: left.length > limit ? (data.at(-1)?.id ?? null) : null });
  }),
  route(operations.findEntries, async (app, { id, limit, cursor }) => {
    const account = await ledger.findAccount(id);
    if (!account) throw new Failure('not_found');
    await checkOwner(app, account.owner);
    const today = businessDate(now(), 'Asia/Shanghai');
    return ok(await listEntries({ ledger, shards, today }, account, { limit, cursor }));
  }),
);
