import { submittedWith } from '#approvals/plan.ts';
import type { ApprovalStore } from '#approvals/store.ts';
import type { OpenAccount, OpenChannel } from '#channels/open.ts';
import { businessDate } from '#kernel/business-date.ts';
import { Failure } from '#kernel/failure.ts';
import { newId, tail } from '#kernel/id.ts';
import { least } from '#kernel/money.ts';
import { accountId } from '#ledger/account.ts';
import type { LedgerStore } from '#ledger/store.ts';
import type { Merchant } from '#merchants/merchant.ts';
import { aboutPayout, previewOf } from '#payouts/making/approval.ts';
import { reserveJournal } from '#payouts/journals.ts';
import { payingAccount } from '#payouts/making/paying-account.ts';
import { sourceOf, type Payout } from '#payouts/payout.ts';
import type { PayoutStore } from '#payouts/store.ts';
import type { Commit, Write } from '#platform/commit.ts';
import { contend, lost } from '#platform/contend.ts';

import type { SettlementPlan } from '../plan.ts';
import { paidBy, payableOf, type Settlement } from '../settlement.ts';
import type { SettlementStore } from '../store.ts';
import { hasEnded, payoutOfTry } from '../try.ts';

export interface Deps {
  readonly settlements: Pick<SettlementStore, 'get' | 'writes'>;
  readonly payouts: Pick<PayoutStore, 'find' | 'get' | 'write'>;
  readonly approvals: Pick<ApprovalStore, 'write'>;
  readonly ledger: Pick<LedgerStore, 'writes' | 'findAccount'>;
  readonly commit: Commit;
  readonly open: OpenChannel;
  readonly merchant: (id: string) => Promise<Merchant | undefined>;
  readonly plan: (id: string) => Promise<SettlementPlan | undefined>;
  readonly now: () => Date;
}

/** Which try it is, who asks for it, whether another person must approve it, and what is written with it. */
export interface Asked {
  readonly id: string;
  readonly no: number;
  readonly by: string;
  readonly note?: string | undefined;
  readonly waits: (payout: Payout, merchant: Merchant) => boolean;
  readonly beside: (payout: Payout) => readonly Write[];
}

const refuse = (detail: string): never => {
  throw new Failure('action_not_possible', { detail });
};

/** Never twice: there is a further try only when the one before has ended without the money's having arrived, or staying. */
const checkNext = async ({ payouts }: Deps, settlement: Settlement, no: number): Promise<void> => {
  const { payout } = settlement;
  if (payableOf(settlement) <= 0n) refuse('it nets to nothing that could be paid: that is carried to the next');
  const former = payout && (await payouts.get(payout.payout_id));
  if (former && !hasEnded(former)) refuse(`its payout ${former.id} is ${former.status}`);
  const next = (payout?.no ?? 0) + 1;
  if (no !== next) refuse(`its next payout is number ${next}`);
};

const availableOf = async ({ ledger }: Deps, { merchant_id, currency }: Settlement): Promise<bigint> => {
  const name = { owner: merchant_id, subject: 'merchant_available', currency } as const;
  return (await ledger.findAccount(accountId(name)))?.balance ?? 0n;
};

/** The merchant, its filed account and the account that pays: whatever lacks is said, and nothing is guessed. */
const terms = async (deps: Deps, { merchant_id, currency }: Settlement) => {
  const merchant = await deps.merchant(merchant_id);
  if (merchant?.status !== 'active')
    throw new Failure('merchant_not_active', { detail: `the merchant is ${merchant?.status ?? 'not known'}` });
  const planId = merchant.settlement_plan_id;
  const plan = planId === undefined ? undefined : await deps.plan(planId);
  const { payout_account: payee } = merchant;
  if (!payee || !plan)
    throw new Failure('payout_not_available', {
      detail: 'no account of the merchant is filed to which it could be paid',
    });
  const { payout_account_id: bank } = plan;
  const isOffline = plan.payout_route === 'offline' && bank !== undefined;
  const pays = isOffline ? await deps.open(bank) : await payingAccount(deps, merchant, { payee, currency });
  return { merchant, payee, pays, isOffline };
};

const drafted = (
  { id, app_id, merchant_id, business_date, currency }: Settlement,
  { no, amount, payee, isOffline }: { no: number; amount: bigint; payee: Payout['payee']; isOffline: boolean },
  { account }: OpenAccount,
  now: Date,
): Payout => ({
  id: payoutOfTry(id, no),
  version: 0,
  app_id,
  merchant_id,
  merchant_payout_id: `settlement-${tail(id)}-${no}`,
  settlement_id: id,
  amount,
  currency,
  payee,
  reason: `结算款 ${business_date}`,
  ...(isOffline && { by_hand: true as const }),
  status: 'processing',
  channel: account.channel,
  channel_account_id: account.id,
  time_zone: account.time_zone,
  created_at: now,
  reserved_on: businessDate(now, account.time_zone),
});

/**
 * 结算出款: what was released is set on its way to the merchant's filed account, once for each number of a try; asked again, it is
 * the same payout. What refunds, carried settlements or payouts have taken from the available balance since is not there to be paid.
 * Settlement, payout, balances and approval are one transaction. Whoever calls sends it, if it is to be sent.
 */
export const paySettlement = (
  deps: Deps,
  { id, no, by, note, waits, beside }: Asked,
): Promise<{ settlement: Settlement; payout: Payout; isNew: boolean }> =>
  contend(async () => {
    const settlement = await deps.settlements.get(id);
    // Read before its payout is looked for: what another call of this try has just taken is then found as that.
    const available = await availableOf(deps, settlement);
    const known = await deps.payouts.find(payoutOfTry(id, no));
    if (known) return { settlement, payout: known, isNew: false };
    await checkNext(deps, settlement, no);
    const { merchant, payee, pays, isOffline } = await terms(deps, settlement);
    const amount = least(payableOf(settlement), available);
    if (amount <= 0n) throw new Failure('insufficient_balance', { detail: 'nothing of it is available any more' });
    const now = deps.now();
    const draft = drafted(settlement, { no, amount, payee, isOffline }, pays, now);
    const approval_id = newId('apr', now);
    const isWaiting = waits(draft, merchant);
    // What is sent at once is watched from now on, also when it is refused.
    const payout: Payout = isWaiting
      ? { ...draft, status: 'pending_approval', approval_id }
      : { ...draft, ...(!isOffline && { sent_at: now }) };
    const after = paidBy(settlement, no, payout);
    const refusals = await deps.commit([
      deps.payouts.write(payout),
      ...deps.settlements.writes(after),
      ...deps.ledger.writes(reserveJournal(payout), [
        { account: { ...sourceOf(payout), currency: payout.currency }, atLeast: amount },
      ]),
      ...(isWaiting
        ? [
            deps.approvals.write(
              submittedWith({ id: approval_id, ...aboutPayout(payout), preview: previewOf(payout), note }, by, now),
            ),
          ]
        : []),
      ...beside(payout),
    ]);
    if (refusals.length > 0) return lost;
    return {
      settlement: { ...after, version: after.version + 1 },
      payout: { ...payout, version: 1 },
      isNew: true,
    };
  });
