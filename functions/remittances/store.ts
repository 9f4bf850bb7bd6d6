import { GetCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';

import { IdOf } from '#kernel/id.ts';
import type { Write } from '#platform/commit.ts';
import type { Database } from '#platform/database.ts';
import { listed, listKeys, listPage } from '#platform/listed.ts';
import { rows } from '#platform/rows.ts';
import { books } from '#platform/table.ts';

import { Advices, advicesId, isWaitedFor, noAdvices, type Advice } from './advice.ts';
import { BankReceipt, type ReceiptStatus } from './receipt.ts';
import { remittanceKey } from './remittance.ts';

const listOf = (status: ReceiptStatus) => `bank_receipts#${status}`;
const listOfPayment = (paymentId: string) => `bank_receipts_of#${paymentId}`;
const ofPayment = '#of-payment';

export const receiptStore = (db: Database, table: string) => {
  const receipts = rows(db, table, BankReceipt, ({ id, status, booked_on }) => ({
    list: listOf(status),
    listed_at: `${booked_on}#${id}`,
  }));
  return {
    get: (id: string): Promise<BankReceipt> => receipts.get(id),
    getMany: receipts.getMany,
    write: receipts.write,

    /** Its place among the entries of a payment, by a second row; none of an entry that is nobody's. */
    pointer: ({ id, payment_id, booked_on }: BankReceipt): Write[] =>
      payment_id === undefined
        ? []
        : [
            {
              Put: {
                TableName: table,
                Item: {
                  pk: `${id}${ofPayment}`,
                  [books.list.partition]: listOfPayment(payment_id),
                  [books.list.sort]: `${booked_on}#${id}`,
                },
              },
            },
          ],

    /** Every entry that is a payment's or may be, the earliest first. */
    async ofPayment(paymentId: string): Promise<BankReceipt[]> {
      const keys = await listed(db, table, listOfPayment(paymentId), {});
      const found = await receipts.getMany(keys.map((key) => key.replace(ofPayment, '')));
      return found
        .filter(({ payment_id }) => payment_id === paymentId)
        .toSorted((a, b) => (`${a.booked_on}${a.id}` < `${b.booked_on}${b.id}` ? -1 : 1));
    },

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

/** Whose advices are waited for, and whose are over. */
export const AdviceList = z.enum(['waiting', 'ended']);

const soughtAt = (channelAccountId: string) => `advices_sought#${channelAccountId}`;
const amountPlace = (amount: bigint, currency: string) => `${String(amount).padStart(11, '0')}#${currency}#`;

/** More than so many advices of one amount at once tell nothing about whose an entry is. */
const soughtAtMost = 50;

/** What is said of payments' transfers; each advice that waits stands in a list of its account by its amount, by a second row. */
export const adviceStore = (db: Database, table: string) => {
  const files = rows(db, table, Advices, ({ id, advices }) => {
    const waiting = advices.find(isWaitedFor);
    const at = (waiting ?? advices.at(-1))?.said_at.toISOString() ?? '';
    return { list: `advices#${waiting ? 'waiting' : 'ended'}`, listed_at: `${at}#${id}` };
  });

  const pointerOf = ({ id, payment_id }: Advices, advice: Advice): Write => ({
    Put: {
      TableName: table,
      Item: {
        pk: `${id}#${advice.no}`,
        ...(isWaitedFor(advice) && {
          [books.list.partition]: soughtAt(advice.channel_account_id),
          [books.list.sort]: `${amountPlace(advice.amount, advice.currency)}${payment_id}#${advice.no}`,
        }),
      },
    },
  });

  return {
    of: async (payment: { id: Advices['payment_id']; app_id: Advices['app_id'] }): Promise<Advices> =>
      (await files.find(advicesId(payment.id))) ?? noAdvices(payment),

    /** `changed`: the advices that are new or have ended. */
    writes: (file: Advices, changed: readonly Advice[]): Write[] =>
      changed.length === 0 ? [] : [files.write(file), ...changed.map((advice) => pointerOf(file, advice))],

    /** What waits there for such an amount. */
    async sought(channelAccountId: string, amount: bigint, currency: string): Promise<Advices[]> {
      const beginsWith = amountPlace(amount, currency);
      const keys = await listKeys(db, table, soughtAt(channelAccountId), { limit: soughtAtMost + 1, beginsWith });
      if (keys.length > soughtAtMost) return [];
      return files.getMany(keys.map(({ id }) => id.replace(/#\d+$/, '')));
    },

    /** What waits, the longest waiting first; what is over, the newest first. */
    async page(status: z.infer<typeof AdviceList>, { limit, cursor }: { limit: number; cursor: string | undefined }) {
      const newestFirst = status === 'ended';
      const { ids, next } = await listPage(db, table, `advices#${status}`, { limit, cursor, newestFirst });
      const found = new Map<string, Advices>((await files.getMany(ids)).map((row) => [row.id, row]));
      return { found: ids.flatMap((id) => found.get(id) ?? []), next };
    },
  };
};
export type AdviceStore = ReturnType<typeof adviceStore>;
