import { Failure } from '#kernel/failure.ts';
import type { App } from '#merchants/app.ts';
import { walletOf } from '#wallets/make-hold.ts';

import { createPayout, type Deps } from './create-payout.ts';
import type { WithdrawalToMake } from '../operations.ts';
import { withdrawalId, type Payout } from '../payout.ts';

/** 提现: a user's balance is paid out to an account of the user's. What stands on a prepaid card is for spending. */
export const withdraw = async (
  deps: Deps,
  app: App,
  { account, merchant_withdrawal_id, ...asked }: WithdrawalToMake,
): Promise<{ payout: Payout; isNew: boolean }> => {
  const found = await deps.ledger.findAccount(account);
  if (found?.app_id !== app.id) throw new Failure('not_found', { detail: 'there is no such account of a user' });
  const from = walletOf(found, app.id);
  if (from?.subject !== 'user_balance' || found.currency !== asked.currency)
    throw new Failure('account_not_chargeable');
  const id = withdrawalId(app.id, merchant_withdrawal_id);
  return createPayout(deps, app, { ...asked, id, from, merchant_payout_id: merchant_withdrawal_id });
};
