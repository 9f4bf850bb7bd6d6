import { addDays, businessDate, type BusinessDate } from '#kernel/business-date.ts';
import type { ChannelAccount } from '#channels/account.ts';
import { eventId, type BusinessEvent } from '#notifications/event.ts';
import type { Payment } from '#payments/payment.ts';

import type { SettlementPlan } from '../plan.ts';
import { releaseDay } from './release-day.ts';
import { releaseRest, type Deps as ReleaseDeps } from './release-rest.ts';
import { receiptOn, type Settlement } from '../settlement.ts';
import type { SettledDay } from '../store.ts';
import { settlementView } from '../view.ts';

/** What reconciliation says of a day: whether it may be released, and what must be withheld. */
export type Judgement =
  | { readonly kind: 'blocked' }
  | {
      readonly kind: 'released';
      readonly batchId: string | null;
      readonly withheld: ReadonlySet<string>;
      /** Of a day that no statement but our own records prove: how many payments it has. */
      readonly payments?: number;
    };

export type Deps = ReleaseDeps & {
  readonly plan: (id: string) => Promise<SettlementPlan | undefined>;
  /** `before`: what the day was settled by, of one that is judged again. */
  readonly judge: (
    channelAccountId: ChannelAccount['id'],
    date: BusinessDate,
    before?: SettledDay,
  ) => Promise<Judgement>;
  /** When the account was configured: there is no money on it from long before. */
  readonly accountSince: (channelAccountId: ChannelAccount['id']) => Promise<Date | undefined>;
  readonly announce: (events: readonly BusinessEvent[]) => Promise<void>;
  /** Pays it to its merchant, where the merchant's plan says that nobody need be asked. */
  readonly payByPlan: (settlement: Settlement) => Promise<void>;
};

/** How far back a run looks for days that were never settled, or that have something left. */
const reachDays = 31;
/** A bank may have booked what is attached to a payment some days before the account was configured here. */
const daysBeforeAccount = 7;

type Released = Extract<Judgement, { kind: 'released' }>;

const daysBetween = (first: BusinessDate, last: BusinessDate): BusinessDate[] => {
  const days: BusinessDate[] = [];
  for (let date = first; date <= last; date = addDays(date, 1)) days.push(date);
  return days;
};

const released = (settlement: Settlement): BusinessEvent => ({
  id: eventId('settlement.released', settlement.id),
  type: 'settlement.released',
  at: settlement.released_at,
  appId: settlement.app_id,
  data: settlementView(settlement, null),
});

/** The merchants (and currencies) that the day brought money for. */
const ownersOf = (payments: readonly Payment[], day: { channelAccountId: string; date: BusinessDate }) =>
  new Map(
    payments
      .filter((payment) => receiptOn(payment, day))
      .map(({ merchant_id, currency }) => [`${merchant_id}#${currency}`, { merchant_id, currency }]),
  ).values();

/** The merchant, when its plan says that the day may be released by today. */
const merchantDue = async (deps: Deps, merchantId: string, date: BusinessDate, today: BusinessDate) => {
  const merchant = await deps.merchant(merchantId);
  const planId = merchant?.settlement_plan_id;
  const plan = planId === undefined ? undefined : await deps.plan(planId);
  return plan && addDays(date, plan.days_after) <= today ? merchant : undefined;
};

/** Releases what is due of one day; answers whether nothing of it is left for a later run. */
const settleDate = async (
  deps: Deps,
  account: ChannelAccount,
  date: BusinessDate,
  { today, withheld }: { today: BusinessDate; withheld: ReadonlySet<string> },
): Promise<{ isDone: boolean; settlements: Settlement[] }> => {
  const payments = await deps.paymentsOf(account.id, date);
  const settlements: Settlement[] = [];
  let isDone = true;
  for (const { merchant_id, currency } of ownersOf(payments, { channelAccountId: account.id, date })) {
    const merchant = await merchantDue(deps, merchant_id, date, today);
    if (!merchant) {
      isDone = false;
      continue;
    }
    const day = { channelAccountId: account.id, date, timeZone: account.time_zone, withheld };
    settlements.push((await releaseDay(deps, day, merchant, currency)).settlement);
  }
  // Told again when a run is repeated: an event that was told is one event.
  await deps.announce(settlements.map(released));
  for (const settlement of settlements) await deps.payByPlan(settlement);
  return { isDone, settlements };
};

