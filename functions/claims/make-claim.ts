import { isDeepStrictEqual } from 'node:util';

import { submittedWith } from '#approvals/plan.ts';
import type { ApprovalStore } from '#approvals/store.ts';
import type { AuditStore } from '#audit/store.ts';
import type { OpenChannel } from '#channels/open.ts';
import { businessDate } from '#kernel/business-date.ts';
import { Failure } from '#kernel/failure.ts';
import { derivedId, newId } from '#kernel/id.ts';
import { isShort } from '#ledger/shortage.ts';
import type { LedgerStore } from '#ledger/store.ts';
import type { Merchant } from '#merchants/merchant.ts';
import { isMoney } from '#payments/attempt.ts';
import type { Payment } from '#payments/payment.ts';
import { aboutPayout, previewOf } from '#payouts/making/approval.ts';
import { reserveJournal } from '#payouts/journals.ts';
import { payingAccount } from '#payouts/making/paying-account.ts';
import { sourceOf, type Payout } from '#payouts/payout.ts';
import type { PayoutStore } from '#payouts/store.ts';
import type { Commit } from '#platform/commit.ts';
import { contend, lost } from '#platform/contend.ts';
import type { Operator } from '#platform/operator.ts';

import type { ClaimToMake } from './operations.ts';

export interface Deps {
  readonly payouts: Pick<PayoutStore, 'find' | 'parse' | 'write'>;
  readonly payments: { readonly find: (id: string) => Promise<Payment | undefined> };
  readonly ledger: Pick<LedgerStore, 'writes'>;
  readonly approvals: Pick<ApprovalStore, 'write'>;
  readonly audits: Pick<AuditStore, 'writesOf'>;
  readonly merchant: (id: string) => Promise<Merchant | undefined>;
  readonly open: OpenChannel;
  readonly commit: Commit;
  readonly now: () => Date;
}

const claimId = (appId: string, claimNo: string) => derivedId('pyt', appId, 'claim', claimNo);

const sameAgain = (existing: Payout, asked: ClaimToMake): Payout => {
  const same =
    existing.claim?.payment_id === asked.payment_id &&
    existing.amount === asked.amount &&
    existing.reason === asked.reason &&
    isDeepStrictEqual({ ...existing.payee }, { ...asked.payee });
  if (!same) throw new Failure('idempotency_conflict');
  return existing;
};

/** Whoever is compensated has paid, whatever became of it since. */
const paidPayment = async ({ payments }: Deps, id: string): Promise<Payment> => {
  const payment = await payments.find(id);
  if (!payment) throw new Failure('not_found', { detail: 'there is no such payment' });
  if (!payment.attempts.some(isMoney)) throw new Failure('action_not_possible', { detail: 'nobody has paid it' });
  return payment;
};

/** It is the platform's word to its payer: it goes out whatever the merchant is by now, by the accounts that collected for it. */
const drafted = async (deps: Deps, by: Operator, asked: ClaimToMake, payment: Payment): Promise<Payout> => {
  const { app_id, merchant_id, currency } = payment;
  const merchant = await deps.merchant(merchant_id);
  if (!merchant) throw new Failure('payout_not_available');
  const { account } = await payingAccount(deps, merchant, { payee: asked.payee, currency });
  const now = deps.now();
  return {
    id: claimId(app_id, asked.claim_no),
    version: 0,
    app_id,
    merchant_id,
    merchant_payout_id: asked.claim_no,
    claim: { payment_id: payment.id, made_by: by.id },
    amount: asked.amount,
    currency,
    payee: asked.payee,
    reason: asked.reason,
    status: 'pending_approval',
    approval_id: newId('apr', now),
    channel: account.channel,
    channel_account_id: account.id,
    time_zone: account.time_zone,
    created_at: now,
    reserved_on: businessDate(now, account.time_zone),
  };
};

const writesOf = (deps: Deps, by: Operator, payout: Payout, approvalId: `apr_${string}`) => {
  const { amount, currency, claim, reason } = payout;
  const about = { id: approvalId, ...aboutPayout(payout), preview: previewOf(payout), note: reason };
  const fund = { ...sourceOf(payout), currency };
  return [
    deps.payouts.write(payout),
    ...deps.ledger.writes(reserveJournal(payout), [{ account: fund, atLeast: amount }]),
    deps.approvals.write(submittedWith(about, by.id, payout.created_at)),
    ...deps.audits.writesOf(by, {
      action: 'submit',
      subject: { kind: 'claim', id: payout.id },
      before: null,
      after: { ...claim, approval_id: approvalId, amount: Number(amount), currency },
    }),
  ];
};

/**
 * 理赔: a payer is compensated out of the claims fund of the app, never out of a merchant's money. The fund's balance is the
 * condition of the very write that reserves it, with the approval that it waits for.
 */
export const makeClaim = (deps: Deps, by: Operator, asked: ClaimToMake): Promise<{ payout: Payout; isNew: boolean }> =>
  contend(async () => {
    const payment = await paidPayment(deps, asked.payment_id);
    const known = await deps.payouts.find(claimId(payment.app_id, asked.claim_no));
    if (known) return { payout: sameAgain(known, asked), isNew: false };
    const payout = await drafted(deps, by, asked, payment);
    const writes = writesOf(deps, by, payout, payout.approval_id ?? newId('apr', deps.now()));
    const refusals = await deps.commit(writes);
    if (refusals.length === 0) return { payout: { ...payout, version: 1 }, isNew: true };
    const isKnown = refusals.some(({ index, reason }) => index === 0 && reason === 'condition');
    if (!isKnown && isShort(refusals, writes))
      throw new Failure('insufficient_balance', { detail: 'the claims fund does not hold so much' });
    return lost;
  });
