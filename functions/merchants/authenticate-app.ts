import { Failure } from '#kernel/failure.ts';
import type { Request } from '#platform/http.ts';

import type { App, AppKey, AppSecrets } from './app.ts';
import {
  digestMatches,
  publicKey,
  readSignature,
  signatureBase,
  SignatureRefused,
  verifiers,
  type Verifier,
} from './signature.ts';

interface Deps {
  readonly app: (id: string) => Promise<App | undefined>;
  readonly key: (id: string) => Promise<AppKey | undefined>;
  readonly secretsOf: (appId: string) => Promise<AppSecrets>;
  readonly now: () => Date;
  readonly noteRefusal: (why: string) => void;
}

const windowSeconds = 300;
const label = 'sig';

/** Making a key object from PEM costs more than verifying with it. */
const keyObjects = new Map<string, ReturnType<typeof publicKey>>();
const keyObject = (pem: string) => {
  const known = keyObjects.get(pem) ?? publicKey(pem);
  if (keyObjects.size < 1_000) keyObjects.set(pem, known);
  return known;
};

const verifierOf = async ({ secretsOf }: Deps, key: AppKey): Promise<Verifier> => {
  if (key.alg !== 'hmac-sha256') return verifiers[key.alg](keyObject(key.public_key_pem));
  const secret = (await secretsOf(key.app_id)).hmac[key.id];
  if (secret === undefined) throw new SignatureRefused('the key has no secret');
  return verifiers['hmac-sha256'](Buffer.from(secret, 'base64'));
};

const isValid = ({ not_before, not_after }: AppKey, now: Date) => not_before <= now && (!not_after || now < not_after);

const coversAll = (components: readonly string[], hasBody: boolean) =>
  ['@method', '@path', '@query'].every((name) => components.includes(name)) &&
  components.includes('content-digest') === hasBody;

const check = (fact: boolean, why: string) => {
  if (!fact) throw new SignatureRefused(why);
};

const verified = async (deps: Deps, request: Request): Promise<AppKey> => {
  const now = deps.now();
  const hasBody = request.body.length > 0;
  const signature = readSignature(request.headers, label);
  check(coversAll(signature.components, hasBody), 'the signature is partial');
  check(Math.abs(now.getTime() - signature.created.getTime()) <= windowSeconds * 1_000, 'the signature is stale');
  check(signature.expires === undefined || now < signature.expires, 'the signature has expired');
  check(/^[0-9A-Za-z._-]{1,64}$/.test(signature.keyId), 'the key id is malformed');
  const key = await deps.key(signature.keyId);
  if (!key || key.alg !== signature.alg || !isValid(key, now))
    throw new SignatureRefused('the key is unknown or not valid');
  const verify = await verifierOf(deps, key);
  check(verify(signatureBase(request, signature.covered), signature.bytes), 'the signature is wrong');
  if (hasBody) check(digestMatches(request.headers['content-digest'], request.body), 'the digest is wrong');
  return key;
};

/**
 * Who calls, by RFC 9421. Wrong, missing, stale, partial, unknown: one constant answer for all; the reason goes to our log.
 * Only who has signed is told that the app is suspended.
 */
export const authenticateApp =
  (deps: Deps) =>
  async (request: Request): Promise<App> => {
    const key = await verified(deps, request).catch((error: unknown) => {
      if (!(error instanceof SignatureRefused)) throw error;
      deps.noteRefusal(error.message);
      throw new Failure('signature_invalid', {}, { cause: error });
    });
    const app = await deps.app(key.app_id);
    if (!app) throw new Failure('signature_invalid');
    if (app.status !== 'active') throw new Failure('app_suspended');
    return app;
  };
