import { approvalStore } from '#approvals/store.ts';
import { approve, refuse } from '#approvals/decide.ts';
import { previewOf, submit } from '#approvals/submit.ts';
import type { Task } from '#approvals/task.ts';
import { auditStore } from '#audit/store.ts';
import { consequencesOf } from '#changes/change.ts';
import { follow } from '#changes/follow.ts';
import { businessOrderStore } from '#changes/store.ts';
import { planner } from '#desks/plan.ts';
import { refundLate } from '#desks/refund-late.ts';
import type { BusinessEvent } from '#notifications/event.ts';
import type { Database } from '#platform/database.ts';
import { listingWriter } from '#platform/listed.ts';
import { payoutStore } from '#payouts/store.ts';
import type { Operator } from '#platform/operator.ts';
import type { Message } from '#platform/sender.ts';
import { actionsOf } from '#reconciliation/differences/actions.ts';
import type { Difference } from '#reconciliation/differences/difference.ts';
import { reconciliationStore } from '#reconciliation/store.ts';
import { adviceStore, receiptStore } from '#remittances/store.ts';
import { encode } from '../rows.ts';

import type { Shop } from '../shop.ts';

export const maker: Operator = { id: 'maker', roles: ['finance_maker'] };
export const checker: Operator = { id: 'checker', roles: ['finance_checker'] };

/** The desks over a shop's own stores, and the fold of what it changes. */
export const deskOf = (db: Database, at: Shop) => {
  const store = reconciliationStore(db, 'books');
  const { differences } = store;
  const audits = auditStore(db, 'books', at.deps.now);
  const told: BusinessEvent[] = [];
  const looks: Message[] = [];
  let refundsLate = false;
  const deps = {
    ...at.deps,
    differences,
    approvals: approvalStore(db, 'books'),
    audits,
    planner: planner({
      ...at.deps,
      differences,
      payouts: payoutStore(db, 'orders', at.deps.now),
      receipts: receiptStore(db, 'books'),
      advices: adviceStore(db, 'books'),
      isFiled: async () => true,
    }),
  };
  const notedOrders = businessOrderStore(db, 'books', at.deps.now);
  const followDeps = {
    ...at.deps,
    differences,
    samePaid: notedOrders,
    paymentsOf: at.deps.payments.getMany,
    refundsLate: async () => refundsLate,
    awaited: async () => [],
    sendLooks: async (messages: readonly Message[]) => void looks.push(...messages),
    list: listingWriter(db, 'books'),
    noteHealth: async () => undefined,
    followPayout: async () => Promise.reject(new Error('nothing is settled here')),
    announce: async (events: readonly BusinessEvent[]) => void told.push(...events),
  };
  const payouts = payoutStore(db, 'orders', at.deps.now);
  const images = new Map<string, unknown>();
  const nounOf = (pk: string) => {
    if (pk.startsWith('pyt_')) return payouts.get(pk);
    return pk.startsWith('pay_') ? at.deps.payments.get(pk) : at.deps.refunds.get(pk);
  };
  return {
    deps,
    audits,
    store,
    told,
    looks,
    notedOrders,
    /** Folds what these rows have become since they were folded last, as the stream would. */
    async changed(...ids: string[]) {
      const changes = await Promise.all(
        ids.map(async (pk) => {
          const after = encode(pk, await nounOf(pk));
          const change = { pk, before: images.get(pk), after };
          images.set(pk, after);
          return change;
        }),
      );
      await follow(followDeps, changes.map(consequencesOf));
    },
    refundsLateMoney: () => (refundsLate = true),
    refundLate: (id: string) => refundLate({ ...at.deps, differences }, id),
    difference: (id: string): Promise<Difference> => differences.get(id),
    /** The one difference about a payment that is open or waits. */
    async about(paymentId: string): Promise<Difference> {
      const { found } = await store.listDifferences('open', undefined, 100);
      const all = found.filter(({ platform, channel }) =>
        [platform?.id, channel && `pay_${channel.channelOrderNo.slice(0, 26)}`].includes(paymentId),
      );
      if (all.length !== 1) throw new Error(`${all.length} differences about ${paymentId}`);
      return all[0]!;
    },
    actionsOf,
    preview: (task: Task) => previewOf(deps, task),
    submit: (task: Task, by = maker) => submit(deps, by, { task }),
    approve: (id: string, by = checker) => approve(deps, by, id),
    refuse: (id: string, by = checker, reason = 'not so') => refuse(deps, by, { id, reason }),
    /** Submitted by one, approved by the other. */
    async done(task: Task) {
      const { approval } = await submit(deps, maker, { task });
      return approve(deps, checker, approval.id);
    },
  };
};
export type Desk = ReturnType<typeof deskOf>;
