import type { Journal } from '#ledger/journal.ts';
import type { Write } from '#platform/commit.ts';

import type { Approval, ApprovalId, Preview } from './approval.ts';
import { isMerchantTask, type MerchantTask, type Task } from './task.ts';

/** What doing a task means as things stand now, before anything is written. */
export interface Plan {
  readonly subject: Approval['subject'];
  readonly preview: Preview;
  /** Marks the subject as waiting for a checker: written with the submission. */
  readonly lock: (by: ApprovalId) => readonly Write[];
  /** What is done in the transaction of the approval. */
  readonly writes: (by: ApprovalId) => readonly Write[];
  /** What the balances that pay may lack while the stream lags behind. */
  readonly behind: readonly Journal[];
  /** What lies outside of our tables. It is found and done by the schedule, too, if this is never reached. */
  readonly afterwards?: () => Promise<unknown>;
  /** Who had a hand in it, and may not approve it either. */
  readonly notBy?: readonly string[];
}

/** What an app asked for and may not do alone: its approval is written with it, so that it never waits for nobody. */
export const submittedWith = (
  { id, task, subject, preview, note }: Pick<Approval, 'id' | 'task' | 'subject' | 'preview' | 'note'>,
  appId: string,
  now: Date,
): Approval => ({
  id,
  version: 0,
  kind: task.kind,
  subject,
  task,
  preview,
  status: 'pending',
  made_by: appId,
  made_at: now,
  note,
});

/** What each task means and how it is let go. Whatever cannot be done as things stand is `action_not_possible`. */
export interface Planner<Asked extends Task = Task> {
  /** `holder`: the approval for which the subject waits already. */
  readonly plan: (task: Asked, holder: ApprovalId | undefined) => Promise<Plan>;
  /** Lets the subject go when nothing comes of it; `reason`: why it was refused. */
  readonly release: (task: Asked, holder: ApprovalId, reason?: string) => Promise<readonly Write[]>;
  /** The approval that the subject waits for now, if any. */
  readonly holderOf: (task: Asked) => Promise<ApprovalId | undefined>;
}

/** Each task by who understands it. */
export const dividing = (money: Planner, merchants: Planner<MerchantTask>): Planner => ({
  plan: (task, holder) => (isMerchantTask(task) ? merchants.plan(task, holder) : money.plan(task, holder)),
  release: (task, holder, reason) =>
    isMerchantTask(task) ? merchants.release(task, holder, reason) : money.release(task, holder, reason),
  holderOf: (task) => (isMerchantTask(task) ? merchants.holderOf(task) : money.holderOf(task)),
});
