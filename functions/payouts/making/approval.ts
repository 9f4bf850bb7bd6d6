import type { Approval } from '#approvals/approval.ts';
import { sendingPlanner } from '#approvals/waiting.ts';
import { served, type Merchant } from '#merchants/merchant.ts';

import { decided, failPayout, type Payout } from '../payout.ts';
import { changeWrites, sendPayout, type Deps as SendDeps } from '../sending/send-payout.ts';

export type Deps = SendDeps & { readonly merchant: (id: string) => Promise<Merchant | undefined> };

export const aboutPayout = ({ id }: Payout): Pick<Approval, 'task' | 'subject'> => ({
  task: { kind: 'send_payout', payout_id: id },
  subject: { kind: 'payout', id },
});

/** Who checks it sees to whom the money goes. What was reserved is booked already. */
export const previewOf = (payout: Payout): Approval['preview'] => {
  const { id, merchant_id, amount, currency, payee, from, settlement_id, by_hand, app_id, claim } = payout;
  const about = {
    ...(from && { account: from.account_id }),
    ...(settlement_id && { settlement_id }),
    ...(by_hand && { by_hand }),
    ...(claim && { claims_fund: app_id, payment_id: claim.payment_id }),
  };
  const of = { merchant_id, ...about, amount: Number(amount), currency, payee };
  const changed = { before: { ...of, status: 'pending_approval' }, after: { ...of, status: 'processing' } };
  return { changes: [{ subject: { kind: 'payout', id }, ...changed }], journals: [] };
};

/** 代付复核: approved, a payout is sent; refused, it fails and its money is the merchant's again. */
export const payoutPlanner = (deps: Deps) =>
  sendingPlanner<Payout>({
    kind: 'payout',
    get: (id) => deps.payouts.get(id),
    preview: previewOf,
    // Suspended since it was submitted: it waits until the merchant is active again, or is refused. A claim is not the merchant's.
    check: async ({ merchant_id, claim }) => claim ?? served(await deps.merchant(merchant_id), 'payout'),
    approve: (payout) => {
      const now = deps.now();
      const approved = { ...decided(payout), approved_at: now, ...(!payout.by_hand && { sent_at: now }) };
      const writes = () => [deps.payouts.write(approved)];
      return payout.by_hand ? { writes } : { writes, afterwards: () => sendPayout(deps, approved) };
    },
    undo: async (payout, failure) => changeWrites(deps, payout, failPayout(decided(payout), failure, deps.now())),
  });
