import { isDeepStrictEqual } from 'node:util';

import {
  GetSecretValueCommand,
  PutSecretValueCommand,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import * as z from 'zod';

import { Failure } from '#kernel/failure.ts';

import { cached } from './cached.ts';
import type { Exclusively } from './lease.ts';

/** One secret of Secrets Manager that holds a value for each of many ids, as JSON. It holds at most 64 KB. */
const Values = z.record(z.string(), z.unknown());

const read = async (client: SecretsManagerClient, secretId: string) => {
  const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: secretId }));
  return Values.parse(JSON.parse(SecretString ?? '{}'));
};

/** Reads the value of one id, parsed by its schema; kept for at most 30 s. */
export const secretReader = (client: SecretsManagerClient, secretId: string, now: () => Date) => {
  const all = cached(() => read(client, secretId), now);
  return async <Schema extends z.ZodType>(id: string, schema: Schema): Promise<z.output<Schema>> => {
    const value = (await all(secretId))[id];
    const parsed = schema.safeParse(value);
    // A schema's complaint may quote what it was given: it must not reach a log.
    if (!parsed.success)
      throw new Error(`the secret of ${id} is ${value === undefined ? 'missing' : 'not of the right shape'}`);
    return parsed.data;
  };
};

type Values = Readonly<Record<string, unknown>>;

/** Changes the values of some ids: gets what all are now, answers what those become. */
export type ChangeSecrets = (change: (all: Values) => Values | Promise<Values>) => Promise<void>;

/**
 * The whole map is read and written at once, and Secrets Manager knows no condition: two that wrote at the same time would
 * lose one of the two. So only one at a time does.
 */
export const secretChanger =
  (client: SecretsManagerClient, secretId: string, exclusively: Exclusively): ChangeSecrets =>
  (change) =>
    exclusively(`secret#${secretId}`, async () => {
      const all = await read(client, secretId);
      const changed = await change(all);
      if (Object.entries(changed).every(([id, value]) => isDeepStrictEqual(all[id], value))) return;
      const text = JSON.stringify({ ...all, ...changed });
      if (Buffer.byteLength(text) > 65_536)
        throw new Failure('unsupported', { detail: 'all secrets together would exceed the 64 KB that there are' });
      await client.send(new PutSecretValueCommand({ SecretId: secretId, SecretString: text }));
    });
