import { setTimeout as pause } from 'node:timers/promises';

import { GetSecretValueCommand, PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { mockClient } from 'aws-sdk-client-mock';
import { vi } from 'vitest';

import type { tables } from '../tables.ts';

/** The console's function over embedded tables, called as the HTTP API calls it. Secrets Manager is a map. */
export const desk = async (the: Awaited<ReturnType<typeof tables>>) => {
  const secrets = new Map<string, string>();
  const mock = mockClient(SecretsManagerClient);
  mock.on(GetSecretValueCommand).callsFake(({ SecretId }) => ({ SecretString: secrets.get(SecretId) ?? '{}' }));
  const outage = { of: 'nothing' };
  mock.on(PutSecretValueCommand).callsFake(async ({ SecretId, SecretString }) => {
    if (outage.of === SecretId) throw new Error('Secrets Manager does not answer');
    // Long enough for others to come between a read and its write.
    await pause(5);
    secrets.set(SecretId, SecretString);
    return {};
  });
  for (const [name, value] of Object.entries({
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_ENDPOINT_URL_DYNAMODB: the.url,
    BOOKS_TABLE: 'books',
    CONFIG_TABLE: 'config',
    APP_SECRETS: 'apps',
    CHANNEL_SECRETS: 'channels',
    LOOPBACK_ALLOWED: 'no',
    ROLES_CLAIM: 'groups',
  }))
    vi.stubEnv(name, value);
  const { handler } = await import('#configuration/admin.ts');

  /** Calls one operation as somebody with these roles. */
  const call = async (
    roles: string,
    operation: string,
    given: { id?: string; key?: string; query?: string; body?: unknown } = {},
  ) => {
    const [method = '', template = ''] = operation.split(' ');
    const { id, key, query = '', body } = given;
    const path = template.replace('{id}', id ?? '').replace('{key_id}', key ?? '');
    const event = {
      version: '2.0',
      rawPath: path,
      rawQueryString: query,
      headers: {},
      pathParameters: { ...(id && { id }), ...(key && { key_id: key }) },
      requestContext: {
        requestId: 'trace',
        http: { method, path },
        authorizer: { jwt: { claims: { sub: `a ${roles}`, groups: `[${roles}]` } } },
      },
      body: body === undefined ? undefined : JSON.stringify(body),
      isBase64Encoded: false,
    };
    const answer = await handler(event as never, {} as never);
    return { status: answer.statusCode ?? 0, body: JSON.parse(answer.body ?? '{}') };
  };

  return { call, secrets, outage };
};
export type Desk = Awaited<ReturnType<typeof desk>>;
