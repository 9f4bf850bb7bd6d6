import type { Planner } from '#approvals/plan.ts';
import type { MerchantTask } from '#approvals/task.ts';

import { payoutAccountPlanner } from './payout-account.ts';
import { reviewPlanner, type Deps } from './review.ts';

/** What one person submits and another decides about merchants. */
export const merchantPlanner = (deps: Deps): Planner<MerchantTask> => {
  const reviews = reviewPlanner(deps);
  const accounts = payoutAccountPlanner(deps);
  return {
    plan: (task, holder) =>
      task.kind === 'activate_merchant' ? reviews.plan(task, holder) : accounts.plan(task, holder),
    release: (task, holder, reason) =>
      task.kind === 'activate_merchant'
        ? reviews.release(task, holder, reason)
        : accounts.release(task, holder, reason),
    holderOf: (task) => (task.kind === 'activate_merchant' ? reviews.holderOf(task) : accounts.holderOf(task)),
  };
};
