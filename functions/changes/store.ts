import * as z from 'zod';

import { IdOf } from '#kernel/id.ts';
import { paymentId, type Payment } from '#payments/payment.ts';
import { contend, lost } from '#platform/contend.ts';
import type { Database } from '#platform/database.ts';
import { rows, versioned } from '#platform/rows.ts';
import { books } from '#platform/table.ts';

const BusinessOrder = z.object({ id: z.string(), ...versioned, payments: z.array(IdOf('pay')) });

/** Who pays an order a hundred times has a reason for it: from then on each further payment is seen, and not kept. */
const keptAtMost = 100;
const keptSeconds = 400 * 86_400;

/**
 * Which payments have paid a business order, in the books table: one small row for each order that another payment than its
 * namesake has paid. The namesake, whose own number the order has, is nearly always the only one: it is known without being
 * noted, so it reads once and writes nothing. Of two that are paid at the same time at least one sees the other: the namesake reads
 * after it was paid, the other notes itself before it looks whether the namesake is paid.
 */
export const businessOrderStore = (db: Database, table: string, now: () => Date) => {
  const orders = rows(db, table, BusinessOrder, () => ({
    [books.ttl]: Math.floor(now().getTime() / 1_000) + keptSeconds,
  }));

  const noted = (key: string, id: Payment['id']): Promise<readonly Payment['id'][]> =>
    contend(async () => {
      const first = await orders.save({ id: key, version: 0, payments: [id] });
      if (first.won) return [id];
      if (!first.existing) return lost;
      const { payments } = first.existing;
      if (payments.includes(id)) return payments;
      const joined = { ...first.existing, payments: [...payments, id] };
      if (payments.length >= keptAtMost) return joined.payments;
      return (await orders.save(joined)).won ? joined.payments : lost;
    });

  /** All payments that may have paid the business order of one that has, it among them: the namesake, then by noting. */
  return async ({ app_id, business_order_id, id }: Payment): Promise<readonly string[]> => {
    const key = `border#${app_id}#${business_order_id}`;
    const namesake = paymentId(app_id, business_order_id);
    const others = id === namesake ? ((await orders.find(key))?.payments ?? []) : await noted(key, id);
    return [...new Set([namesake, ...others])];
  };
};
