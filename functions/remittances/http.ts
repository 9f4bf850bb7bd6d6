import { randomBytes } from 'node:crypto';

import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';

import { configurationStore } from '#configuration/store.ts';
import { documentStore } from '#documents/store.ts';
import { appCaller } from '#merchants/wire.ts';
import { paymentOf } from '#payments/placing/add-attempt.ts';
import { paymentStore } from '#payments/store.ts';
import { committer } from '#platform/commit.ts';
import { database } from '#platform/database.ts';
import { env } from '#platform/env.ts';
import { api, created, ok, route } from '#platform/http.ts';

import { fileAdvice } from './file-advice.ts';
import * as operations from './operations.ts';
import { filedView, provedViews } from './show-transfers.ts';
import { adviceStore } from './store.ts';

const db = database();
const now = () => new Date();
const payments = paymentStore(db, env('ORDERS_TABLE'), now);
const deps = {
  advices: adviceStore(db, env('BOOKS_TABLE')),
  documents: documentStore(new S3Client(), env('STATEMENTS_BUCKET'), now),
  commit: committer(db),
  chance: (bytes: number) => randomBytes(bytes),
  find: payments.find,
  now,
};

export const handler = api(
  appCaller({ configuration: configurationStore(db, env('CONFIG_TABLE'), now), now }, new SecretsManagerClient()),
  route(operations.fileRemittance, async (app, { id, ...asked }) => {
    const payment = await paymentOf(deps, app, id);
    const filed = await fileAdvice(deps, payment, { by: app.id, as: 'app' }, asked);
    return filed.isNew ? created(filedView(payment.id, filed)) : ok(filedView(payment.id, filed));
  }),
  route(operations.findRemittances, async (app, { id }) => {
    const payment = await paymentOf(deps, app, id);
    return ok({ data: await provedViews(deps, await deps.advices.of(payment)), next_cursor: null });
  }),
);
