import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';

import { exportJWK, generateKeyPair, importJWK, SignJWT, type JWK } from 'jose';
import * as z from 'zod';

const Kept = z.object({ port: z.int(), key: z.looseObject({ kty: z.string() }) });

export interface Issuer {
  readonly url: string;
  readonly audience: string;
  token(subject: string, ...roles: readonly string[]): Promise<string>;
  stop(): Promise<void>;
}

const audience = 'suanpan-console';
const days = 86_400;

const newKey = async (): Promise<JWK> => {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  return { ...(await exportJWK(privateKey)), alg: 'RS256', kid: 'local' };
};

const listen = (server: ReturnType<typeof createServer>, port: number) =>
  new Promise<number>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address ? address.port : port);
    });
  });

/** An OIDC issuer for one machine: its key and, where it is free, its port are kept, so that tokens outlive a restart. */
export const startIssuer = async (folder: string): Promise<Issuer> => {
  const file = join(folder, 'issuer.json');
  const kept = existsSync(file) ? Kept.parse(JSON.parse(readFileSync(file, 'utf8'))) : undefined;
  const key: JWK = kept?.key ?? (await newKey());
  const { kty, n, e, alg, kid } = key;
  let url = '';
  const server = createServer((request, response) => {
    const documents: Record<string, unknown> = {
      '/.well-known/openid-configuration': { issuer: url, jwks_uri: `${url}/jwks.json` },
      '/jwks.json': { keys: [{ kty, n, e, alg, kid, use: 'sig' }] },
    };
    const document = documents[request.url ?? ''];
    response.writeHead(document ? 200 : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify(document ?? {}));
  });
  const port = await listen(server, kept?.port ?? 0).catch(() => listen(server, 0));
  url = `http://127.0.0.1:${port}`;
  writeFileSync(`${file}.tmp`, JSON.stringify({ port, key }), { mode: 0o600 });
  renameSync(`${file}.tmp`, file);
  const signingKey = await importJWK(key, 'RS256');
  return {
    url,
    audience,
    token: (subject, ...roles) =>
      new SignJWT({ 'cognito:groups': roles })
        .setProtectedHeader({ alg: 'RS256', kid: 'local' })
        .setSubject(subject)
        .setIssuer(url)
        .setAudience(audience)
        .setIssuedAt()
        .setExpirationTime(Math.floor(Date.now() / 1_000) + 400 * days)
        .sign(signingKey),
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
};
