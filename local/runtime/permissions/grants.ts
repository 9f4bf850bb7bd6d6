import * as z from 'zod';

import type { Deployment } from '../assembly/deployment.ts';
import type { Need } from './needs.ts';

/** One action on one resource that the role of a function allows; `*` stands for anything. */
export interface Grant {
  readonly function: string;
  readonly action: string;
  readonly resource: string;
  /** Only rows whose partition keys all look like one of these. */
  readonly keys?: readonly string[];
}

const OneOrMore = z.union([z.string().transform((one) => [one]), z.array(z.string())]);
const Statement = z.strictObject({
  Sid: z.string().optional(),
  Effect: z.literal('Allow'),
  Action: OneOrMore,
  Resource: OneOrMore,
  Condition: z
    .strictObject({ 'ForAllValues:StringLike': z.strictObject({ 'dynamodb:LeadingKeys': OneOrMore }) })
    .optional(),
});
const Policy = z.object({
  PolicyDocument: z.object({ Statement: z.array(z.unknown()) }),
  Roles: z.array(z.string()).default([]),
});
const WithRole = z.object({ Role: z.string() });

/** What each function's role allows. A statement of a kind that is not understood is refused, never overlooked. */
export const grantsOf = (deployment: Deployment): Grant[] => {
  const policies = deployment.passive('AWS::IAM::Policy').map(({ properties }) => Policy.parse(properties));
  return deployment.ofType('AWS::Lambda::Function').flatMap(({ name, properties }) => {
    const role = WithRole.parse(properties).Role.split(':').at(-1) ?? '';
    return policies
      .filter(({ Roles }) => Roles.includes(role))
      .flatMap(({ PolicyDocument }) => PolicyDocument.Statement.map((each) => Statement.parse(each)))
      .flatMap(({ Action, Resource, Condition }) =>
        Action.flatMap((action) =>
          Resource.map((resource) => ({
            function: name,
            action,
            resource,
            ...(Condition && { keys: Condition['ForAllValues:StringLike']['dynamodb:LeadingKeys'] }),
          })),
        ),
      );
  });
};

const regexps = new Map<string, RegExp>();

/** Of a pattern in which `*` stands for anything and `?` for a letter; each is made once. */
const regexpOf = (pattern: string): RegExp => {
  const made =
    regexps.get(pattern) ??
    new RegExp(
      `^${pattern
        .replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
        .replaceAll('*', '.*')
        .replaceAll('?', '.')}$`,
    );
  regexps.set(pattern, made);
  return made;
};

const isLike = (text: string, pattern: string): boolean => regexpOf(pattern).test(text);

/** Whether this grant is one that allows this. */
export const allows = (grant: Grant, need: Need): boolean =>
  grant.function === need.function &&
  isLike(need.action, grant.action) &&
  isLike(need.resource, grant.resource) &&
  (grant.keys === undefined || need.keys.every((key) => grant.keys?.some((pattern) => isLike(key, pattern))));
