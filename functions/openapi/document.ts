import * as z from 'zod';

import * as agreements from '#agreements/operations.ts';
import * as approvals from '#approvals/operations.ts';
import * as audit from '#audit/operations.ts';
import * as callbacks from '#callbacks/operations.ts';
import * as cashier from '#cashier/operations.ts';
import * as claims from '#claims/operations.ts';
import * as configuration from '#configuration/operations.ts';
import * as ledger from '#ledger/operations.ts';
import * as notifications from '#notifications/operations.ts';
import * as onboarding from '#onboarding/operations.ts';
import * as payments from '#payments/operations.ts';
import * as payouts from '#payouts/operations.ts';
import { plain, type Operation } from '#platform/operation.ts';
import * as reconciliation from '#reconciliation/operations.ts';
import * as refunds from '#refunds/operations.ts';
import * as remittances from '#remittances/operations.ts';
import * as routing from '#routing/operations.ts';
import * as settlement from '#settlement/operations.ts';
import * as traces from '#traces/operations.ts';
import * as wallets from '#wallets/operations.ts';

const isOperation = (value: unknown): value is Operation =>
  typeof value === 'object' && value !== null && 'route' in value && 'security' in value;

/** Every operation of the HTTP API, from the same tables that the handlers are made of. */
export const allOperations: readonly Operation[] = [
  payments,
  cashier,
  refunds,
  payouts,
  agreements,
  ledger,
  wallets,
  settlement,
  claims,
  reconciliation,
  remittances,
  callbacks,
  traces,
  notifications,
  approvals,
  configuration,
  onboarding,
  routing,
  audit,
]
  .flatMap((capability): unknown[] => Object.values(capability).flat())
  .filter(isOperation);

const Problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.string(),
  retry: z.enum(['retry', 'do_not_retry', 'query_first']),
  trace_id: z.string(),
  errors: z.array(z.object({ pointer: z.string(), detail: z.string() })).optional(),
});

/** JSON Schema 2020-12, as OpenAPI 3.1 uses it; what comes in is described as the wire has it, before decoding. */
const schemaOf = (schema: z.ZodType, io: 'input' | 'output') => {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return rest;
};

const Members = z.object({
  properties: z.record(z.string(), z.unknown()).default({}),
  required: z.array(z.string()).default([]),
});

const parametersOf = (place: 'path' | 'query', schema: z.ZodType) => {
  const { properties, required } = Members.parse(schemaOf(schema, 'input'));
  return Object.entries(properties).map(([name, member]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    schema: member,
  }));
};

const json = (schema: unknown, type = 'application/json') => ({ content: { [type]: { schema } } });

const security = { signature: [{ http_message_signature: [] }], bearer: [{ bearer: [] }], none: [] } as const;

const describe = (operation: Operation) => {
  const hasBody = !operation.route.startsWith('GET') && operation.body !== plain.body;
  return {
    summary: operation.summary,
    security: security[operation.security],
    parameters: [...parametersOf('path', operation.path), ...parametersOf('query', operation.query)],
    ...(hasBody && { requestBody: { required: true, ...json(schemaOf(operation.body, 'input')) } }),
    responses: {
      ...Object.fromEntries(
        Object.entries(operation.answers).map(([status, answer]) => [
          status,
          { description: operation.summary, ...json(schemaOf(answer, 'input')) },
        ]),
      ),
      default: {
        description: 'A refusal',
        ...json({ $ref: '#/components/schemas/Problem' }, 'application/problem+json'),
      },
    },
  };
};

/** The OpenAPI 3.1 document of this deployment. */
export const openApi = (server: string) => {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const operation of allOperations) {
    const [method = '', path = ''] = operation.route.split(' ');
    paths[path] = { ...paths[path], [method.toLowerCase()]: describe(operation) };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Suanpan', version: '1.0.0', description: 'Amounts are integers in minor units of their currency.' },
    servers: [{ url: server }],
    paths,
    components: {
      schemas: { Problem: schemaOf(Problem, 'output') },
      securitySchemes: {
        http_message_signature: {
          type: 'apiKey',
          in: 'header',
          name: 'Signature',
          description:
            'RFC 9421 over "@method" "@path" "@query" and, with a body, "content-digest" (RFC 9530, sha-256)',
        },
        bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
      },
    },
  };
};
