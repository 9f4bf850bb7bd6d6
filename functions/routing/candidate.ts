import type { ChannelAccount } from '#channels/account.ts';
import type { ChannelKind, Method, PayerMember } from '#channels/channel.ts';
import { Failure } from '#kernel/failure.ts';
import type { Payer } from '#payments/payment.ts';

import type { Why } from './trace.ts';

/** A channel account that might take a payment. */
export interface Candidate {
  readonly account: ChannelAccount;
  readonly kind: ChannelKind;
}

export interface Wanted {
  readonly method: Method;
  readonly amount: bigint;
  readonly currency: string;
  /** With the terminal at which the payer stands, where it is a counter's. */
  readonly payer?: (Payer & { readonly terminal?: string | undefined }) | undefined;
}

const offers = ({ account, kind }: Candidate, method: Method) =>
  account.methods.includes(method) && kind.capabilities.methods.includes(method);

/** The first member of the payer that the method needs there and that is not known. */
const lacking = ({ kind }: Candidate, { method, payer }: Wanted) =>
  kind.capabilities.needs[method]?.find((member) => !payer?.[member]);

/** What a caller would add. */
const namedOnTheWire = (member: PayerMember | undefined) => (member === 'terminal' ? 'terminal_id' : `payer.${member}`);

/** Why an account that offers the method cannot take this payment. */
const inability = (candidate: Candidate, wanted: Wanted): Why | undefined => {
  const { account, kind } = candidate;
  const { currencies, amountMin, amountMax } = kind.capabilities;
  if (account.status !== 'enabled') return account.status;
  if (lacking(candidate, wanted)) return 'payer_member';
  if (!currencies.includes(wanted.currency)) return 'currency';
  return wanted.amount < amountMin || wanted.amount > amountMax ? 'amount' : undefined;
};

export interface Able {
  readonly candidate: Candidate;
  readonly unable: Why | undefined;
}

/** Which accounts can take a payment; each refusal says which rule it was. */
export const ableFor = (candidates: readonly Candidate[], wanted: Wanted): Able[] => {
  const offering = candidates
    .filter((candidate) => offers(candidate, wanted.method))
    .map((candidate): Able => ({ candidate, unable: inability(candidate, wanted) }));
  if (offering.some(({ unable }) => unable === undefined)) return offering;
  const unable = (why: Why) => offering.find((each) => each.unable === why);
  // The account that came nearest to taking it says what is wrong.
  if (unable('amount')) throw new Failure('amount_out_of_range');
  if (unable('currency')) throw new Failure('currency_not_supported');
  const first = unable('payer_member');
  if (first)
    throw new Failure('payer_member_required', {
      detail: `${wanted.method} needs ${namedOnTheWire(lacking(first.candidate, wanted))}`,
    });
  throw new Failure('method_not_available');
};
