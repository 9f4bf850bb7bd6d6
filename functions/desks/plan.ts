import type { ApprovalId } from '#approvals/approval.ts';
import type { Plan, Planner } from '#approvals/plan.ts';
import type { DifferenceTask, Task } from '#approvals/task.ts';
import { fundPlanner, type Deps as FundDeps } from '#claims/fund.ts';
import { Failure } from '#kernel/failure.ts';
import { isWaiting } from '#payments/attempt.ts';
import { disown } from '#payments/decide.ts';
import { payoutPlanner, type Deps as PayoutDeps } from '#payouts/making/approval.ts';
import { confirmPlanner } from '#payouts/sending/confirm.ts';
import type { Difference } from '#reconciliation/differences/difference.ts';
import { refundPlanner, type PlanDeps as RefundPlanDeps } from '#refunds/making/approval.ts';

import { bookDifference, type Deps as BookingDeps } from './bookings.ts';
import { keepSecond, refundSecond } from './duplicate.ts';
import { attemptOf, keepHeld, paymentOf, refundHeld } from './held-money.ts';
import { settleLatePayout } from './late-payout.ts';
import { dealingWith, freeFor, letGo, type Dealt, type Deps as OpenDeps } from './open-difference.ts';
import { recoverPayment } from './recover-payment.ts';
import { supplement, type Deps as SupplementDeps } from './supplement.ts';
import { refuseWhatIsOurs, supplementPayout } from './supplement-payout.ts';
import { isTransferTask, transferPlanner, type Deps as TransferDeps } from './transfers/plan.ts';

export type Deps = OpenDeps & BookingDeps & SupplementDeps & TransferDeps;

/** A duplicate of another payment is a payment of its own; all other money that a desk keeps or returns waits in suspense. */
const isSecondPayment = ({ kind, duplicate_of, platform }: Difference) =>
  kind === 'duplicate' && duplicate_of !== platform?.id;

/** Money that went to somebody else's account: the payment that waited for it goes on without it. */
const writeOffForeign = async (deps: Deps, difference: Difference): Promise<Dealt | undefined> => {
  if (difference.kind !== 'status_mismatch' || difference.platform?.kind !== 'payment') return undefined;
  const payment = await paymentOf(deps, difference);
  const attempt = attemptOf(payment, difference);
  if (isWaiting(attempt)) throw new Failure('action_not_possible', { detail: 'it waits in suspense: it goes back' });
  const after = disown(payment, attempt.no, deps.now());
  if (after === payment) return undefined;
  return { changes: [], journals: [], writes: [deps.payments.write(after)], behind: [] };
};

const isAbsentPayment = ({ kind, platform }: Difference) => kind === 'platform_only' && platform?.kind === 'payment';

const dealtWith = async (deps: Deps & PayoutDeps, difference: Difference, task: DifferenceTask): Promise<Dealt> => {
  switch (task.kind) {
    case 'keep':
      return isSecondPayment(difference) ? keepSecond(deps, difference) : keepHeld(deps, difference);
    case 'refund':
      return isSecondPayment(difference) ? refundSecond(deps, difference) : refundHeld(deps, difference);
    case 'supplement':
      return difference.channel?.ours ? supplementPayout(deps, difference) : supplement(deps, difference);
    case 'write_off':
      if (difference.kind === 'payout_late') return settleLatePayout(deps, difference, task);
      await refuseWhatIsOurs(deps, difference);
      return (await writeOffForeign(deps, difference)) ?? bookDifference(deps, difference, task);
    case 'recover':
      if (difference.kind === 'payout_late') return settleLatePayout(deps, difference, task);
      return isAbsentPayment(difference) ? recoverPayment(deps, difference) : bookDifference(deps, difference, task);
    case 'adjust':
      return bookDifference(deps, difference, task);
  }
  throw new Failure('unsupported');
};

/** What the desks do about a difference. */
const differencePlanner = (deps: Deps & PayoutDeps) => ({
  plan: async (task: DifferenceTask, holder: ApprovalId | undefined): Promise<Plan> => {
    const difference = await freeFor(deps, task, holder);
    return dealingWith(deps, difference, task.kind, await dealtWith(deps, difference, task));
  },
  release: (task: DifferenceTask, holder: ApprovalId) => letGo(deps, task, holder),
  holderOf: async (task: DifferenceTask) => {
    const difference = await deps.differences.get(task.difference_id);
    return difference.status === 'pending_review' ? difference.approval_id : undefined;
  },
});

/** What is left: whatever is not about money is not for these desks. */
const aboutDifference = (task: Task): DifferenceTask => {
  if ('difference_id' in task) return task;
  throw new Failure('unsupported');
};

/** What one person submits and another decides about money, as approvals ask for it. */
export const planner = (deps: Deps & PayoutDeps & RefundPlanDeps & FundDeps): Planner => {
  const differences = differencePlanner(deps);
  const refunds = refundPlanner(deps);
  const payouts = payoutPlanner(deps);
  const confirmations = confirmPlanner(deps);
  const funds = fundPlanner(deps);
  const transfers = transferPlanner(deps);
  return {
    plan: (task, holder) => {
      if (task.kind === 'send_refund') return refunds.plan(task.refund_id, holder);
      if (task.kind === 'send_payout') return payouts.plan(task.payout_id, holder);
      if (task.kind === 'confirm_payout') return confirmations.plan(task, holder);
      if (task.kind === 'fund_claims') return funds.plan(task, holder);
      if (isTransferTask(task)) return transfers.plan(task, holder);
      return differences.plan(aboutDifference(task), holder);
    },
    release: (task, holder, reason) => {
      if (task.kind === 'send_refund') return refunds.release(task.refund_id, holder, reason);
      if (task.kind === 'send_payout') return payouts.release(task.payout_id, holder, reason);
      if (task.kind === 'confirm_payout') return confirmations.release(task, holder);
      if (task.kind === 'fund_claims') return funds.release();
      if (isTransferTask(task)) return transfers.release(task, holder);
      return differences.release(aboutDifference(task), holder);
    },
    holderOf: (task) => {
      if (task.kind === 'send_refund') return refunds.holderOf(task.refund_id);
      if (task.kind === 'send_payout') return payouts.holderOf(task.payout_id);
      if (task.kind === 'confirm_payout') return confirmations.holderOf(task);
      if (task.kind === 'fund_claims') return funds.holderOf();
      if (isTransferTask(task)) return transfers.holderOf(task);
      return differences.holderOf(aboutDifference(task));
    },
  };
};
