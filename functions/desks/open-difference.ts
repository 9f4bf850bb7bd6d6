import type { ApprovalId, Preview } from '#approvals/approval.ts';
import type { Plan } from '#approvals/plan.ts';
import type { DifferenceTask } from '#approvals/task.ts';
import { Failure } from '#kernel/failure.ts';
import type { Write } from '#platform/commit.ts';
import { actionsOf } from '#reconciliation/differences/actions.ts';
import {
  reopened,
  resolved,
  submitted,
  type Difference,
  type Resolution,
} from '#reconciliation/differences/difference.ts';
import type { ReconciliationStore } from '#reconciliation/store.ts';

export interface Deps {
  readonly differences: ReconciliationStore['differences'];
  readonly now: () => Date;
}

/** What one action does beside dealing with its difference. */
export interface Dealt extends Pick<Plan, 'behind' | 'afterwards'> {
  readonly changes: Preview['changes'];
  readonly journals: Preview['journals'];
  readonly writes: readonly Write[];
  /** Of the resolution: what must not fail, or the difference is open again. */
  readonly refundId?: Resolution['refund_id'];
}

/** The difference, if it is free for this action: open, or waiting for this very approval. */
export const freeFor = async (
  { differences }: Deps,
  { kind, difference_id }: DifferenceTask,
  holder: ApprovalId | undefined,
): Promise<Difference> => {
  const difference = await differences.get(difference_id);
  const isHeld = holder !== undefined && difference.status === 'pending_review' && difference.approval_id === holder;
  if (!isHeld && (holder !== undefined || difference.status !== 'open'))
    throw new Failure('action_not_possible', { detail: `the difference is ${difference.status}` });
  if (!actionsOf({ ...difference, status: 'open' }).includes(kind))
    throw new Failure('action_not_possible', { detail: `${kind} is no action for ${difference.kind}` });
  return difference;
};

/** The plan of an action: its difference waits with the submission, and is resolved with the approval. */
export const dealingWith = (
  { differences, now }: Deps,
  difference: Difference,
  action: DifferenceTask['kind'],
  { changes, journals, writes, behind, afterwards, refundId }: Dealt,
): Plan => {
  const subject = { kind: 'difference', id: difference.id };
  return {
    subject,
    preview: {
      changes: [{ subject, before: { status: 'open' }, after: { status: 'resolved', by: 'desk', action } }, ...changes],
      journals,
    },
    lock: (by) => [differences.write(submitted(difference, by))],
    writes: (by) => [
      differences.write(resolved(difference, { by: 'desk', approval_id: by, action, refund_id: refundId, at: now() })),
      ...writes,
    ],
    behind,
    ...(afterwards && { afterwards }),
  };
};

/** Nothing came of it: the difference is open again, unless a statement has dealt with it meanwhile. */
export const letGo = async (
  { differences }: Deps,
  { difference_id }: DifferenceTask,
  holder: ApprovalId,
): Promise<readonly Write[]> => {
  const difference = await differences.get(difference_id);
  const waits = difference.status === 'pending_review' && difference.approval_id === holder;
  return waits ? [differences.write(reopened(difference))] : [];
};
