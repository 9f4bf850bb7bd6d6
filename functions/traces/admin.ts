import { configurationStore } from '#configuration/store.ts';
import { ledgerStore } from '#ledger/store.ts';
import { noticeStore } from '#notifications/store.ts';
import { paymentStore } from '#payments/store.ts';
import { database } from '#platform/database.ts';
import { env } from '#platform/env.ts';
import { api, ok, route } from '#platform/http.ts';
import { operatorWith, roles } from '#platform/operator.ts';

import { gather } from './gather.ts';
import * as operations from './operations.ts';
import { traceView } from './trace.ts';

const db = database();
const now = () => new Date();
const payments = paymentStore(db, env('ORDERS_TABLE'), now);
const deps = {
  app: configurationStore(db, env('CONFIG_TABLE'), now).app,
  notices: noticeStore(db, env('ORDERS_TABLE')).getMany,
  findJournal: ledgerStore(db, env('BOOKS_TABLE')).findJournal,
};

export const handler = api(
  operatorWith(env('ROLES_CLAIM'), ...roles),
  route(operations.getTrace, async (_, { id }) => {
    const payment = await payments.get(id);
    return ok(traceView(payment, await gather(deps, payment)));
  }),
);
