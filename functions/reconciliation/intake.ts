import * as z from 'zod';

import { entryReader } from '#channels/readers.ts';
import { ledgerStore } from '#ledger/store.ts';
import { paymentStore } from '#payments/store.ts';
import { committer } from '#platform/commit.ts';
import { database } from '#platform/database.ts';
import { env } from '#platform/env.ts';
import { log } from '#platform/log.ts';
import { importStatement } from '#remittances/import-statement.ts';
import { noteImport } from '#remittances/imports/send-statement.ts';
import { importStore } from '#remittances/imports/store.ts';
import { adviceStore, receiptStore } from '#remittances/store.ts';

import { receiveStatement, type ReceiveDeps } from './batches/receive-statement.ts';
import { openingWire } from './wire.ts';

const db = database();
const opening = openingWire(db);
const importing = {
  imports: importStore(db, env('BOOKS_TABLE')),
  receipts: receiptStore(db, env('BOOKS_TABLE')),
  advices: adviceStore(db, env('BOOKS_TABLE')),
  payments: paymentStore(db, env('ORDERS_TABLE'), opening.now),
  ledger: ledgerStore(db, env('BOOKS_TABLE')),
  commit: committer(db),
  now: opening.now,
};

const deps: ReceiveDeps = {
  ...opening,
  entriesOf: ({ channel }) => entryReader(channel),
  async importEntries(account, statements, { day, key }) {
    const taken = await importStatement(importing, { account, statements, objectKey: key });
    const { bill_date } = day;
    const file = { channel_account_id: account.id, bill_date, object_key: key };
    await noteImport(importing, file, { status: 'accepted', ...taken });
    log.info('a bank statement was taken in', { account: account.id, key, ...taken });
  },
  noteRefused: ({ channel_account_id, bill_date, error }, object_key) =>
    noteImport(importing, { channel_account_id, bill_date, object_key }, { status: 'refused', error }),
};

/** What EventBridge says of an object that was created in the bucket of statements. */
const ObjectCreated = z.object({ detail: z.object({ object: z.object({ key: z.string().min(1) }) }) });

export const handler = async (event: unknown): Promise<void> => {
  await receiveStatement(deps, { key: ObjectCreated.parse(event).detail.object.key });
};
