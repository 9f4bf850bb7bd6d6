import { randomBytes } from 'node:crypto';

import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';

import { auditStore } from '#audit/store.ts';
import { channelKinds } from '#channels/registry.ts';
import { database } from '#platform/database.ts';
import { env } from '#platform/env.ts';
import { leases } from '#platform/lease.ts';
import { secretChanger } from '#platform/secrets.ts';

import type { Kind } from './document.ts';
import { configurationStore } from './store.ts';

const now = () => new Date();

/** What every function that writes configuration needs, made once for each environment. */
export const wire = () => {
  const db = database();
  const secrets = new SecretsManagerClient();
  const exclusively = leases(db, env('CONFIG_TABLE'), now);
  const configuration = configurationStore(db, env('CONFIG_TABLE'), now);
  const audits = auditStore(db, env('BOOKS_TABLE'), now);
  return {
    configuration,
    audits,
    audited: audits.audited,
    exists: async (kind: Kind, id: string) => (await configuration.find(kind, id)) !== undefined,
    channelKind: (name: string) => channelKinds.get(name),
    changeAppSecrets: secretChanger(secrets, env('APP_SECRETS'), exclusively),
    changeChannelSecrets: secretChanger(secrets, env('CHANNEL_SECRETS'), exclusively),
    loopbackAllowed: env('LOOPBACK_ALLOWED') === 'yes',
    chance: (bytes: number) => randomBytes(bytes),
    now,
  };
};
