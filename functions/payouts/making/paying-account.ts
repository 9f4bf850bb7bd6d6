import type { OpenAccount, OpenChannel } from '#channels/open.ts';
import type { Payee } from '#channels/transfer.ts';
import { Failure } from '#kernel/failure.ts';
import type { Merchant } from '#merchants/merchant.ts';

/** The first of the merchant's accounts, in its order, that is enabled and pays out to such a payee. */
export const payingAccount = async (
  deps: { readonly open: OpenChannel },
  merchant: Merchant,
  asked: { readonly payee: Payee; readonly currency: string },
): Promise<OpenAccount> => {
  for (const id of merchant.channel_account_ids) {
    const opened = await deps.open(id);
    const { payees = [], currencies } = opened.kind.capabilities;
    const pays = payees.includes(asked.payee.kind) && currencies.includes(asked.currency);
    if (pays && opened.account.status === 'enabled' && opened.channel.transfers) return opened;
  }
  throw new Failure('payout_not_available');
};
