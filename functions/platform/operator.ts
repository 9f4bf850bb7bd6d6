import { Failure } from '#kernel/failure.ts';

import type { Request, Route } from './http.ts';

export const roles = ['admin', 'operations', 'product', 'finance_maker', 'finance_checker', 'risk', 'support'] as const;
export type Role = (typeof roles)[number];

/** A person at the console, as the token says. */
export interface Operator {
  readonly id: string;
  readonly roles: readonly Role[];
}

/** The HTTP API flattens claims: a list of two roles arrives as the text `[admin risk]`, one may arrive as `admin`. */
const rolesIn = (claim: unknown): Role[] => {
  const names = typeof claim === 'string' ? claim.replace(/^\[|\]$/g, '').split(/[\s,]+/) : [];
  return roles.filter((role) => names.includes(role));
};

/** The gateway's JWT authorizer has checked issuer, audience, time and signature; here it is asked what the bearer may do. */
export const operatorWith =
  (rolesClaim: string, ...allowed: readonly Role[]) =>
  async ({ claims }: Request): Promise<Operator> => {
    const id = claims['sub'];
    if (typeof id !== 'string') throw new Failure('unauthorized');
    const operator = { id, roles: rolesIn(claims[rolesClaim]) };
    if (!operator.roles.some((role) => allowed.includes(role))) throw new Failure('role_required');
    return operator;
  };

/** Whether one role of those that come in allows this route is asked before what was said is read. */
export const only = (route: Route<Operator>, ...allowed: readonly Role[]): Route<Operator> => ({
  operation: route.operation,
  handle: async (request, event, operator) => {
    if (!operator.roles.some((role) => allowed.includes(role))) throw new Failure('role_required');
    return route.handle(request, event, operator);
  },
});
