import type { Method, SignIn } from '#channels/channel.ts';
import { Failure, type FailureCode } from '#kernel/failure.ts';
import type { Merchant } from '#merchants/merchant.ts';
import { isLive } from '#payments/attempt.ts';
import { routedOf } from '#payments/placing/new-attempts.ts';
import type { Payer, Payment } from '#payments/payment.ts';
import { needsSignIn } from '#routing/candidate.ts';
import { router, type Deps as RouteDeps } from '#routing/choose-account.ts';

import { environmentOf, type Environment } from './environment.ts';
import { isAlive, isTokenOf } from './link.ts';
import { offersOf, type Offer } from './offers.ts';
import { inForce } from './profile.ts';
import type { SignInPlan } from './sign-in.ts';

export interface Deps extends RouteDeps {
  readonly key: () => Promise<string>;
  readonly find: (id: string) => Promise<Payment | undefined>;
  readonly merchant: (id: string) => Promise<Merchant | undefined>;
}

/** The payment of an address. A wrong token reads nothing, and answers like a payment that does not exist. */
export const paymentOf = async (
  deps: Pick<Deps, 'key' | 'find' | 'now'>,
  { id, token }: { id: string; token: string },
): Promise<Payment | undefined> => {
  if (!isTokenOf(await deps.key(), id, token)) return undefined;
  const payment = await deps.find(id);
  return payment && isAlive(payment, deps.now()) ? payment : undefined;
};

export const refusalOf =
  (decide: (method: Method) => unknown) =>
  (method: Method): FailureCode | undefined => {
    try {
      decide(method);
      return undefined;
    } catch (error) {
      if (error instanceof Failure) return error.code;
      throw error;
    }
  };

/** What a browser tells of itself and of where it is. */
export interface Visitor {
  readonly userAgent: string;
  readonly ip: string;
}

export interface Order {
  readonly payment: Payment;
  readonly merchant: Merchant;
  readonly environment: Environment;
  readonly offers: readonly Offer[];
  /** Where the payer signs in before this method can be used; nothing where they are known. Of methods that are offered. */
  readonly signInAt: (method: Method) => SignInAt | undefined;
}

interface SignInAt {
  readonly plan: SignInPlan;
  readonly signIn: SignIn;
}

/** The payer as the app has named them: what a sign-in told before was of whoever had the page open then. */
export const namedByApp = ({ payer }: Payment): Payer => {
  const { openid_from, ...named } = payer ?? {};
  return openid_from === undefined ? named : { ...named, openid: undefined };
};

/** Where the payer signs in for a choice; nothing where there is nothing to choose, or it is in flight. */
export const signInFor = ({ payment, offers, signInAt }: Order, method: string): SignInAt | undefined => {
  const offer = offers.find((each) => each.method.method === method && !each.obstacle);
  const isInFlight = payment.attempts.some((attempt) => isLive(attempt) && attempt.method === method);
  return offer && !isInFlight ? signInAt(offer.method.method) : undefined;
};

/** Everything about an order that its page shows: what can be chosen is decided here, from the browser and the profile. */
export const showOrder = async (deps: Deps, payment: Payment, { userAgent, ip }: Visitor): Promise<Order> => {
  const [merchant, found] = await Promise.all([
    deps.merchant(payment.merchant_id),
    payment.product_code === undefined ? undefined : deps.profile(payment.app_id, payment.product_code),
  ]);
  if (!merchant) throw new Error(`the merchant of ${payment.id} is gone`);
  const now = deps.now();
  const profile = inForce(found, now);
  const environment = environmentOf(userAgent, profile?.app_type);
  if (!profile) return { payment, merchant, environment, offers: [], signInAt: () => undefined };
  const amount = payment.amount - (payment.prepaid?.amount ?? 0n);
  const payer = { ...namedByApp(payment), ip };
  const paying = {
    ...routedOf({ ...payment, amount, payer }, payment.attempts.length + 1),
    canSignIn: true as const,
  };
  const methods = profile.methods.map(({ method }) => method);
  const decide = await router(deps, merchant, paying, methods);
  return {
    payment,
    merchant,
    environment,
    offers: offersOf({ profile, environment, now, refusalOf: refusalOf(decide) }),
    signInAt: (method) => {
      const { chosen } = decide(method);
      const signIn = needsSignIn(chosen, { method, payer }) ? chosen.channel?.signIn : undefined;
      return signIn && { plan: { account: chosen.account.id, method }, signIn };
    },
  };
};
