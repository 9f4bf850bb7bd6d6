import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';

import type { ConfigurationStore } from '#configuration/store.ts';
import { env } from '#platform/env.ts';
import { log } from '#platform/log.ts';
import { secretReader } from '#platform/secrets.ts';

import { AppSecrets } from './app.ts';
import { authenticateApp } from './authenticate-app.ts';

/** How an HTTP function finds out which app calls. */
export const appCaller = (
  { configuration, now }: { configuration: ConfigurationStore; now: () => Date },
  client: SecretsManagerClient,
) => {
  const secretsOf = secretReader(client, env('APP_SECRETS'), now);
  return authenticateApp({
    app: configuration.app,
    key: configuration.key,
    secretsOf: (appId) => secretsOf(appId, AppSecrets),
    now,
    noteRefusal: (why) => log.warn('signature refused', { why }),
  });
};
