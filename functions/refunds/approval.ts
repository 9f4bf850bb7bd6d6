import { submittedWith, type Plan, type Planner } from '#approvals/plan.ts';
import type { ApprovalStore } from '#approvals/store.ts';
import type { Approval, ApprovalId } from '#approvals/approval.ts';
import type { Task } from '#approvals/task.ts';
import { Failure } from '#kernel/failure.ts';
import { newId } from '#kernel/id.ts';
import type { Write } from '#platform/commit.ts';

import { decideFailed } from './apply-refund-outcome.ts';
import type { Reservation } from './prepare-refund.ts';
import { approveRefund, type Refund } from './refund.ts';
import { sendRefund, type Deps } from './send-refund.ts';

/** What tells whether a refund may go without a second person. */
export interface Approving {
  /** The amount above which this merchant's refunds wait for one; none: they never do. */
  readonly refundApprovalAbove: (refund: Pick<Refund, 'merchant_id' | 'app_id'>) => Promise<bigint | undefined>;
  readonly approvals: Pick<ApprovalStore, 'write'>;
}

type RefundTask = Extract<Task, { readonly kind: 'send_refund' }>;

const about = ({ id }: Refund): Pick<Approval, 'task' | 'subject'> => ({
  task: { kind: 'send_refund', refund_id: id },
  subject: { kind: 'refund', id },
});

/** What has been reserved is booked already: to approve it sends it, and moves nothing. */
const previewOf = ({ id, payment_id, amount, currency }: Refund): Approval['preview'] => {
  const of = { payment_id, amount: Number(amount), currency };
  const changed = { before: { ...of, status: 'pending_approval' }, after: { ...of, status: 'processing' } };
  return { changes: [{ subject: { kind: 'refund', id }, ...changed }], journals: [] };
};

/** A refund above its merchant's threshold is reserved as any other, and waits with an approval made in the same transaction. */
export const withApproval = async (
  deps: Pick<Deps, 'refunds' | 'now'> & Approving,
  reservation: Reservation,
): Promise<Reservation> => {
  const above = await deps.refundApprovalAbove(reservation.refund);
  if (above === undefined || reservation.refund.amount <= above) return reservation;
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

const waiting = async ({ refunds }: Deps, { refund_id }: RefundTask, holder: ApprovalId | undefined) => {
  const refund = await refunds.get(refund_id);
  if (refund.status !== 'pending_approval' || refund.approval_id !== holder)
    throw new Failure('action_not_possible', { detail: `the refund is ${refund.status}` });
  return refund;
};

const refused = (reason: string | undefined) => ({
  code: 'approval_refused',
  message: reason ?? 'it was not approved',
});

/** 退款复核: approved, a refund is sent; refused, it fails and everything that was reserved is given back. */
export const refundPlanner = (deps: Deps) =>
  ({
    plan: async (task: RefundTask, holder: ApprovalId | undefined): Promise<Plan> => {
      const refund = await waiting(deps, task, holder);
      const approved = approveRefund(refund);
      return {
        subject: about(refund).subject,
        preview: previewOf(refund),
        lock: () => [],
        writes: () => [deps.refunds.write(approved)],
        behind: [],
        afterwards: () => sendRefund(deps, approved),
      };
    },
    release: async ({ refund_id }: RefundTask, holder: ApprovalId, reason?: string): Promise<readonly Write[]> => {
      const refund = await deps.refunds.get(refund_id);
      if (refund.status !== 'pending_approval' || refund.approval_id !== holder) return [];
      const payment = await deps.payments.get(refund.payment_id);
      const ended = await decideFailed(deps, refund, payment, refused(reason));
      return [deps.refunds.write(ended.refund), deps.payments.write(ended.payment), ...ended.beside];
    },
    holderOf: async ({ refund_id }: RefundTask): Promise<ApprovalId | undefined> => {
      const { status, approval_id } = await deps.refunds.get(refund_id);
      return status === 'pending_approval' ? approval_id : undefined;
    },
  }) satisfies { readonly [K in keyof Planner]: unknown };
