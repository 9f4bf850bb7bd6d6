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

/** What a method needs to know of the payer. */
const needs = (method: Method): keyof Payer | undefined => {
  if (method === 'wechat_jsapi') return 'openid';
  return method.endsWith('_code') ? 'auth_code' : undefined;
};

/** The merchant's first enabled account that can take this payment; each refusal says which rule it was. */
export const routeTo = (candidates: readonly Candidate[], { method, amount, currency, payer }: Wanted): Candidate => {
  const offering = candidates.filter(
    ({ account, kind }) =>
      account.status === 'enabled' && account.methods.includes(method) && kind.capabilities.methods.includes(method),
  );
  if (offering.length === 0) throw new Failure('method_not_available');
  const need = needs(method);
  if (need && !payer?.[need]) throw new Failure('payer_member_required', { detail: `${method} needs payer.${need}` });
  const inCurrency = offering.filter(({ kind }) => kind.capabilities.currencies.includes(currency));
  if (inCurrency.length === 0) throw new Failure('currency_not_supported');
  const fitting = inCurrency.find(
    ({ kind: { capabilities } }) => amount >= capabilities.amountMin && amount <= capabilities.amountMax,
  );
  if (!fitting) throw new Failure('amount_out_of_range');
  return fitting;
};
