import * as z from 'zod';

import { Payee } from '#channels/transfer.ts';
import { FeePlanId } from '#clearing/fee-plan.ts';
import { IdOf } from '#kernel/id.ts';
import { approvalAbove } from '#merchants/app.ts';
import { SettlementPlan } from '#settlement/plan.ts';

export const MerchantStatus = z.enum(['applied', 'reviewing', 'active', 'suspended', 'closed', 'rejected']);

/** 商户: who is paid. Belongs to one app; collects through the channel accounts named here, in this order. */
export const Merchant = z.strictObject({
  id: IdOf('mch'),
  app_id: IdOf('app'),
  name: z.string().min(1).max(64),
  status: MerchantStatus,
  fee_plan_id: FeePlanId,
  settlement_plan_id: SettlementPlan.shape.id,
  channel_account_ids: z.array(IdOf('chn')).max(50),
  /** 结算账户: where its settlements are paid to, as it was filed. Without one nothing is. */
  payout_account: Payee.optional(),
  ...approvalAbove,
});
export type Merchant = z.infer<typeof Merchant>;

type Status = z.infer<typeof MerchantStatus>;

const moves: Readonly<Record<Status, readonly Status[]>> = {
  applied: ['reviewing', 'rejected'],
  reviewing: ['active', 'rejected'],
  active: ['suspended', 'closed'],
  suspended: ['active', 'closed'],
  closed: [],
  rejected: [],
};

/** Whether a merchant may be this after that; to stay what it is is always allowed. */
export const mayBecome = (from: Status, to: Status): boolean => from === to || moves[from].includes(to);
