import type { Approval } from '#approvals/approval.ts';
import { sendingPlanner } from '#approvals/waiting.ts';

import { decided, failPayout, type Payout } from './payout.ts';
import { changeWrites, sendPayout, type Deps } from './send-payout.ts';

export const aboutPayout = ({ id }: Payout): Pick<Approval, 'task' | 'subject'> => ({
  task: { kind: 'send_payout', payout_id: id },
  subject: { kind: 'payout', id },
});

/** Who checks it sees to whom the money goes. What was reserved is booked already. */
export const previewOf = (payout: Payout): Approval['preview'] => {
  const { id, merchant_id, amount, currency, payee, from } = payout;
  const account = from && { account: from.account_id };
  const of = { merchant_id, ...account, amount: Number(amount), currency, payee };
  const changed = { before: { ...of, status: 'pending_approval' }, after: { ...of, status: 'processing' } };
  return { changes: [{ subject: { kind: 'payout', id }, ...changed }], journals: [] };
};

/** 代付复核: approved, a payout is sent; refused, it fails and its money is the merchant's again. */
export const payoutPlanner = (deps: Deps) =>
  sendingPlanner<Payout>({
    kind: 'payout',
    get: (id) => deps.payouts.get(id),
    preview: previewOf,
    approve: (payout) => {
      const approved = { ...decided(payout), approved_at: deps.now() };
      return { writes: () => [deps.payouts.write(approved)], afterwards: () => sendPayout(deps, approved) };
    },
    undo: async (payout, failure) => changeWrites(deps, payout, failPayout(decided(payout), failure, deps.now())),
  });
