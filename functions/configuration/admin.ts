import * as z from 'zod';

import { AuditView } from '#audit/audit.ts';
import { findAudit } from '#audit/operations.ts';
import { Failure } from '#kernel/failure.ts';
import { env } from '#platform/env.ts';
import { api, created, ok, route } from '#platform/http.ts';
import { operatorWith, roles, type Operator } from '#platform/operator.ts';

import { addKey, endKey } from './changes/app-keys.ts';
import { giveWebhookSecret, rotateWebhookSecret, setChannelSecrets } from './changes/change-secrets.ts';
import { checkElsewhere, checkRow } from './changes/check-row.ts';
import { encoded, type Kind } from './document.ts';
import * as operations from './operations.ts';
import { only } from './permissions.ts';
import { createRow, replaceRow } from './changes/save-row.ts';
import type { Configured } from './store.ts';
import { wire } from './wire.ts';

const deps = wire();

const view = (kind: Kind, { row, version }: Configured) => ({ ...encoded(kind, row), version });

const Cursor = z.string().regex(/^[\w.-]{1,128}$/);
const toCursor = (id: string | undefined) => (id === undefined ? null : Buffer.from(id).toString('base64url'));
const fromCursor = (cursor: string | undefined): string | undefined => {
  if (cursor === undefined) return undefined;
  const id = Cursor.safeParse(Buffer.from(cursor, 'base64url').toString('utf8'));
  if (!id.success) throw new Failure('invalid_request', { errors: [{ pointer: '/cursor', detail: 'not a cursor' }] });
  return id.data;
};

/** What an app is given with its making, beside its row. */
const birthSecrets = async (kind: Kind, id: string): Promise<Record<string, string>> =>
  kind === 'app' ? { webhook_secret: await giveWebhookSecret(deps, id) } : {};

const routesOf = ({ resource, find, get, create, replace }: (typeof operations.operations)[number]) => {
  const { kind, idOf } = resource;
  return [
    only(
      'read',
      kind,
      route(find, async (_, { limit, cursor }) => {
        const { found, next } = await deps.configuration.page(kind, { limit, after: fromCursor(cursor) });
        return ok({ data: found.map((each) => view(kind, each)), next_cursor: toCursor(next) });
      }),
    ),
    only(
      'read',
      kind,
      route(get, async (_, { target }) => {
        const found = await deps.configuration.find(kind, target);
        if (!found) throw new Failure('not_found');
        return ok(view(kind, found));
      }),
    ),
    only(
      'write',
      kind,
      route(create, async (operator: Operator, given) => {
        const row = { ...given, id: idOf(given, deps.now()) };
        checkElsewhere(kind, row, undefined);
        await checkRow(deps, kind, row);
        const secrets = await birthSecrets(kind, row.id);
        const { isNew, ...made } = await createRow(deps, operator, { kind, row, secretNames: Object.keys(secrets) });
        return isNew ? created({ ...view(kind, made), ...secrets }) : ok(view(kind, made));
      }),
    ),
    only(
      'write',
      kind,
      route(replace, async (operator: Operator, { target, id = target, version, ...given }) => {
        if (id !== target)
          throw new Failure('invalid_request', { errors: [{ pointer: '/id', detail: 'not the id of the address' }] });
        return ok(view(kind, await replaceRow(deps, operator, { kind, row: { ...given, id: target }, version })));
      }),
    ),
  ];
};

const ofApps = [
  only(
    'read',
    'app',
    route(operations.findKeys, async (_, { target }) => {
      if (!(await deps.exists('app', target))) throw new Failure('not_found');
      const keys = await deps.configuration.keysOf(target);
      return ok({ data: keys.map((key) => view('key', key)), next_cursor: null });
    }),
  ),
  only(
    'write',
    'app',
    route(operations.addKey, async (operator: Operator, { target, ...asked }) => {
      const { secret, ...key } = await addKey(deps, operator, { appId: target, asked });
      return created({ ...view('key', key), secret });
    }),
  ),
  only(
    'write',
    'app',
    route(operations.endKey, async (operator: Operator, { target, keyId, version, ...asked }) => {
      const notAfter = 'not_after' in asked ? asked.not_after : undefined;
      return ok(view('key', await endKey(deps, operator, { appId: target, keyId, version, notAfter })));
    }),
  ),
  only(
    'write',
    'app',
    route(operations.rotateWebhookSecret, async (operator: Operator, { target, overlap_seconds }) =>
      created(await rotateWebhookSecret(deps, operator, { appId: target, overlapSeconds: overlap_seconds })),
    ),
  ),
];

const secretsOfChannels = only(
  'write',
  'channel_account',
  route(operations.setChannelSecrets, async (operator: Operator, { target, secrets }) => {
    await setChannelSecrets(deps, operator, { accountId: target, secrets });
    return ok({ id: target, changed: Object.keys(secrets) });
  }),
);

const audit = only(
  'read',
  'audit',
  route(findAudit, async (_, { subject_id: subjectId, limit, cursor }) => {
    const { found, next } = await deps.audits.page({ subjectId, limit, cursor });
    return ok({ data: found.map((entry) => z.encode(AuditView, entry)), next_cursor: next });
  }),
);

export const handler = api(
  operatorWith(env('ROLES_CLAIM'), ...roles),
  ...operations.operations.flatMap(routesOf),
  ...ofApps,
  secretsOfChannels,
  audit,
);
