import { invariant } from '#kernel/failure.ts';
import { greatest, least } from '#kernel/money.ts';
import type { Attempt, Receipt } from '#payments/attempt.ts';
import { noRefunds, type Payment } from '#payments/payment.ts';
import { winners } from '#payments/stages.ts';
import type { Wallet } from '#wallets/hold.ts';

import type { Refund } from './refund.ts';

type Paid = Attempt & { readonly receipt: Receipt };

/** How a refund goes back: through the channel of one attempt, and what of it goes to a balance or card. */
export interface Legs {
  readonly attempt: Paid;
  readonly by_wallet?: bigint;
  readonly wallet?: NonNullable<Refund['wallet']>;
}

/**
 * A composite payment is refunded leg by leg: first what was charged, then what was held. The channel gives back its part
 * first, and with its success the account gets the rest; when only the account is left, the internal channel gives it back.
 * Nothing when the payment is not paid.
 */
export const legsOf = (payment: Payment, amount: bigint, wallet: Wallet | undefined): Legs | undefined => {
  const [charge, hold] = winners(payment).flatMap((attempt): Paid[] =>
    attempt.receipt ? [{ ...attempt, receipt: attempt.receipt }] : [],
  );
  if (!charge) return undefined;
  if (!hold) return { attempt: charge };
  const { succeeded, in_flight, by_wallet = 0n, paid_out_late = 0n } = payment.refunds ?? noRefunds;
  // Only what was charged is ever paid out.
  const byCharge = succeeded + in_flight - by_wallet + paid_out_late;
  const chargeLeft = greatest(0n, charge.receipt.amount - byCharge);
  const toWallet = amount - least(amount, chargeLeft);
  if (toWallet === 0n) return { attempt: charge };
  if (toWallet === amount) return { attempt: hold, by_wallet: toWallet };
  invariant(wallet !== undefined, `${payment.id} does not say whose account paid`);
  return {
    attempt: charge,
    by_wallet: toWallet,
    wallet: { ...wallet, channel_account_id: hold.channel_account_id, amount: toWallet },
  };
};
