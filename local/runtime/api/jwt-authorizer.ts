import { createRemoteJWKSet, jwtVerify, type JWTPayload } from 'jose';
import * as z from 'zod';

export const JwtAuthorizerProperties = z.object({
  IdentitySource: z.array(z.string()).min(1),
  JwtConfiguration: z.object({ Issuer: z.string(), Audience: z.array(z.string()).default([]) }),
});

const Discovery = z.object({ jwks_uri: z.string() });

/** HTTP APIs verify RSA signatures only. */
const algorithms = ['RS256', 'RS384', 'RS512'];

/** Claims reach the function as text: `true`, `1735689600`, `[admin risk]`. */
const flattened = (claim: unknown): string => {
  if (Array.isArray(claim)) return `[${claim.map(flattened).join(' ')}]`;
  return typeof claim === 'object' && claim !== null ? JSON.stringify(claim) : String(claim);
};

export type Verdict =
  | 'unauthorized'
  | 'forbidden'
  | { readonly jwt: { claims: Record<string, string>; scopes: string[] | null } };

/** A JWT authorizer: the issuer's keys are fetched when the first token comes, and kept. */
export class JwtAuthorizer {
  readonly #header: string;
  readonly #query: string;
  readonly #issuer: string;
  readonly #audience: readonly string[];
  readonly #now: () => Date;
  #keys: Promise<ReturnType<typeof createRemoteJWKSet>> | undefined;

  constructor(properties: z.infer<typeof JwtAuthorizerProperties>, now: () => Date) {
    const [source = ''] = properties.IdentitySource;
    this.#header = /^\$request\.header\.(.+)$/i.exec(source)?.[1]?.toLowerCase() ?? '';
    this.#query = /^\$request\.querystring\.(.+)$/i.exec(source)?.[1] ?? '';
    this.#issuer = properties.JwtConfiguration.Issuer;
    this.#audience = properties.JwtConfiguration.Audience;
    this.#now = now;
  }

  async judge(headers: Readonly<Record<string, unknown>>, search: string, scopes: readonly string[]): Promise<Verdict> {
    const given = this.#header === '' ? new URLSearchParams(search).get(this.#query) : headers[this.#header];
    if (typeof given !== 'string' || given === '') return 'unauthorized';
    const claims = await this.#verified(given.replace(/^bearer +/i, ''));
    if (claims === undefined) return 'unauthorized';
    const { scope, scp } = claims;
    const granted = flattenedScopes(scope ?? scp);
    if (scopes.length > 0 && !scopes.some((needed) => granted.includes(needed))) return 'forbidden';
    const flat = Object.fromEntries(Object.entries(claims).map(([name, claim]) => [name, flattened(claim)]));
    return { jwt: { claims: flat, scopes: granted.length === 0 ? null : granted } };
  }

  async #verified(token: string): Promise<JWTPayload | undefined> {
    try {
      this.#keys ??= this.#fetchKeys();
      const keys = await this.#keys;
      const { payload } = await jwtVerify(token, keys, {
        issuer: this.#issuer,
        algorithms,
        currentDate: this.#now(),
        requiredClaims: ['exp'],
      });
      const named = [payload.aud ?? payload['client_id'] ?? []].flat();
      return named.some((one) => typeof one === 'string' && this.#audience.includes(one)) ? payload : undefined;
    } catch {
      return undefined;
    }
  }

  async #fetchKeys(): Promise<ReturnType<typeof createRemoteJWKSet>> {
    try {
      const response = await fetch(`${this.#issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
      const { jwks_uri: address } = Discovery.parse(await response.json());
      return createRemoteJWKSet(new URL(address));
    } catch (error) {
      // The issuer may start after this machine: the next token asks again.
      this.#keys = undefined;
      throw error;
    }
  }
}

const flattenedScopes = (scope: unknown): string[] => {
  if (Array.isArray(scope)) return scope.map(String);
  return typeof scope === 'string' && scope !== '' ? scope.split(' ') : [];
};
