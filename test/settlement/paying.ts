import { approve, refuse } from '#approvals/decide.ts';
import { submit } from '#approvals/submit.ts';
import type { ConfirmTask } from '#approvals/task.ts';
import { auditStore } from '#audit/store.ts';
import type { TransferOutcome, TransferToPlace } from '#channels/transfer.ts';
import { consequencesOf } from '#changes/change.ts';
import { planner } from '#desks/plan.ts';
import { businessDate } from '#kernel/business-date.ts';
import { derivedId } from '#kernel/id.ts';
import type { Merchant } from '#merchants/merchant.ts';
import type { BusinessEvent } from '#notifications/event.ts';
import type { Payout } from '#payouts/payout.ts';
import { applyPayoutOutcome, lookAtPayout } from '#payouts/sending/send-payout.ts';
import { payoutStore } from '#payouts/store.ts';
import type { Database } from '#platform/database.ts';
import { reconciliationStore } from '#reconciliation/store.ts';
import { adviceStore, receiptStore } from '#remittances/store.ts';
import { followPayout } from '#settlement/paying/follow-payout.ts';
import { payByPlan } from '#settlement/paying/pay-by-plan.ts';
import { paySettlement } from '#settlement/paying/pay-settlement.ts';
import { releaseDay } from '#settlement/releasing/release-day.ts';
import type { Settlement } from '#settlement/settlement.ts';

import { checker, maker } from '../desks/desk.ts';
import * as given from '../given.ts';
import { encode } from '../rows.ts';
import { shop } from '../shop.ts';

export const filed = { kind: 'alipay_account', account: 'merchant@example.com', name: '某商户' } as const;
const bank = given.channelAccount({ id: derivedId('chn', 'bank'), channel: 'bank', methods: ['bank_transfer'] });

/** A merchant whose days are released and paid to its filed account, by a channel that does as it is told, or at a bank. */
export const payingMerchant = async (db: Database, fees = given.feePlan()) => {
  const at = shop(db, fees);
  Object.assign(at.merchant, { payout_account: filed } satisfies Partial<Merchant>);
  const plan = given.settlementPlan();
  const placed: TransferToPlace[] = [];
  const told: BusinessEvent[] = [];
  const files = new Map<string, string>();
  const notPaid: string[] = [];
  const says: { place: TransferOutcome; query: TransferOutcome } = {
    place: { kind: 'processing' },
    query: { kind: 'processing' },
  };
  const opened = await at.deps.open(at.account.id);
  Object.assign(opened.kind.capabilities, { payees: ['alipay_account'] });
  Object.assign(opened.channel, {
    transfers: {
      place: async (transfer: TransferToPlace) => (placed.push(transfer), says.place),
      query: async () => says.query,
    },
  });
  const payouts = payoutStore(db, 'orders', at.deps.now);
  const deps = {
    ...at.deps,
    payouts,
    open: async (id: string) => (id === bank.id ? { ...opened, account: bank } : opened),
    merchant: async () => at.merchant,
    plan: async () => plan,
    app: async () => at.app,
    noteNotPaid: (_: Settlement, { code }: { code: string }) => void notPaid.push(code),
  };
  const deciding = {
    ...deps,
    audits: auditStore(db, 'books', at.deps.now),
    planner: planner({
      ...deps,
      receipts: receiptStore(db, 'books'),
      advices: adviceStore(db, 'books'),
      isFiled: async () => true,
      differences: reconciliationStore(db, 'books').differences,
    }),
  };
  const keepStatement = async (key: string, csv: string) => void files.set(key, csv);
  const follow = followPayout({
    ...at.deps,
    payoutsOf: payouts.getMany,
    readStatement: async (key) => files.get(key) ?? '',
    keepStatement,
  });
  const paymentsOf = async (account: string, date: string) => (await at.flow.read(account, date)).payments;
  const release = async (date: string, ...withheld: string[]): Promise<Settlement> => {
    const day = { channelAccountId: at.account.id, date, timeZone: 'Asia/Shanghai', withheld: new Set(withheld) };
    return (await releaseDay({ ...at.deps, paymentsOf, keepStatement }, day, at.merchant, 'CNY')).settlement;
  };
  const images = new Map<string, unknown>();
  return {
    at,
    plan,
    bank,
    placed,
    told,
    files,
    notPaid,
    says,
    payouts,
    deciding,
    release,
    /** A payment of this day is paid, and the day released. */
    async released(no: string, amount: bigint): Promise<Settlement> {
      await at.paid(no, { amount });
      return release(businessDate(at.clock.now, 'Asia/Shanghai'));
    },
    pay: async (id: string, no = 1) =>
      (await paySettlement(deps, { id, no, by: maker.id, waits: () => true, beside: () => [] })).payout,
    byPlan: payByPlan(deps),
    approve: (id: string) => approve(deciding, checker, id),
    refuse: (id: string) => refuse(deciding, checker, { id, reason: 'not so' }),
    submit: async (said: Omit<ConfirmTask, 'kind' | 'at'> & { at?: Date }) =>
      (await submit(deciding, maker, { task: { kind: 'confirm_payout', at: at.clock.now, ...said } })).approval,
    hear: (id: string, outcome: TransferOutcome) => applyPayoutOutcome(deps, id, outcome),
    look: (id: string) => lookAtPayout(deps, id, { moveOn: true }),
    /** What the stream would make of the payout's changes since it was told last. */
    async tell(id: string) {
      const after = encode(id, await payouts.get(id));
      const { events, paidOut } = consequencesOf({ pk: id, before: images.get(id) ?? after, after });
      images.set(id, after);
      told.push(...events);
      for (const payout of paidOut) told.push(...(await follow(payout)));
    },
    /** Tells it as an older image, once more: what came since must stand. */
    tellAgain: async (payout: Payout) => void told.push(...(await follow(payout))),
    settlement: (id: string) => at.deps.settlements.get(id),
    statement: async (id: string) => files.get((await at.deps.settlements.get(id)).statement_key) ?? '',
    stands: async () => [
      await at.balance('merchant_available'),
      await at.balance('payout_in_transit'),
      await at.balance('channel_clearing', bank.id),
    ],
  };
};

export const arrived = (at: Date): TransferOutcome => ({ kind: 'succeeded', channelTradeNo: 'T1', at });
export const failed: TransferOutcome = {
  kind: 'failed',
  failure: { code: 'PAYEE_NOT_EXIST', message: '收款账号不存在' },
};
export const returned = (at: Date): TransferOutcome => ({
  kind: 'returned',
  failure: { code: 'REFUND', message: '退票' },
  at,
});
