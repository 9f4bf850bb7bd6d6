import { auditStore } from '#audit/store.ts';
import { Failure } from '#kernel/failure.ts';
import { wire } from '#payments/wire.ts';
import { database } from '#platform/database.ts';
import { env } from '#platform/env.ts';
import { api, ok, route } from '#platform/http.ts';
import { operatorWith, type Operator, type Role } from '#platform/operator.ts';

import * as operations from './operations.ts';
import { findCallbacks, replayCallback, type Shown } from './replay-callback.ts';
import { callbackLists } from './store.ts';
import { callbackView } from './view.ts';
import { callbackDeps } from './wire.ts';

const db = database();
const wired = wire(db);
const deps = { ...callbackDeps(wired, db), lists: callbackLists(db, env('BOOKS_TABLE')) };
const { audited } = auditStore(db, env('BOOKS_TABLE'), wired.now);

const seesRaw: readonly Role[] = ['admin', 'operations', 'finance_maker', 'finance_checker'];
const mayReplay: readonly Role[] = ['admin', 'operations', 'finance_maker'];

const has = ({ roles }: Operator, wanted: readonly Role[]) => roles.some((role) => wanted.includes(role));

const audit =
  (operator: Operator) =>
  ({ id, status }: Shown) =>
    audited(operator, { action: 'request', subject: { kind: 'callback', id }, before: { status }, after: null });

export const handler = api(
  operatorWith(env('ROLES_CLAIM'), ...seesRaw, 'risk', 'support'),
  route(operations.findCallbacks, async (operator, { status, limit, cursor }) => {
    const { found, next } = await findCallbacks(deps, { status, limit, cursor });
    const withRaw = has(operator, seesRaw);
    return ok({ data: found.map((callback) => callbackView(callback, { withRaw })), next_cursor: next });
  }),
  route(operations.replayCallback, async (operator, { id }) => {
    if (!has(operator, mayReplay)) throw new Failure('role_required');
    const callback = await replayCallback({ ...deps, audit: audit(operator) }, id);
    return ok(callbackView(callback, { withRaw: has(operator, seesRaw) }));
  }),
);
