import * as z from 'zod';

import { Payee } from '#channels/transfer.ts';
import { FeePlanId } from '#clearing/fee-plan.ts';
import { Failure } from '#kernel/failure.ts';
import { IdOf } from '#kernel/id.ts';
import { machine } from '#kernel/machine.ts';
import { approvalAbove } from '#merchants/app.ts';
import { SettlementPlan } from '#settlement/plan.ts';

export const MerchantStatus = z.enum(['applied', 'reviewing', 'active', 'suspended', 'closed', 'rejected']);
export type MerchantStatus = z.infer<typeof MerchantStatus>;

/** 商户: who is paid. Belongs to one app; collects through the channel accounts named here, in this order. */
export const Merchant = z.strictObject({
  id: IdOf('mch'),
  app_id: IdOf('app'),
  name: z.string().min(1).max(64),
  status: MerchantStatus,
  /** Whoever applies may have none yet; nobody is active without both. */
  fee_plan_id: FeePlanId.optional(),
  settlement_plan_id: SettlementPlan.shape.id.optional(),
  channel_account_ids: z.array(IdOf('chn')).max(50),
  /** 结算账户: where its settlements are paid to, as it was filed. Without one nothing is. */
  payout_account: Payee.optional(),
  ...approvalAbove,
});
export type Merchant = z.infer<typeof Merchant>;

export type MerchantEvent = 'submit' | 'approve' | 'refuse' | 'outdate' | 'suspend' | 'resume' | 'close' | 'reopen';

/** `outdate`: what was submitted is no longer what would happen. `reopen`: money has come after the closing. */
export const merchants = machine<MerchantStatus, MerchantEvent>({
  applied: { submit: 'reviewing' },
  reviewing: { approve: 'active', refuse: 'rejected', outdate: 'applied' },
  active: { suspend: 'suspended' },
  suspended: { resume: 'active', close: 'closed' },
  closed: { reopen: 'suspended' },
  rejected: {},
});

/** Whether a merchant may be this after that; to stay what it is is always allowed. */
export const mayBecome = (from: MerchantStatus, to: MerchantStatus): boolean =>
  from === to || Object.values(merchants.table[from]).includes(to);

/** What is begun for a merchant. What is in flight lands, and what has landed is settled and shown, whatever it is by then. */
export type Service = 'payment' | 'refund' | 'payout';

const servedIn: Readonly<Record<Service, readonly MerchantStatus[]>> = {
  payment: ['active'],
  // Payers are given back what they paid, whatever the merchant is suspected of.
  refund: ['active', 'suspended'],
  payout: ['active'],
};

export const isServed = ({ status }: Pick<Merchant, 'status'>, service: Service): boolean =>
  servedIn[service].includes(status);

/** The merchant, if this may be begun for it: every service asks here. */
export const served = (merchant: Merchant | undefined, service: Service): Merchant => {
  if (merchant && isServed(merchant, service)) return merchant;
  throw new Failure('merchant_not_active', merchant && { detail: `the merchant is ${merchant.status}` });
};
