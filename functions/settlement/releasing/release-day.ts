import { createHash } from 'node:crypto';

import { businessDate, type BusinessDate } from '#kernel/business-date.ts';
import { accountId } from '#ledger/account.ts';
import type { Guard, PendingState } from '#ledger/balance.ts';
import type { Journal } from '#ledger/journal.ts';
import { post } from '#ledger/post.ts';
import type { LedgerStore } from '#ledger/store.ts';
import type { Merchant } from '#merchants/merchant.ts';
import { journalsOf } from '#payments/journals.ts';
import type { Payment } from '#payments/payment.ts';
import type { Commit } from '#platform/commit.ts';
import { contend, lost } from '#platform/contend.ts';

import { itemOf, receivableBy, releaseJournal, settlementId, totalsOf, type Settlement } from '../settlement.ts';
import { statementOf } from '../statement.ts';
import type { SettlementStore } from '../store.ts';

export interface Deps {
  readonly settlements: SettlementStore;
  readonly ledger: LedgerStore;
  readonly commit: Commit;
  readonly merchant: (id: string) => Promise<Merchant | undefined>;
  /** Every payment of the day, as they stand now. */
  readonly paymentsOf: (channelAccountId: string, date: BusinessDate) => Promise<readonly Payment[]>;
  readonly keepStatement: (key: string, csv: string) => Promise<void>;
  readonly now: () => Date;
}

export interface Day {
  readonly channelAccountId: Settlement['channel_account_id'];
  readonly date: BusinessDate;
  readonly timeZone: string;
  /** Of payments and refunds in open differences. */
  readonly withheld: ReadonlySet<string>;
}

export const nameOf = (day: Day, merchant: Merchant, currency: string) => ({
  merchant_id: merchant.id,
  channel_account_id: day.channelAccountId,
  business_date: day.date,
  currency,
});

/** The settlement of these payments, as they stand, and its statement. */
export const draft = (
  deps: Pick<Deps, 'now'>,
  day: Day,
  merchant: Merchant,
  all: readonly Payment[],
  { currency, part = 0, ...balances }: { currency: string; part?: number; available: bigint; owed: bigint },
) => {
  const payments = all.filter((payment) => payment.merchant_id === merchant.id && payment.currency === currency);
  const items = payments.filter(({ id }) => !day.withheld.has(id)).flatMap((payment) => itemOf(payment, day));
  const now = deps.now();
  const totals = totalsOf(items);
  const receivable = receivableBy(totals.net, balances);
  const named = { ...nameOf(day, merchant, currency), part };
  const settlement: Settlement = {
    ...nameOf(day, merchant, currency),
    id: settlementId(named),
    version: 0,
    app_id: merchant.app_id,
    ...totals,
    ...(receivable !== 0n && { receivable }),
    withheld: payments
      .filter(({ id }) => day.withheld.has(id))
      .flatMap((payment) => itemOf(payment, day))
      .map(({ payment, net }) => ({ id: payment.id, amount: net })),
    status: 'released',
    released_at: now,
    accounting_date: businessDate(now, day.timeZone),
    statement_key: `settlements/${merchant.id}/${day.date}/${day.channelAccountId}`,
  };
  const csv = statementOf(settlement, items);
  // Named after its content: two runs that race for the same day never write over each other's file.
  const digest = createHash('sha256').update(csv).digest('hex').slice(0, 16);
  return { settlement: { ...settlement, statement_key: `${settlement.statement_key}-${digest}.csv` }, csv };
};

/** What is available to the merchant, and what it owes from days below nothing. */
export const balancesOf = async ({ ledger }: Pick<Deps, 'ledger'>, owner: string, currency: string) => {
  const of = async (subject: 'merchant_available' | 'merchant_receivable') =>
    (await ledger.findAccount(accountId({ owner, subject, currency })))?.balance ?? 0n;
  return { available: await of('merchant_available'), owed: await of('merchant_receivable') };
};

/** A release takes from what is available, or is owed, no more than is there. */
export const guardsBeside = ({ merchant_id: owner, currency, net, receivable = 0n }: Settlement): Guard[] =>
  net < 0n
    ? [{ account: { owner, subject: 'merchant_available', currency }, atLeast: -net - receivable }]
    : [{ account: { owner, subject: 'merchant_receivable', currency }, atLeast: -receivable }];

/** The settlement, its journal and the watermark, in one; refused when a refund took from pending since that was read. */
const commitRelease = (deps: Deps, settlement: Settlement, read: PendingState) => {
  const account = {
    owner: settlement.merchant_id,
    subject: 'merchant_pending',
    currency: settlement.currency,
  } as const;
  const { channel_account_id: channelAccountId, business_date: date } = settlement;
  const guard = { account, atLeast: settlement.net, release: { channelAccountId, date, read } };
  const journals: readonly Journal[] = releaseJournal(settlement);
  return deps.commit([
    ...deps.settlements.writes(settlement),
    ...deps.ledger.writes(journals, [guard, ...guardsBeside(settlement)]),
    // A day that nets to nothing moves no money; its watermark moves all the same.
    ...(journals.length === 0 ? [deps.ledger.watermark(guard)] : []),
  ]);
};

/**
 * Releases one merchant's money of one day: pending → available, up to the watermark. Exactly once, however often and by
 * however many it is run; refunds that happen meanwhile are either in it or after it.
 */
export const releaseDay = async (
  deps: Deps,
  day: Day,
  merchant: Merchant,
  currency: string,
): Promise<{ settlement: Settlement; isNew: boolean }> => {
  let caughtUp = false;
  return contend(async () => {
    const existing = await deps.settlements.find(settlementId(nameOf(day, merchant, currency)));
    if (existing) return { settlement: existing, isNew: false };
    // The guard is read before the payments are: what moves in between is seen by one or the other.
    const account = { owner: merchant.id, subject: 'merchant_pending', currency } as const;
    const read = await deps.ledger.pendingState(account, day.channelAccountId);
    const payments = await deps.paymentsOf(day.channelAccountId, day.date);
    const balances = await balancesOf(deps, merchant.id, currency);
    const { settlement, csv } = draft(deps, day, merchant, payments, { currency, ...balances });
    await deps.keepStatement(settlement.statement_key, csv);
    const refusals = await commitRelease(deps, settlement, read);
    if (refusals.length === 0) return { settlement: { ...settlement, version: 1 }, isNew: true };
    // The balance is folded and may lag behind: what the day itself brought in is posted first.
    if (!caughtUp) await post(deps, payments.flatMap(journalsOf));
    caughtUp = true;
    return lost;
  });
};
