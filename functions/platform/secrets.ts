import {
  GetSecretValueCommand,
  PutSecretValueCommand,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import * as z from 'zod';

import { cached } from './cached.ts';

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

/** Adds or replaces the values of some ids. Operators change secrets one at a time; the last one wins. */
export const writeSecrets = async (
  client: SecretsManagerClient,
  secretId: string,
  values: Readonly<Record<string, unknown>>,
): Promise<void> => {
  if (Object.keys(values).length === 0) return;
  const text = JSON.stringify({ ...(await read(client, secretId)), ...values });
  if (Buffer.byteLength(text) > 65_536) throw new Error('the secret would exceed 64 KB: split it before adding more');
  await client.send(new PutSecretValueCommand({ SecretId: secretId, SecretString: text }));
};
