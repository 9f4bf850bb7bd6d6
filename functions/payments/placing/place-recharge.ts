import type * as z from 'zod';

import { Failure } from '#kernel/failure.ts';
import type { Account } from '#ledger/account.ts';
import type { App } from '#merchants/app.ts';
import { walletOf } from '#wallets/make-hold.ts';

import type { RechargeToPlace } from '../operations.ts';
import type { Payment } from '../payment.ts';
import { placePayment, type Deps as PlaceDeps } from './place-payment.ts';

export type Deps = PlaceDeps & { readonly findAccount: (id: string) => Promise<Account | undefined> };

/** Money for one of the app's own users; another's account does not exist. */
export const placeRecharge = async (
  deps: Deps,
  app: App,
  { account, merchant_recharge_id, ...asked }: z.output<typeof RechargeToPlace>,
): Promise<{ payment: Payment; isNew: boolean }> => {
  const found = await deps.findAccount(account);
  if (found?.app_id !== app.id) throw new Failure('not_found', { detail: 'there is no such account of a user' });
  const beneficiary = walletOf(found, app.id);
  if (!beneficiary || found.currency !== asked.currency) throw new Failure('account_not_chargeable');
  return placePayment(deps, app, { ...asked, merchant_order_id: merchant_recharge_id }, { beneficiary });
};
