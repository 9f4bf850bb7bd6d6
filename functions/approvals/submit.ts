import { isDeepStrictEqual } from 'node:util';

import type { AuditStore } from '#audit/store.ts';
import { Failure } from '#kernel/failure.ts';
import { newId } from '#kernel/id.ts';
import type { Commit } from '#platform/commit.ts';
import { contend, lost } from '#platform/contend.ts';
import type { Operator } from '#platform/operator.ts';

import type { Approval, Preview } from './approval.ts';
import type { Plan, Planner } from './plan.ts';
import type { ApprovalStore } from './store.ts';
import type { Task } from './task.ts';

export interface Deps {
  readonly approvals: ApprovalStore;
  readonly planner: Planner;
  readonly audits: Pick<AuditStore, 'writesOf'>;
  readonly commit: Commit;
  readonly now: () => Date;
}

/** What would happen if it were approved now. */
export const previewOf = async ({ planner }: Deps, task: Task): Promise<Preview> =>
  (await planner.plan(task, undefined)).preview;

/** Asked again by the same maker it is the same approval; what waits for another is not submitted twice. */
const sameAgain = async ({ approvals }: Deps, operator: Operator, task: Task, holder: string): Promise<Approval> => {
  const existing = await approvals.get(holder);
  if (existing.made_by === operator.id && isDeepStrictEqual(existing.task, task)) return existing;
  throw new Failure('action_not_possible', { detail: `${existing.made_by} has submitted ${holder} about it` });
};

/** What a task means, or `lost` when somebody has submitted it since its holder was looked for. */
const planned = async ({ planner }: Deps, task: Task): Promise<Plan | typeof lost> => {
  try {
    return await planner.plan(task, undefined);
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'action_not_possible') throw error;
    if ((await planner.holderOf(task)) === undefined) throw error;
    return lost;
  }
};

/** 制单: what would happen is kept as it was seen, and its subject waits for another person. One transaction. */
export const submit = (
  deps: Deps,
  operator: Operator,
  { task, note }: { task: Task; note?: string | undefined },
): Promise<{ approval: Approval; isNew: boolean }> =>
  contend(async () => {
    const holder = await deps.planner.holderOf(task);
    if (holder) return { approval: await sameAgain(deps, operator, task, holder), isNew: false };
    const plan = await planned(deps, task);
    if (plan === lost) return lost;
    const { subject, preview, lock } = plan;
    const now = deps.now();
    const approval: Approval = {
      id: newId('apr', now),
      version: 0,
      kind: task.kind,
      subject,
      task,
      preview,
      status: 'pending',
      made_by: operator.id,
      made_at: now,
      note,
    };
    const act = {
      action: 'submit',
      subject,
      before: null,
      after: { approval_id: approval.id, kind: task.kind },
    } as const;
    const refusals = await deps.commit([
      deps.approvals.write(approval),
      ...lock(approval.id),
      ...deps.audits.writesOf(operator, act),
    ]);
    return refusals.length === 0 ? { approval: { ...approval, version: 1 }, isNew: true } : lost;
  });
