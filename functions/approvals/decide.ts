import type { Act } from '#audit/audit.ts';
import { Failure } from '#kernel/failure.ts';
import { post } from '#ledger/post.ts';
import { isShort } from '#ledger/shortage.ts';
import type { LedgerStore } from '#ledger/store.ts';
import type { Refusal, Write } from '#platform/commit.ts';
import { contend, lost } from '#platform/contend.ts';
import type { Operator } from '#platform/operator.ts';

import { approvals, isSame, type Approval } from './approval.ts';
import type { Plan } from './plan.ts';
import type { Deps as SubmitDeps } from './submit.ts';

export type Deps = SubmitDeps & { readonly ledger: Pick<LedgerStore, 'writes'> };

const decided = (approval: Approval, event: 'approve' | 'refuse' | 'outdate', by: Operator, now: Date): Approval => ({
  ...approval,
  status: approvals.next(approval.status, event) ?? approval.status,
  decided_by: by.id,
  decided_at: now,
});

const actOf = ({ id, kind, subject, status, reason }: Approval, action: Act['action']): Act => ({
  action,
  subject,
  before: { approval_id: id, status: 'pending' },
  after: { approval_id: id, kind, status, ...(reason !== undefined && { reason }) },
});

/** A decision with everything that goes with it, and who made it. The approval's own row comes first. */
const decisionWrites = (deps: Deps, by: Operator, approval: Approval, act: Act, writes: readonly Write[]): Write[] => [
  deps.approvals.decide(approval),
  ...writes,
  ...deps.audits.writesOf(by, act),
];

/** The row has refused its maker, and nothing else has changed: that is not a race that was lost. */
const checkAnother = (refusals: readonly Refusal[], { version, made_by }: Approval, by: Operator): void => {
  const own = refusals.some(({ index, row }) => index === 0 && row?.['version'] === version && made_by === by.id);
  if (own) throw new Failure('same_person');
};

/** Decided already: whoever has decided it so hears it again, everybody else is told. */
const asDecided = (approval: Approval, status: Approval['status'], by: Operator): Approval => {
  if (approval.status === status && approval.decided_by === by.id) return approval;
  throw new Failure(approval.status === 'stale' ? 'approval_stale' : 'approval_decided', {
    detail: `it is ${approval.status}`,
  });
};

/** How things stand now, unless what was submitted is no longer what would happen. */
const planAgain = async ({ planner }: Deps, { id, task, preview }: Approval): Promise<Plan | undefined> => {
  try {
    const plan = await planner.plan(task, id);
    return isSame(plan.preview, preview) ? plan : undefined;
  } catch (error) {
    if (error instanceof Failure && error.code === 'action_not_possible') return undefined;
    throw error;
  }
};

/** A checker approves what a maker saw. When that has become something else, nobody may: it must be submitted again. */
const outdate = async (deps: Deps, by: Operator, approval: Approval): Promise<Approval | typeof lost> => {
  const stale = decided(approval, 'outdate', by, deps.now());
  const release = await deps.planner.release(approval.task, approval.id);
  const refusals = await deps.commit(decisionWrites(deps, by, stale, actOf(stale, 'outdate'), release));
  checkAnother(refusals, approval, by);
  return refusals.length === 0 ? stale : lost;
};

/**
 * 复核: does what was submitted, in the transaction of the approval itself, if it is still what would happen. However many
 * approve at once and however often, it is done once.
 */
export const approve = async (deps: Deps, by: Operator, id: string): Promise<Approval> => {
  let caughtUp = false;
  const { approval, plan } = await contend(async () => {
    const read = await deps.approvals.get(id);
    if (read.status !== 'pending') return { approval: asDecided(read, 'approved', by), plan: undefined };
    const planned = await planAgain(deps, read);
    if (!planned) {
      const stale = await outdate(deps, by, read);
      return stale === lost ? lost : { approval: stale, plan: undefined };
    }
    if (planned.notBy?.includes(by.id)) throw new Failure('same_person');
    const approved = decided(read, 'approve', by, deps.now());
    const writes = decisionWrites(deps, by, approved, actOf(approved, 'approve'), planned.writes(read.id));
    const refusals = await deps.commit(writes);
    if (refusals.length === 0) return { approval: approved, plan: planned };
    checkAnother(refusals, read, by);
    if (isShort(refusals, writes)) {
      if (caughtUp) throw new Failure('insufficient_balance');
      // The balance is folded from the stream and may lag behind.
      await post(deps, planned.behind);
      caughtUp = true;
    }
    return lost;
  });
  if (approval.status === 'stale') throw new Failure('approval_stale');
  await plan?.afterwards?.();
  return approval;
};

/** It does not happen, for a reason that the maker reads; what it was about is let go. */
export const refuse = (deps: Deps, by: Operator, { id, reason }: { id: string; reason: string }): Promise<Approval> =>
  contend(async () => {
    const read = await deps.approvals.get(id);
    if (read.status !== 'pending') return asDecided(read, 'refused', by);
    const refused = { ...decided(read, 'refuse', by, deps.now()), reason };
    const release = await deps.planner.release(read.task, read.id, reason);
    const refusals = await deps.commit(decisionWrites(deps, by, refused, actOf(refused, 'refuse'), release));
    checkAnother(refusals, read, by);
    return refusals.length === 0 ? refused : lost;
  });
