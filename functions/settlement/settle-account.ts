import { addDays, businessDate, type BusinessDate } from '#kernel/business-date.ts';
import type { ChannelAccount } from '#channels/account.ts';
import { eventId, type BusinessEvent } from '#notifications/event.ts';
import type { Payment } from '#payments/payment.ts';

import type { SettlementPlan } from './plan.ts';
import { releaseDay } from './release-day.ts';
import { releaseRest, type Deps as ReleaseDeps } from './release-rest.ts';
import { receiptOn, type Settlement } from './settlement.ts';
import { settlementView } from './view.ts';

/** What reconciliation says of a day: whether it may be released, and what must be withheld. */
export type Judgement =
  | { readonly kind: 'blocked' }
  | { readonly kind: 'released'; readonly batchId: string | null; readonly withheld: ReadonlySet<string> };

export type Deps = ReleaseDeps & {
  readonly plan: (id: string) => Promise<SettlementPlan | undefined>;
  readonly judge: (channelAccountId: ChannelAccount['id'], date: BusinessDate) => Promise<Judgement>;
  readonly announce: (events: readonly BusinessEvent[]) => Promise<void>;
};

/** How far back the first run of an account looks for days that were never settled. */
const reachDays = 31;

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
    const merchant = await deps.merchant(merchant_id);
    const plan = merchant && (await deps.plan(merchant.settlement_plan_id));
    if (!merchant || !plan || addDays(date, plan.days_after) > today) {
      isDone = false;
      continue;
    }
    const day = { channelAccountId: account.id, date, timeZone: account.time_zone, withheld };
    settlements.push((await releaseDay(deps, day, merchant, currency)).settlement);
  }
  // Told again when a run is repeated: an event that was told is one event.
  await deps.announce(settlements.map(released));
  return { isDone, settlements };
};

/** Releases what a settled day has left, when its statement was judged again or something had been withheld. */
const settleRest = async (
  deps: Deps,
  account: ChannelAccount,
  date: BusinessDate,
  judgement: Extract<Judgement, { kind: 'released' }>,
): Promise<Settlement[]> => {
  const before = await deps.settlements.settledBy(account.id, date);
  if (before?.batch_id === judgement.batchId && before.withheld === judgement.withheld.size) return [];
  const day = { channelAccountId: account.id, date, timeZone: account.time_zone, withheld: judgement.withheld };
  const settlements: Settlement[] = [];
  for (const { merchant_id, currency } of ownersOf(await deps.paymentsOf(account.id, date), day)) {
    const merchant = await deps.merchant(merchant_id);
    const settlement = merchant && (await releaseRest(deps, day, merchant, currency));
    if (settlement) settlements.push(settlement);
  }
  await deps.announce(settlements.map(released));
  return settlements;
};

const settledBy = ({ batchId, withheld }: Extract<Judgement, { kind: 'released' }>) => ({
  batch_id: batchId,
  withheld: withheld.size,
});

/** Goes over the days that are done: a later version of a statement, or a resolved difference, sets more free. */
const settleAgain = async (
  deps: Deps,
  account: ChannelAccount,
  { from, through }: { from: BusinessDate; through: BusinessDate },
): Promise<number> => {
  let settled = 0;
  for (const date of daysBetween(from, through)) {
    const judgement = await deps.judge(account.id, date);
    if (judgement.kind === 'blocked') continue;
    settled += (await settleRest(deps, account, date, judgement)).length;
    await deps.settlements.setSettledBy(account.id, date, settledBy(judgement));
  }
  return settled;
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
  const first = done === undefined ? addDays(through, 1 - reachDays) : addDays(done, 1);
  const again = { from: addDays(through, 1 - reachDays), through: done ?? '' };
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
