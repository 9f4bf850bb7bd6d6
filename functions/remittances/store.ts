import { GetCommand } from '@aws-sdk/lib-dynamodb';

import { IdOf } from '#kernel/id.ts';
import type { Database } from '#platform/database.ts';
import { listPage } from '#platform/listed.ts';
import { rows } from '#platform/rows.ts';
import { books } from '#platform/table.ts';

import { BankReceipt, type ReceiptStatus } from './receipt.ts';
import { remittanceKey } from './remittance.ts';

const listOf = (status: ReceiptStatus) => `bank_receipts#${status}`;

export const receiptStore = (db: Database, table: string) => {
  const receipts = rows(db, table, BankReceipt, ({ id, status, booked_on }) => ({
    list: listOf(status),
    listed_at: `${booked_on}#${id}`,
  }));
  return {
    get: (id: string): Promise<BankReceipt> => receipts.get(id),
    getMany: receipts.getMany,
    write: receipts.write,

    /** The payment whose reference it is. */
    async referred(reference: string): Promise<`pay_${string}` | undefined> {
      const Key = { pk: remittanceKey(reference) };
      const { Item } = await db.send(new GetCommand({ TableName: table, Key, ConsistentRead: true }));
      return IdOf('pay').optional().parse(Item?.[books.list.sort]);
    },

    /** What waits, the longest waiting first; all else the newest first. */
    async page(status: ReceiptStatus, { limit, cursor }: { limit: number; cursor: string | undefined }) {
      const newestFirst = status !== 'open' && status !== 'pending_review';
      const { ids, next } = await listPage(db, table, listOf(status), { limit, cursor, newestFirst });
      const found = new Map<string, BankReceipt>((await receipts.getMany(ids)).map((row) => [row.id, row]));
      return { found: ids.flatMap((id) => found.get(id) ?? []), next };
    },
  };
};
export type ReceiptStore = ReturnType<typeof receiptStore>;
