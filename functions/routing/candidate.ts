import type { ChannelAccount } from '#channels/account.ts';
import type { Channel, ChannelKind, Method, PayerMember } from '#channels/channel.ts';
import { Failure } from '#kernel/failure.ts';
import type { KnownPayer } from '#payments/payment.ts';

import type { Why } from './trace.ts';

/** A channel account that might take a payment. */
export interface Candidate {
  readonly account: ChannelAccount;
  readonly kind: ChannelKind;
  readonly channel?: Pick<Channel, 'signIn'>;
}

export interface Wanted {
  readonly method: Method;
  readonly amount: bigint;
  readonly currency: string;
  /** With the terminal at which the payer stands, where it is a counter's. */
  readonly payer?: (KnownPayer & { readonly terminal?: string | undefined }) | undefined;
  /** Whether the payer has a page of ours open, which can be led to where they are asked who they are. */
  readonly canSignIn?: true;
  /** 签约并支付: an agreement is signed while paying. */
  readonly isSigning?: boolean;
}

const offers = ({ account, kind }: Candidate, method: Method) =>
  account.methods.includes(method) && kind.capabilities.methods.includes(method);

const isKnown = ({ account }: Candidate, { payer }: Pick<Wanted, 'payer'>, member: PayerMember): boolean =>
  Boolean(payer?.[member]) &&
  (member !== 'openid' || payer?.openid_from === undefined || payer.openid_from === account.id);

/** Whether the payer signs in before this account can be asked. */
export const needsSignIn = (candidate: Candidate, wanted: Pick<Wanted, 'method' | 'payer'>): boolean =>
  candidate.kind.capabilities.needs[wanted.method]?.includes('openid') === true &&
  !isKnown(candidate, wanted, 'openid') &&
  candidate.channel?.signIn !== undefined;

/** The first member of the payer that the method needs there and that is not known. */
const lacking = (candidate: Candidate, wanted: Wanted) =>
  candidate.kind.capabilities.needs[wanted.method]?.find(
    (member) =>
      !isKnown(candidate, wanted, member) &&
      !(member === 'openid' && wanted.canSignIn && needsSignIn(candidate, wanted)),
  );

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

const signs = ({ kind }: Candidate, method: Method) =>
  Boolean(kind.capabilities.agreements?.whilePaying?.includes(method));

/** Which accounts can take a payment; each refusal says which rule it was. */
export const ableFor = (candidates: readonly Candidate[], wanted: Wanted): Able[] => {
  const { method, isSigning } = wanted;
  const offering = candidates
    .filter((candidate) => offers(candidate, method) && (!isSigning || signs(candidate, method)))
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
  if (isSigning && candidates.length > 0)
    throw new Failure('agreement_not_available', { detail: `no agreement can be signed while paying by ${method}` });
  throw new Failure('method_not_available');
};
