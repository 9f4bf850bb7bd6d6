import { Failure } from '#kernel/failure.ts';
import type { App } from '#merchants/app.ts';
import { sendPayout, type Deps as SendDeps } from '#payouts/sending/send-payout.ts';

import { paySettlement, type Deps as PayDeps } from './pay-settlement.ts';
import { payableOf, type Settlement } from '../settlement.ts';

export type Deps = PayDeps &
  SendDeps & {
    readonly app: (id: string) => Promise<App | undefined>;
    readonly noteNotPaid: (settlement: Settlement, reason: Failure) => void;
  };

/**
 * 自动出款: pays what was just released where the plan says so, for the first time only: what failed or came back waits for a person,
 * and so does what exceeds what merchant or app have said to be paid without one. What cannot be paid stays payable, and is noted.
 */
export const payByPlan =
  (deps: Deps) =>
  async (settlement: Settlement): Promise<void> => {
    if (settlement.payout || payableOf(settlement) <= 0n) return;
    const merchant = await deps.merchant(settlement.merchant_id);
    const planId = merchant?.settlement_plan_id;
    const plan = planId === undefined ? undefined : await deps.plan(planId);
    if (plan?.payout !== 'auto') return;
    const above = merchant?.payout_approval_above ?? (await deps.app(settlement.app_id))?.payout_approval_above;
    try {
      const { payout, isNew } = await paySettlement(deps, {
        id: settlement.id,
        no: 1,
        by: settlement.app_id,
        waits: ({ amount }) => above !== undefined && amount > above,
        beside: () => [],
      });
      if (isNew && payout.status === 'processing' && !payout.by_hand) await sendPayout(deps, payout);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      deps.noteNotPaid(settlement, error);
    }
  };
