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
import type { Account, Owner } from './account.ts';
import * as operations from './operations.ts';
import { ledgerStore } from './store.ts';
import { AccountView } from './view.ts';

const db = database();
const now = () => new Date();
const configuration = configurationStore(db, env('CONFIG_TABLE'), now);
const ledger = ledgerStore(db, env('BOOKS_TABLE'));

/** A merchant's accounts are its app's, and so are the app's own. A user is of one app, which the accounts say that the app has opened. */
const checkOwner = async (app: App, owner: Owner, accounts: readonly Account[]) => {
  const isOwn = owner.startsWith('mch_')
    ? (await configuration.merchant(owner))?.app_id === app.id
    : accounts.some(({ app_id }) => app_id === app.id);
  if (!isOwn && owner !== app.id) throw new Failure('not_found');
};

export const handler = api(
  appCaller({ configuration, now }, new SecretsManagerClient()),
  route(operations.findAccounts, async (app, { owner, limit, cursor }) => {
    // An owner has about ten: they are read together and handed out in pages, after the last id of the page before.
    const read = await ledger.accountsOf(owner);
    await checkOwner(app, owner, read);
    const accounts = read.toSorted((a, b) => (a.id < b.id ? -1 : 1));
    const left = accounts.filter(({ id }) => cursor === undefined || id > cursor);
    const data = left.slice(0, limit).map((account) => z.encode(AccountView, account));
    return ok({ data, next_cursor: left.length > limit ? (data.at(-1)?.id ?? null) : null });
  }),
  route(operations.findEntries, async (app, { id, limit, cursor }) => {
    const account = await ledger.findAccount(id);
    if (!account) throw new Failure('not_found');
    await checkOwner(app, account.owner, await ledger.accountsOf(account.owner));
    const today = businessDate(now(), 'Asia/Shanghai');
    return ok(await listEntries({ ledger, shards, today }, account, { limit, cursor }));
  }),
);
