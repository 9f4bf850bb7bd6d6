import { submittedWith } from '#approvals/plan.ts';
import type { ApprovalStore } from '#approvals/store.ts';
import type { Approval } from '#approvals/approval.ts';
import { sendingPlanner } from '#approvals/waiting.ts';
import { newId } from '#kernel/id.ts';
import { served, type Merchant } from '#merchants/merchant.ts';

import { decideFailed } from '../apply-refund-outcome.ts';
import type { Reservation } from './prepare-refund.ts';
import { decided, type Refund } from '../refund.ts';
import { sendRefund, type Deps } from './send-refund.ts';

/** What tells whether a refund may go without a second person. */
export interface Approving {
  /** The amount above which this merchant's refunds wait for one; none: they never do. */
  readonly refundApprovalAbove: (refund: Pick<Refund, 'merchant_id' | 'app_id'>) => Promise<bigint | undefined>;
  readonly approvals: Pick<ApprovalStore, 'write'>;
}

const about = ({ id }: Refund): Pick<Approval, 'task' | 'subject'> => ({
  task: { kind: 'send_refund', refund_id: id },
  subject: { kind: 'refund', id },
});

/** What has been reserved is booked already: to approve it sends it, and moves nothing. */
const previewOf = ({ id, payment_id, amount, currency, route, payee }: Refund): Approval['preview'] => {
  const to = { route: route ?? 'original', payee: (route === 'payout' && payee) || null };
  const of = { payment_id, amount: Number(amount), currency, ...to };
  const changed = { before: { ...of, status: 'pending_approval' }, after: { ...of, status: 'processing' } };
  return { changes: [{ subject: { kind: 'refund', id }, ...changed }], journals: [] };
};

/** A refund above its merchant's threshold is reserved as any other, and waits with an approval made in the same transaction. */
export const withApproval = async (
  deps: Pick<Deps, 'refunds' | 'now'> & Approving,
  reservation: Reservation,
): Promise<Reservation> => {
  const { amount, route } = reservation.refund;
  const above = route === 'payout' ? 0n : await deps.refundApprovalAbove(reservation.refund);
  if (above === undefined || amount <= above) return reservation;
  const now = deps.now();
  const id = newId('apr', now);
  const refund: Refund = { ...reservation.refund, status: 'pending_approval', approval_id: id };
  const approval = submittedWith(
    { id, ...about(refund), preview: previewOf(refund), note: refund.reason },
    refund.app_id,
    now,
  );
  const [, ...others] = reservation.writes;
  return {
    ...reservation,
    refund,
    writes: [deps.refunds.write(refund), ...others, deps.approvals.write(approval)],
  };
};

export type PlanDeps = Deps & { readonly merchant: (id: string) => Promise<Merchant | undefined> };

/** 退款复核: approved, a refund is sent; refused, it fails and everything that was reserved is given back. */
export const refundPlanner = (deps: PlanDeps) =>
  sendingPlanner<Refund>({
    kind: 'refund',
    get: (id) => deps.refunds.get(id),
    preview: previewOf,
    check: async ({ merchant_id, route }) =>
      served(await deps.merchant(merchant_id), route === 'payout' ? 'payout' : 'refund'),
    approve: (refund) => {
      const approved = { ...decided(refund), approved_at: deps.now() };
      return { writes: () => [deps.refunds.write(approved)], afterwards: () => sendRefund(deps, approved) };
    },
    undo: async (refund, failure) => {
      const payment = await deps.payments.get(refund.payment_id);
      const ended = await decideFailed(deps, decided(refund), payment, failure);
      return [deps.refunds.write(ended.refund), deps.payments.write(ended.payment), ...ended.beside];
    },
  });
