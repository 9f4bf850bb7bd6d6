import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';

import { roles } from '#platform/operator.ts';

import { tables } from '../tables.ts';
import { desk, type Desk } from './desk.ts';
import { printed } from '../printed.ts';

let the: Awaited<ReturnType<typeof tables>>;
let system: Desk;
beforeAll(async () => {
  printed();
  the = await tables();
  system = await desk(the);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  await the.stop();
});

/** Who may do what, as the product says it: w writes and reads, r reads, - neither. In the order of `roles`. */
const matrix: [path: string, rights: string][] = [
  // admin, operations, product, finance_maker, finance_checker, risk, support
  ['apps', 'w r r - - r r'],
  ['merchants', 'w w - r r r r'],
  ['channel-accounts', 'w w - r r r r'],
  ['cashier-profiles', 'w - w - - r r'],
  ['store-codes', 'w w w - - r r'],
  ['routing-rules', 'w w r - - r r'],
  ['risk-rules', 'w r r - - w r'],
  ['fee-plans', 'w r - w r r r'],
  ['settlement-plans', 'w r - w r r r'],
];
const nothing = 'app_00000000000000000000000000';
const missing: Record<string, string> = {
  apps: nothing,
  merchants: nothing.replace('app', 'mch'),
  'channel-accounts': nothing.replace('app', 'chn'),
  'cashier-profiles': nothing.replace('app', 'prd'),
  'store-codes': nothing.replace('app', 'sto'),
  'routing-rules': nothing.replace('app', 'rtr'),
  'risk-rules': nothing.replace('app', 'rsk'),
  'fee-plans': 'none',
  'settlement-plans': 'none',
};
const cells = matrix.flatMap(([path, rights]) =>
  rights.split(' ').map((right, index) => ({ path, role: roles[index]!, right })),
);

test('every cell is asked for', () => expect(cells).toHaveLength(9 * 7));

describe.each(cells)('$role has $right on $path', ({ path, role, right }) => {
  const ask = async (operation: string, id?: string) =>
    (await system.call(role, operation, { ...(id && { id }), ...(operation.startsWith('GET') ? {} : { body: {} }) }))
      .status;

  test('to read', async () => {
    expect(await ask(`GET /admin/v1/${path}`)).toBe(right === '-' ? 403 : 200);
    expect(await ask(`GET /admin/v1/${path}/{id}`, missing[path])).toBe(right === '-' ? 403 : 404);
  });

  // Who may write is told what is wrong with nothing; who may not is not even read.
  test('to write', async () => {
    expect(await ask(`POST /admin/v1/${path}`)).toBe(right === 'w' ? 400 : 403);
    expect(await ask(`PUT /admin/v1/${path}/{id}`, missing[path])).toBe(right === 'w' ? 400 : 403);
  });
});

test.each(roles.map((role) => ({ role })))(
  'keys and secrets of apps and channels, and the audit, as $role',
  async ({ role }) => {
    const status = async (operation: string, id = '', key = '') =>
      (await system.call(role, operation, { id, key, ...(operation.startsWith('GET') ? {} : { body: {} }) })).status;
    const isAdmin = role === 'admin';
    const readsApps = ['admin', 'operations', 'product', 'risk', 'support'].includes(role);
    expect(await status('GET /admin/v1/apps/{id}/keys', nothing)).toBe(readsApps ? 404 : 403);
    expect(await status('POST /admin/v1/apps/{id}/keys', nothing)).toBe(isAdmin ? 400 : 403);
    expect(await status('PUT /admin/v1/apps/{id}/keys/{key_id}', nothing, 'key')).toBe(isAdmin ? 400 : 403);
    expect(await status('POST /admin/v1/apps/{id}/webhook-secret', nothing)).toBe(isAdmin ? 404 : 403);
    const setsSecrets = isAdmin || role === 'operations';
    expect(await status('PUT /admin/v1/channel-accounts/{id}/secrets', missing['channel-accounts'])).toBe(
      setsSecrets ? 404 : 403,
    );
    expect(await status('GET /admin/v1/audit')).toBe(['admin', 'risk', 'support'].includes(role) ? 200 : 403);
  },
);

test('who has no role of ours is refused everything; who has two has what either allows', async () => {
  expect((await system.call('somebody', 'GET /admin/v1/apps')).status).toBe(403);
  expect((await system.call('', 'GET /admin/v1/apps')).status).toBe(403);
  expect((await system.call('finance_maker product', 'GET /admin/v1/fee-plans')).status).toBe(200);
  expect((await system.call('finance_maker product', 'GET /admin/v1/cashier-profiles')).status).toBe(200);
});
