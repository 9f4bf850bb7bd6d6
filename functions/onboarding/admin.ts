import { randomBytes } from 'node:crypto';

import { S3Client } from '@aws-sdk/client-s3';
import * as z from 'zod';

import { auditStore } from '#audit/store.ts';
import { only, permit } from '#configuration/permissions.ts';
import { configurationStore } from '#configuration/store.ts';
import { Upload } from '#documents/document.ts';
import { documentStore } from '#documents/store.ts';
import type { Merchant } from '#merchants/merchant.ts';
import { ledgerStore } from '#ledger/store.ts';
import { database } from '#platform/database.ts';
import { env } from '#platform/env.ts';
import { api, created, ok, route } from '#platform/http.ts';
import { operatorWith, roles, type Operator } from '#platform/operator.ts';

import { addDocument, changeFile, standing } from './change-file.ts';
import { changeStatus } from './change-status.ts';
import * as operations from './operations.ts';
import { fileStore, inFlightReader } from './store.ts';
import { fileView } from './view.ts';

const db = database();
const now = () => new Date();
const deps = {
  configuration: configurationStore(db, env('CONFIG_TABLE'), now),
  files: fileStore(db, env('BOOKS_TABLE')),
  documents: documentStore(new S3Client(), env('STATEMENTS_BUCKET'), now),
  audited: auditStore(db, env('BOOKS_TABLE'), now).audited,
  accountsOf: ledgerStore(db, env('BOOKS_TABLE')).accountsOf,
  inFlight: inFlightReader(db, env('ORDERS_TABLE')),
  chance: (bytes: number) => randomBytes(bytes),
  now,
};

const shown = async (operator: Operator, id: Merchant['id']) => {
  const { merchant, file } = await standing(deps, id);
  const documents = await Promise.all(
    file.documents.map(async (document) => ({ kind: document.kind, ...(await deps.documents.shown(document)) })),
  );
  const isWhole = operator.roles.some((role) => role !== 'support');
  return ok(fileView({ file, status: merchant.status, documents, isWhole }));
};

export const handler = api(
  operatorWith(env('ROLES_CLAIM'), ...roles),
  only(
    'read',
    'merchant',
    route(operations.getFile, async (operator: Operator, { id }) => shown(operator, id)),
  ),
  only(
    'write',
    'merchant',
    route(operations.putFile, async (operator: Operator, { id, version, ...particulars }) => {
      await changeFile(deps, operator, { id, version, particulars });
      return shown(operator, id);
    }),
  ),
  only(
    'write',
    'merchant',
    route(operations.addDocument, async (operator: Operator, asked) => {
      const { document, upload } = await addDocument(deps, operator, asked);
      return created({ id: document.id, upload: z.encode(Upload, upload) });
    }),
  ),
  only(
    'read',
    'merchant',
    route(operations.changeStatus, async (operator: Operator, { id, status, reason }) => {
      // Risk may stop a merchant at once; who lets it go on, or closes it, is who has made it.
      const stops = status === 'suspended' && operator.roles.includes('risk');
      if (!stops) permit(operator, 'write', 'merchant');
      return ok({ id, status: await changeStatus(deps, operator, { id, status, reason }) });
    }),
  ),
);
