import { Failure } from '#kernel/failure.ts';
import type { Operator, Role } from '#platform/operator.ts';

import { isMerchantTask, type Task } from './task.ts';

type Part = 'submit' | 'decide';

/** 制单 and 复核: of money finance, of merchants operations and risk. */
const rights = {
  money: { submit: ['finance_maker'], decide: ['finance_checker'] },
  merchants: { submit: ['admin', 'operations'], decide: ['admin', 'risk'] },
} as const satisfies Record<string, Record<Part, readonly Role[]>>;

const rolesFor = (kind: Task['kind'], part: Part): readonly Role[] =>
  rights[isMerchantTask({ kind }) ? 'merchants' : 'money'][part];

/** Everybody who may submit, or decide, anything at all: asked before what was said is read. */
export const everyRoleTo = (part: Part): readonly Role[] => Object.values(rights).flatMap((desk) => desk[part]);

export const permit = ({ roles }: Operator, part: Part, kind: Task['kind']): void => {
  if (!roles.some((role) => rolesFor(kind, part).includes(role))) throw new Failure('role_required');
};
