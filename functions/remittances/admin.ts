import { randomBytes } from 'node:crypto';

import { S3Client } from '@aws-sdk/client-s3';
import * as z from 'zod';

import { auditStore } from '#audit/store.ts';
import { entryReader } from '#channels/readers.ts';
import { configurationStore } from '#configuration/store.ts';
import { Upload } from '#documents/document.ts';
import { documentStore } from '#documents/store.ts';
import { paymentStore } from '#payments/store.ts';
import { committer } from '#platform/commit.ts';
import { database } from '#platform/database.ts';
import { env } from '#platform/env.ts';
import { api, created, ok, route } from '#platform/http.ts';
import { only, operatorWith, type Operator } from '#platform/operator.ts';

import type { Advice } from './advice.ts';
import { dismissAdvice, fileAdvice } from './file-advice.ts';
import { importView, type StatementImport } from './imports/import.ts';
import { sendStatement } from './imports/send-statement.ts';
import { importStore } from './imports/store.ts';
import * as operations from './operations.ts';
import { filedView, showTransfers } from './show-transfers.ts';
import { adviceStore, receiptStore } from './store.ts';
import { adviceView } from './view.ts';

const db = database();
const now = () => new Date();
const payments = paymentStore(db, env('ORDERS_TABLE'), now);
const audits = auditStore(db, env('BOOKS_TABLE'), now);
const deps = {
  advices: adviceStore(db, env('BOOKS_TABLE')),
  receipts: receiptStore(db, env('BOOKS_TABLE')),
  documents: documentStore(new S3Client(), env('STATEMENTS_BUCKET'), now),
  commit: committer(db),
  imports: importStore(db, env('BOOKS_TABLE')),
  channelAccount: configurationStore(db, env('CONFIG_TABLE'), now).channelAccount,
  hasEntries: (channel: string) => entryReader(channel) !== undefined,
  chance: (bytes: number) => randomBytes(bytes),
  now,
};

const aboutPayment = (id: string) => ({ kind: 'remittance', id });

export const handler = api(
  operatorWith(env('ROLES_CLAIM'), 'admin', 'operations', 'finance_maker', 'finance_checker', 'support'),
  route(operations.findAdvices, async (_, { status, limit, cursor }) => {
    const { found, next } = await deps.advices.page(status, { limit, cursor });
    const data = found.map(({ payment_id, app_id, advices }) => ({
      payment_id,
      app_id,
      remittances: advices.map((advice) => adviceView(payment_id, advice)),
    }));
    return ok({ data, next_cursor: next });
  }),
  route(operations.showTransfers, async (_, { id }) => {
    const payment = await payments.get(id);
    return ok(await showTransfers(deps, payment, await deps.advices.of(payment)));
  }),
  route(operations.findImports, async (_, asked) => {
    const { found, next } = await deps.imports.page({ limit: asked.limit, cursor: asked.cursor });
    return ok({ data: found.map(importView), next_cursor: next });
  }),
  route(operations.getImport, async (_, { id }) => ok(importView(await deps.imports.get(id)))),
  only(
    route(operations.sendStatement, async (operator: Operator, asked) => {
      const alongside = ({ id, object_key, name }: StatementImport) =>
        audits.writesOf(operator, {
          action: 'request',
          subject: { kind: 'bank_statement', id },
          before: null,
          after: { object_key, name },
        });
      const { found, upload, isNew } = await sendStatement(deps, { by: operator.id, alongside }, asked);
      const shown = { ...importView(found), upload: upload && z.encode(Upload, upload) };
      return isNew ? created(shown) : ok(shown);
    }),
    'operations',
    'finance_maker',
  ),
  only(
    route(operations.fileRemittanceByHand, async (operator: Operator, { id, ...asked }) => {
      const payment = await payments.get(id);
      const alongside = ({ no, amount, payer, paid_on }: Advice) =>
        audits.writesOf(operator, {
          action: 'create',
          subject: aboutPayment(id),
          before: null,
          after: { no, amount: Number(amount), payer: payer.name, paid_on },
        });
      const filed = await fileAdvice(deps, payment, { by: operator.id, as: 'operator', alongside }, asked);
      return filed.isNew ? created(filedView(payment.id, filed)) : ok(filedView(payment.id, filed));
    }),
    'operations',
    'finance_maker',
  ),
  only(
    route(operations.dismissRemittance, async (operator: Operator, { id, no, reason }) => {
      const payment = await payments.get(id);
      const alongside = ({ status }: Advice) =>
        audits.writesOf(operator, {
          action: 'end',
          subject: aboutPayment(id),
          before: { no, status },
          after: { no, status: 'dismissed', reason },
        });
      const { advices } = await dismissAdvice(deps, payment, { no, reason, alongside });
      return ok(advices.filter((advice) => advice.no === no).map((advice) => adviceView(payment.id, advice))[0]);
    }),
    'operations',
    'finance_maker',
  ),
);
