import * as z from 'zod';

import { AppSecrets } from '#merchants/app.ts';
import { rotated, webhookSecretOf } from '#merchants/webhook-secret.ts';
import { Failure } from '#kernel/failure.ts';
import type { Operator } from '#platform/operator.ts';
import type { ChangeSecrets } from '#platform/secrets.ts';

import type { Ground } from '#configuration/rules.ts';
import { withSecrets, type SaveDeps } from './save-row.ts';

export interface SecretDeps extends SaveDeps, Ground {
  readonly changeAppSecrets: ChangeSecrets;
  readonly changeChannelSecrets: ChangeSecrets;
  /** So many bytes of chance. */
  readonly chance: (bytes: number) => Buffer;
}

const secretBytes = 32;

/** What an app has. What does not read as it should is never shown, nor in an error. */
const secretsIn = (all: Readonly<Record<string, unknown>>, appId: string): AppSecrets => {
  const found = AppSecrets.safeParse(all[appId]);
  if (!found.success)
    throw new Failure('unsupported', { detail: 'the app has no webhook secret yet: rotate it first' });
  return found.data;
};

const inMap = (appId: string, secrets: AppSecrets) => ({ [appId]: z.encode(AppSecrets, secrets) });

/** The first secret of an app: before the app itself, so that no app is ever without. */
export const giveWebhookSecret = async (deps: SecretDeps, appId: string): Promise<string> => {
  const webhook_secret = webhookSecretOf(deps.chance(secretBytes));
  await deps.changeAppSecrets(() => inMap(appId, { webhook_secret, hmac: {} }));
  return webhook_secret;
};

export const giveSharedSecret = async (deps: SecretDeps, appId: string, keyId: string): Promise<string> => {
  const secret = deps.chance(secretBytes).toString('base64');
  await deps.changeAppSecrets((all) => {
    const secrets = secretsIn(all, appId);
    return inMap(appId, { ...secrets, hmac: { ...secrets.hmac, [keyId]: secret } });
  });
  return secret;
};

export interface Changing {
  readonly kind: 'app' | 'channel_account';
  readonly id: string;
  readonly names: readonly string[];
}

/** Audited before it is done: a secret may be audited that was not changed after all, but none is changed unaudited. */
export const auditSecrets = async (deps: SecretDeps, operator: Operator, { kind, id, names }: Changing) => {
  const after = withSecrets({}, names);
  const refusals = await deps.audited(operator, {
    action: 'change_secrets',
    subject: { kind, id },
    before: null,
    after,
  });
  if (refusals.length > 0) throw new Failure('conflict');
};

const mustStand = async (deps: SecretDeps, kind: Changing['kind'], id: string) => {
  const found = await deps.configuration.find(kind, id);
  if (!found) throw new Failure('not_found');
  return found;
};

/** A new webhook secret; those before it stay good for the overlap. */
export const rotateWebhookSecret = async (
  deps: SecretDeps,
  operator: Operator,
  { appId, overlapSeconds }: { appId: string; overlapSeconds: number },
): Promise<{ webhook_secret: string; previous_valid_until: string }> => {
  await mustStand(deps, 'app', appId);
  await auditSecrets(deps, operator, { kind: 'app', id: appId, names: ['webhook_secret'] });
  const webhook_secret = webhookSecretOf(deps.chance(secretBytes));
  const now = deps.now();
  await deps.changeAppSecrets((all) =>
    inMap(
      appId,
      all[appId] === undefined
        ? { webhook_secret, hmac: {} }
        : rotated(secretsIn(all, appId), webhook_secret, overlapSeconds, now),
    ),
  );
  return { webhook_secret, previous_valid_until: new Date(now.getTime() + overlapSeconds * 1_000).toISOString() };
};

/** Refuses what is not what the channel asks for. Says where; a schema's own words may quote what it was given. */
export const checkChannelSecrets = (
  { channelKind }: Ground,
  channel: unknown,
  secrets: Readonly<Record<string, string>>,
  place = '',
): void => {
  const kind = typeof channel === 'string' ? channelKind(channel) : undefined;
  if (!kind) throw new Failure('invalid_request', { errors: [{ pointer: place, detail: 'there is no such account' }] });
  // A name that nobody knows is a misspelt one.
  const schema = kind.secrets instanceof z.ZodObject ? kind.secrets.strict() : kind.secrets;
  const errors = (schema.safeParse(secrets).error?.issues ?? [])
    .flatMap((issue) => (issue.code === 'unrecognized_keys' ? issue.keys.map((name) => [name]) : [issue.path]))
    .map((path) => ({
      pointer: [place, ...path.map(String)].join('/'),
      detail: 'not the secret that this channel needs',
    }));
  if (errors.length > 0) throw new Failure('invalid_request', { errors });
};

/** Sets the secrets of a channel account as a whole, when they are what its channel asks for. */
export const setChannelSecrets = async (
  deps: SecretDeps,
  operator: Operator,
  { accountId, secrets }: { accountId: string; secrets: Readonly<Record<string, string>> },
): Promise<void> => {
  const { row } = await mustStand(deps, 'channel_account', accountId);
  checkChannelSecrets(deps, row['channel'], secrets);
  await auditSecrets(deps, operator, { kind: 'channel_account', id: accountId, names: Object.keys(secrets) });
  await deps.changeChannelSecrets(() => ({ [accountId]: secrets }));
};
