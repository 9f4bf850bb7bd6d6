import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';

import { channelKinds } from '#channels/registry.ts';
import { database } from '#platform/database.ts';
import { env } from '#platform/env.ts';
import { writeSecrets } from '#platform/secrets.ts';

import { importConfiguration } from './import-configuration.ts';
import { configurationStore } from './store.ts';

const secrets = new SecretsManagerClient();
const deps = {
  configuration: configurationStore(database(), env('CONFIG_TABLE'), () => new Date()),
  channelKind: (name: string) => channelKinds.get(name),
  writeAppSecrets: (values: Readonly<Record<string, unknown>>) => writeSecrets(secrets, env('APP_SECRETS'), values),
  writeChannelSecrets: (values: Readonly<Record<string, unknown>>) =>
    writeSecrets(secrets, env('CHANNEL_SECRETS'), values),
  loopbackAllowed: env('LOOPBACK_ALLOWED') === 'yes',
};

/** Invoked by an operator with a configuration document; answers how many rows it wrote. */
export const handler = (document: unknown) => importConfiguration(deps, document);
