import * as z from 'zod';

import { Instant } from '#kernel/business-date.ts';
import { IdOf } from '#kernel/id.ts';
import { KeyId, PublicKeyPem } from '#merchants/app.ts';
import { overlapSeconds } from '#merchants/webhook-secret.ts';
import { list, page, plain, type Operation } from '#platform/operation.ts';

import { resources, type Resource } from './resources.ts';

const byOperators = { ...plain, security: 'bearer' } as const;

/** The version that stands, counted from 1. Whoever replaces a row names the version that they have read. */
const standing = { version: z.int().min(1) };

/** Only ever in the answer to who had it made; nobody is shown it again. */
const once = (what: string) => z.string().describe(`${what}. It is shown this once.`);

/** The id in the path is called `target`, because a body may carry the `id` that was read with the row. */
const at = <Id extends string>(id: z.ZodType<Id>) => z.strictObject({ id }).transform((path) => ({ target: path.id }));

/** The four operations of one kind of configuration. */
const operationsOf = (resource: Resource) => {
  const { kind, path, schema, id } = resource;
  const noun = kind.replaceAll('_', ' ');
  const view = schema.extend(standing);
  const made = kind === 'app' ? view.extend({ webhook_secret: once('What its webhooks are signed with') }) : view;
  return {
    resource,
    find: {
      ...byOperators,
      route: `GET /admin/v1/${path}`,
      summary: `Every ${noun}, by id`,
      query: z.strictObject(page),
      answers: { 200: list(view) },
    },
    get: {
      ...byOperators,
      route: `GET /admin/v1/${path}/{id}`,
      summary: `One ${noun} as it stands`,
      path: at(id),
      answers: { 200: view },
    },
    create: {
      ...byOperators,
      route: `POST /admin/v1/${path}`,
      summary: `A new ${noun}`,
      body: resource.byCaller ? schema : schema.omit({ id: true }),
      answers: { 200: view, 201: made },
    },
    replace: {
      ...byOperators,
      route: `PUT /admin/v1/${path}/{id}`,
      summary: `Replaces the ${noun} as a whole, over the version that was read`,
      path: at(id),
      body: z.strictObject({ ...schema.shape, id: id.optional(), ...standing }),
      answers: { 200: view },
    },
  } as const;
};

export const operations = resources.map(operationsOf);

/** For the OpenAPI document. */
export const ofResources: readonly Operation[] = operations.flatMap(({ find, get, create, replace }) => [
  find,
  get,
  create,
  replace,
]);

const oneApp = at(IdOf('app'));
const validity = { not_before: Instant.optional(), not_after: Instant.optional() };
const KeyView = z.object({
  id: KeyId,
  app_id: IdOf('app'),
  alg: z.enum(['ed25519', 'rsa-v1_5-sha256', 'hmac-sha256']),
  public_key_pem: z.string().optional(),
  not_before: z.iso.datetime(),
  not_after: z.iso.datetime().optional(),
  ...standing,
});

export const findKeys = {
  ...byOperators,
  route: 'GET /admin/v1/apps/{id}/keys',
  summary: 'The keys of an app, those that have ended too',
  path: oneApp,
  answers: { 200: list(KeyView) },
} satisfies Operation;

export const addKey = {
  ...byOperators,
  route: 'POST /admin/v1/apps/{id}/keys',
  summary: 'A further key of an app; those before stay valid until they are ended',
  path: oneApp,
  body: z.discriminatedUnion('alg', [
    z.strictObject({ alg: z.enum(['ed25519', 'rsa-v1_5-sha256']), public_key_pem: PublicKeyPem, ...validity }),
    z.strictObject({ alg: z.literal('hmac-sha256'), ...validity }),
  ]),
  answers: { 201: KeyView.extend({ secret: once('Of hmac-sha256: the shared secret, in base64').optional() }) },
} satisfies Operation;

export const endKey = {
  ...byOperators,
  route: 'PUT /admin/v1/apps/{id}/keys/{key_id}',
  summary: 'Says when a key ends, or revokes it; no function believes it 30 s after that',
  path: z
    .strictObject({ id: IdOf('app'), key_id: KeyId })
    .transform(({ id, key_id }) => ({ target: id, keyId: key_id })),
  body: z.union([
    z.strictObject({ not_after: Instant, ...standing }),
    z.strictObject({ revoked: z.literal(true), ...standing }),
  ]),
  answers: { 200: KeyView },
} satisfies Operation;

export const rotateWebhookSecret = {
  ...byOperators,
  route: 'POST /admin/v1/apps/{id}/webhook-secret',
  summary: 'A new webhook secret; during the overlap deliveries are signed with the one before it too',
  path: oneApp,
  body: z.strictObject({ overlap_seconds: z.int().min(0).max(overlapSeconds).default(overlapSeconds) }),
  answers: {
    201: z.object({ webhook_secret: once('The new secret'), previous_valid_until: z.iso.datetime() }),
  },
} satisfies Operation;

export const setChannelSecrets = {
  ...byOperators,
  route: 'PUT /admin/v1/channel-accounts/{id}/secrets',
  summary: 'Sets what the channel’s own schema asks for; never shown again',
  path: at(IdOf('chn')),
  body: z
    .record(z.string().regex(/^[0-9A-Za-z_]{1,64}$/), z.string().min(1).max(16_384))
    .transform((secrets) => ({ secrets })),
  answers: { 200: z.object({ id: IdOf('chn'), changed: z.array(z.string()) }) },
} satisfies Operation;
