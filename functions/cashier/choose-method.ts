import { Failure } from '#kernel/failure.ts';
import { isLive } from '#payments/attempt.ts';
import type { App } from '#merchants/app.ts';
import { addAttempt } from '#payments/placing/add-attempt.ts';
import type { KnownPayer, Payment } from '#payments/payment.ts';
import type { Deps as PaymentDeps } from '#payments/placing/place-payment.ts';
import { contend, lost } from '#platform/contend.ts';

import type { Offer } from './offers.ts';
import { namedByApp } from './show-order.ts';

export type Deps = PaymentDeps & { readonly app: (id: string) => Promise<App | undefined> };

export interface Choice {
  readonly payment: Payment;
  readonly offers: readonly Offer[];
  readonly method: string;
  readonly ip: string;
  /** Who has just signed in, and at which account. */
  readonly signedIn?: Required<Pick<KnownPayer, 'openid' | 'openid_from'>>;
}

/** What a payer does is done for the app that placed the payment. */
export const activeApp = async (deps: Pick<Deps, 'app'>, { app_id }: Payment): Promise<App> => {
  const app = await deps.app(app_id);
  if (app?.status !== 'active') throw new Failure('app_suspended');
  return app;
};

/** A method in flight may be asked for again, wherever the page is open by now. */
const chosen = ({ payment, offers, method }: Choice) => {
  const offer = offers.find((other) => other.method.method === method);
  if (offer && !offer.obstacle) return offer.method.method;
  const live = payment.attempts.find((attempt) => isLive(attempt) && attempt.method === method);
  if (live) return live.method;
  throw new Failure('method_not_available');
};

/**
 * The payer chooses. Two clicks or two tabs at the same time are one attempt: whoever loses the write reads again, and then
 * finds the attempt of the other in flight.
 */
export const chooseMethod = async (deps: Deps, choice: Choice): Promise<Payment> => {
  const { payment, ip, signedIn } = choice;
  const method = chosen(choice);
  const app = await activeApp(deps, payment);
  const payer = { ...namedByApp(payment), ip, ...signedIn };
  return contend(async () => {
    try {
      return (await addAttempt(deps, app, { id: payment.id, method, payer })).payment;
    } catch (error) {
      if (error instanceof Failure && error.code === 'conflict') return lost;
      throw error;
    }
  });
};
