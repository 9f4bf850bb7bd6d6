import type { ApprovalId } from '#approvals/approval.ts';
import type { Planner } from '#approvals/plan.ts';
import type { AttachTask, CombineTask, SendBackTask, Task } from '#approvals/task.ts';

import { attachReceipt } from './attach-receipt.ts';
import { combineReceipts } from './combine-receipts.ts';
import { letGoReceipts, receiptHolder } from './receipts.ts';
import { sendBack, type Deps } from './send-back.ts';

export type { Deps } from './send-back.ts';

type TransferTask = AttachTask | CombineTask | SendBackTask;

export const isTransferTask = (task: Task): task is TransferTask =>
  task.kind === 'attach' || task.kind === 'combine' || task.kind === 'send_back';

const entriesOf = (task: TransferTask): readonly string[] =>
  task.kind === 'combine' ? task.receipt_ids : [task.receipt_id];

/** What is decided about entries of a bank's statement: whose they are, alone or together, or that they go back. */
export const transferPlanner = (deps: Deps): Planner<TransferTask> => ({
  plan: (task, holder) => {
    if (task.kind === 'attach') return attachReceipt(deps, task, holder);
    return task.kind === 'combine' ? combineReceipts(deps, task, holder) : sendBack(deps, task, holder);
  },
  release: (task, holder: ApprovalId) => letGoReceipts(deps, entriesOf(task), holder),
  holderOf: (task) => receiptHolder(deps, entriesOf(task)),
});
