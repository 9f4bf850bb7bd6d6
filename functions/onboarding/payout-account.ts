import { isDeepStrictEqual } from 'node:util';

import type { Planner } from '#approvals/plan.ts';
import type { PayoutAccountTask } from '#approvals/task.ts';
import type { Payee } from '#channels/transfer.ts';
import type { ConfigurationStore } from '#configuration/store.ts';
import { Failure } from '#kernel/failure.ts';
import { Merchant } from '#merchants/merchant.ts';

import { masked } from './file.ts';

export interface Deps {
  readonly configuration: Pick<ConfigurationStore, 'find' | 'write'>;
}

const refuse = (detail: string): never => {
  throw new Failure('action_not_possible', { detail });
};

/** As it is shown to people who need not know it whole. */
export const shownPayee = (payee: Payee | undefined) =>
  payee ? { kind: payee.kind, name: payee.name, account: masked(payee.account) } : null;

/** An applicant's is reviewed with all the rest; of one that is reviewed, rejected or closed nothing changes. */
const checkStatus = ({ status }: Merchant): void => {
  if (status === 'applied') refuse('the merchant has only applied: its account is changed with it');
  if (status !== 'active' && status !== 'suspended') refuse(`the merchant is ${status}`);
};

/** 变更结算账户: where a merchant's money is paid to is one person's word and another's look. Until then it is paid where it was. */
export const payoutAccountPlanner = ({ configuration }: Deps): Planner<PayoutAccountTask> => ({
  plan: async ({ merchant_id, payout_account }) => {
    const found = await configuration.find('merchant', merchant_id);
    if (!found) throw new Failure('not_found');
    const merchant = Merchant.parse(found.row);
    checkStatus(merchant);
    if (isDeepStrictEqual(merchant.payout_account, payout_account)) refuse('it is paid there already');
    const subject = { kind: 'merchant', id: merchant.id };
    return {
      subject,
      preview: {
        changes: [
          {
            subject,
            before: { payout_account: shownPayee(merchant.payout_account) },
            // Whole: whoever checks it must not take another account that ends alike for this one.
            after: { payout_account },
          },
        ],
        journals: [],
      },
      lock: () => [],
      writes: () => [configuration.write('merchant', { row: { ...merchant, payout_account }, version: found.version })],
      behind: [],
    };
  },
  // The merchant does not wait for it: whoever is approved second finds that things have changed.
  release: async () => [],
  holderOf: async () => undefined,
});
