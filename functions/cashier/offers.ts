import type { ChosenMethod, Method } from '#channels/channel.ts';
import type { FailureCode } from '#kernel/failure.ts';

import { unusableIn, type Environment, type Unusable } from './environment.ts';
import type { CashierProfile, OfferedMethod } from './profile.ts';

/** Why a method that the profile names cannot be chosen: by where the page is open, or by what the platform would refuse. */
export type Obstacle = Unusable | FailureCode;

export interface Offer {
  readonly method: OfferedMethod;
  readonly obstacle: Obstacle | undefined;
  /** Shown while it lasts. */
  readonly promotion: OfferedMethod['promotion'];
}

interface Asked {
  readonly profile: CashierProfile;
  readonly environment: Environment;
  readonly now: Date;
  /** What placing it would be refused for. */
  readonly refusalOf: (method: Method) => FailureCode | undefined;
}

/** What the profile names and its business type excludes. */
export const excludedFrom = ({ methods, exclusions, business_type }: CashierProfile): ChosenMethod[] =>
  methods
    .map(({ method }) => method)
    .filter((method) => exclusions.some((each) => each.business_type === business_type && each.method === method));

/**
 * What the payer is shown, what can be used first, each part in the profile's order. Operators reorder, they do not add: what
 * cannot be used here stays visible with its reason. Only what the business type excludes is left out.
 */
export const offersOf = ({ profile, environment, now, refusalOf }: Asked): Offer[] => {
  const excluded = excludedFrom(profile);
  const offers = profile.methods
    .filter(({ method }) => !excluded.includes(method))
    .map((method): Offer => {
      const { promotion } = method;
      return {
        method,
        obstacle: unusableIn(environment, method.method) ?? refusalOf(method.method),
        promotion: promotion && promotion.from <= now && now < promotion.until ? promotion : undefined,
      };
    });
  return [...offers.filter(({ obstacle }) => !obstacle), ...offers.filter(({ obstacle }) => obstacle)];
};
