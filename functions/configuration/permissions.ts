import { Failure } from '#kernel/failure.ts';
import type { Route } from '#platform/http.ts';
import type { Operator, Role } from '#platform/operator.ts';

/** What an operator asks for: rows of a kind, or the audit log. An app's keys and secrets are the app's. */
export type Subject =
  | 'app'
  | 'merchant'
  | 'channel_account'
  | 'cashier_profile'
  | 'store_code'
  | 'routing_rules'
  | 'risk_rules'
  | 'fee_plan'
  | 'settlement_plan'
  | 'audit';
export type Access = 'read' | 'write';

const lookersOn = { risk: 'read', support: 'read' } as const;
const financeReads = { finance_maker: 'read', finance_checker: 'read' } as const;

/** Who may do what; who may write may read. What is not said is refused. */
const matrix: Readonly<Record<Subject, Readonly<Partial<Record<Role, Access>>>>> = {
  app: { admin: 'write', operations: 'read', product: 'read', ...lookersOn },
  merchant: { admin: 'write', operations: 'write', ...financeReads, ...lookersOn },
  channel_account: { admin: 'write', operations: 'write', ...financeReads, ...lookersOn },
  cashier_profile: { admin: 'write', product: 'write', ...lookersOn },
  store_code: { admin: 'write', operations: 'write', product: 'write', ...lookersOn },
  routing_rules: { admin: 'write', operations: 'write', product: 'read', ...lookersOn },
  risk_rules: { admin: 'write', operations: 'read', product: 'read', ...lookersOn, risk: 'write' },
  fee_plan: { admin: 'write', operations: 'read', ...financeReads, finance_maker: 'write', ...lookersOn },
  settlement_plan: { admin: 'write', operations: 'read', ...financeReads, finance_maker: 'write', ...lookersOn },
  audit: { admin: 'read', ...lookersOn },
};

const mayDo = (role: Role, access: Access, subject: Subject): boolean => {
  const right = matrix[subject][role];
  return right === 'write' || right === access;
};

export const permit = (operator: Operator, access: Access, subject: Subject): void => {
  if (!operator.roles.some((role) => mayDo(role, access, subject))) throw new Failure('role_required');
};

/** Whether the role allows it is asked before what was said is read. */
export const only = (access: Access, subject: Subject, { operation, handle }: Route<Operator>): Route<Operator> => ({
  operation,
  handle: async (request, event, operator) => {
    permit(operator, access, subject);
    return handle(request, event, operator);
  },
});
