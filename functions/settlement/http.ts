import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';

import { configurationStore } from '#configuration/store.ts';
import { appCaller } from '#merchants/wire.ts';
import { database } from '#platform/database.ts';
import { env } from '#platform/env.ts';
import { api, ok, route } from '#platform/http.ts';
import { listPage } from '#platform/listed.ts';

import * as operations from './operations.ts';
import { settlementList, settlementStore, statementFiles } from './store.ts';
import { shown } from './view.ts';

const db = database();
const now = () => new Date();
const table = env('BOOKS_TABLE');
const settlements = settlementStore(db, table);
const files = statementFiles(new S3Client(), env('STATEMENTS_BUCKET'));

export const handler = api(
  appCaller({ configuration: configurationStore(db, env('CONFIG_TABLE'), now), now }, new SecretsManagerClient()),
  route(operations.findSettlements, async (app, { limit, cursor }) => {
    const { ids, next } = await listPage(db, table, settlementList(app.id), { limit, cursor, newestFirst: true });
    return ok({ data: await shown(settlements, files.urlOf, ids), next_cursor: next });
  }),
);