/** Releases what is due of what a settled day has left; answers whether nothing waits for a later run. */
const settleRest = async (
  deps: Deps,
  account: ChannelAccount,
  date: BusinessDate,
  { today, withheld }: { today: BusinessDate; withheld: ReadonlySet<string> },
): Promise<{ isDone: boolean; settlements: Settlement[] }> => {
  const day = { channelAccountId: account.id, date, timeZone: account.time_zone, withheld };
  const settlements: Settlement[] = [];
  let isDone = true;
  for (const { merchant_id, currency } of ownersOf(await deps.paymentsOf(account.id, date), day)) {
    const merchant = await merchantDue(deps, merchant_id, date, today);
    isDone &&= merchant !== undefined;
    const settlement = merchant && (await releaseRest(deps, day, merchant, currency));
    if (settlement) settlements.push(settlement);
  }
  await deps.announce(settlements.map(released));
  for (const settlement of settlements) await deps.payByPlan(settlement);
  return { isDone, settlements };
};

const settledBy = ({ batchId, withheld, payments }: Released): SettledDay => ({
  batch_id: batchId,
  withheld: withheld.size,
  ...(payments !== undefined && { payments }),
});

const isSame = (before: SettledDay | undefined, now: SettledDay): boolean =>
  before?.batch_id === now.batch_id && before.withheld === now.withheld && before.payments === now.payments;

/**
 * Goes over the days that are done: a later version of a statement, a resolved difference, or money that was heard of after its
 * day had been settled, sets more free.
 */
const settleAgain = async (
  deps: Deps,
  account: ChannelAccount,
  { from, through, today }: { from: BusinessDate; through: BusinessDate; today: BusinessDate },
): Promise<number> => {
  let settled = 0;
  for (const date of daysBetween(from, through)) {
    const before = await deps.settlements.settledBy(account.id, date);
    const judgement = await deps.judge(account.id, date, before);
    if (judgement.kind === 'blocked' || isSame(before, settledBy(judgement))) continue;
    const { isDone, settlements } = await settleRest(deps, account, date, { today, withheld: judgement.withheld });
    settled += settlements.length;
    if (isDone) await deps.settlements.setSettledBy(account.id, date, settledBy(judgement));
  }
  return settled;
};

const reachOf = async ({ accountSince }: Deps, { id, time_zone }: ChannelAccount, through: BusinessDate) => {
  const since = await accountSince(id);
  const reach = addDays(through, 1 - reachDays);
  const opened = since ? addDays(businessDate(since, time_zone), -daysBeforeAccount) : reach;
  return opened > reach ? opened : reach;
};

/**
 * Releases every day of an account that is reconciled and due, in order, up to `through`. A day that is not reconciled
 * blocks the days after it: the watermark must not pass money that nobody has proved. A day that is not over is never
 * settled, whoever asks: its payments are still to come.
 */
export const settleAccount = async (
  deps: Deps,
  account: ChannelAccount,
  { through, scheduledAt }: { through: BusinessDate; scheduledAt: Date },
): Promise<{ settled: number; blocked: BusinessDate | null }> => {
  const today = businessDate(scheduledAt, account.time_zone);
  const done = await deps.settlements.doneThrough(account.id);
  const reach = await reachOf(deps, account, through);
  const first = done === undefined ? reach : addDays(done, 1);
  const again = { from: reach, through: done ?? '', today };
  let settled = done === undefined ? 0 : await settleAgain(deps, account, again);
  let inOrder = true;
  const yesterday = addDays(today, -1);
  for (const date of daysBetween(first, through < yesterday ? through : yesterday)) {
    const judgement = await deps.judge(account.id, date);
    if (judgement.kind === 'blocked') return { settled, blocked: date };
    const { isDone, settlements } = await settleDate(deps, account, date, { today, withheld: judgement.withheld });
    settled += settlements.length;
    inOrder &&= isDone;
    if (!inOrder) continue;
    await deps.settlements.setSettledBy(account.id, date, settledBy(judgement));
    await deps.settlements.setDoneThrough(account.id, date);
  }
  return { settled, blocked: null };
};
