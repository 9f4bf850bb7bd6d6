import { Failure } from '#kernel/failure.ts';
import { newId } from '#kernel/id.ts';
import type { AppKey } from '#merchants/app.ts';
import type { Operator } from '#platform/operator.ts';

import { giveSharedSecret, type SecretDeps } from './change-secrets.ts';
import { checkRow } from './check-row.ts';
import { createRow, putOver, standingAt } from './save-row.ts';
import type { Configured } from '#configuration/store.ts';

type NewKey = { readonly not_before?: Date | undefined; readonly not_after?: Date | undefined } & (
  | { readonly alg: 'ed25519' | 'rsa-v1_5-sha256'; readonly public_key_pem: string }
  | { readonly alg: 'hmac-sha256' }
);

const keyOf = (id: string, appId: AppKey['app_id'], { not_before, not_after, ...key }: NewKey, now: Date): AppKey => ({
  ...key,
  id,
  app_id: appId,
  not_before: not_before ?? now,
  ...(not_after && { not_after }),
});

/** A further key of an app. Of hmac-sha256 we make the secret, which is answered once and kept in Secrets Manager only. */
export const addKey = async (
  deps: SecretDeps,
  operator: Operator,
  { appId, asked }: { appId: AppKey['app_id']; asked: NewKey },
): Promise<Configured & { secret?: string }> => {
  if (!(await deps.configuration.find('app', appId))) throw new Failure('not_found');
  const now = deps.now();
  const row = keyOf(newId('key', now), appId, asked, now);
  await checkRow(deps, 'key', row);
  if (row.alg !== 'hmac-sha256') return createRow(deps, operator, { kind: 'key', row });
  const secret = await giveSharedSecret(deps, appId, row.id);
  return { ...(await createRow(deps, operator, { kind: 'key', row, secretNames: ['secret'] })), secret };
};

interface Ending {
  readonly appId: string;
  readonly keyId: string;
  readonly version: number;
  /** At once, when it is not said when. */
  readonly notAfter?: Date | undefined;
}

/** Ends a key: at an instant, which is how keys overlap, or now. An end may be brought forward, never put off. */
export const endKey = async (
  deps: SecretDeps,
  operator: Operator,
  { appId, keyId, version, notAfter = deps.now() }: Ending,
): Promise<Configured> => {
  const before = await standingAt(deps, 'key', keyId, version);
  // Another app's key is none of this one's.
  if (before.row['app_id'] !== appId) throw new Failure('not_found');
  const row = { ...before.row, not_after: notAfter };
  await checkRow(deps, 'key', row, { before: before.row });
  return putOver(deps, operator, { kind: 'key', before, row, action: 'end' });
};
