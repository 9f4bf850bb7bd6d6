import { createHash, sign } from 'node:crypto';
import type { App } from '../stage.ts';

export interface ToSign {
  readonly method: string;
  readonly url: URL;
  readonly body?: string;
  readonly created: Date;
}

export interface Signed {
  readonly headers: Readonly<Record<string, string>>;
  /** The very text under the signature: what to compare when a signature is refused. */
  readonly base: string;
}

/** RFC 9421 with ed25519, RFC 9530 for the body: all an app needs, in one function. */
export const signed = ({ method, url, body, created }: ToSign, app: App): Signed => {
  const digest = body === undefined ? undefined : `sha-256=:${createHash('sha256').update(body).digest('base64')}:`;
  const components: readonly (readonly [string, string])[] = [
    ['@method', method],
    ['@path', url.pathname],
    ['@query', url.search === '' ? '?' : url.search],
    ...(digest === undefined ? [] : [['content-digest', digest] as const]),
  ];
  const covered = components.map(([name]) => `"${name}"`).join(' ');
  const seconds = Math.floor(created.getTime() / 1_000);
  const parameters = `(${covered});created=${seconds};keyid="${app.key_id}";alg="${app.alg}"`;
  const base = [...components.map(([name, value]) => `"${name}": ${value}`), `"@signature-params": ${parameters}`].join(
    '\n',
  );
  return {
    base,
    headers: {
      ...(digest !== undefined && { 'content-type': 'application/json', 'content-digest': digest }),
      'signature-input': `sig=${parameters}`,
      signature: `sig=:${sign(null, Buffer.from(base), app.private_key_pem).toString('base64')}:`,
    },
  };
};
