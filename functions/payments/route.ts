import type { ChannelAccount } from '#channels/account.ts';
import type { ChannelKind, Method } from '#channels/channel.ts';
import { Failure } from '#kernel/failure.ts';

import type { Payer } from './payment.ts';

export interface Candidate {
  readonly account: ChannelAccount;
  readonly kind: ChannelKind;
}

interface Wanted {
  readonly method: Method;
  readonly amount: bigint;
  readonly currency: string;
  readonly payer?: Payer | undefined;
}

/** The first member of the payer that the method needs there and that is not known. */
const lacking = ({ kind }: Candidate, { method, payer }: Wanted) =>
  kind.capabilities.needs[method]?.find((member) => !payer?.[member]);

/** The merchant's first enabled account that can take this payment; each refusal says which rule it was. */
export const routeTo = (candidates: readonly Candidate[], wanted: Wanted): Candidate => {
  const { method, amount, currency } = wanted;
  const offering = candidates.filter(
    ({ account, kind }) =>
      account.status === 'enabled' && account.methods.includes(method) && kind.capabilities.methods.includes(method),
  );
  const [first] = offering;
  if (!first) throw new Failure('method_not_available');
  const informed = offering.filter((candidate) => lacking(candidate, wanted) === undefined);
  if (informed.length === 0)
    throw new Failure('payer_member_required', { detail: `${method} needs payer.${lacking(first, wanted)}` });
  const inCurrency = informed.filter(({ kind }) => kind.capabilities.currencies.includes(currency));
  if (inCurrency.length === 0) throw new Failure('currency_not_supported');
  const fitting = inCurrency.find(
    ({ kind: { capabilities } }) => amount >= capabilities.amountMin && amount <= capabilities.amountMax,
  );
  if (!fitting) throw new Failure('amount_out_of_range');
  return fitting;
};
