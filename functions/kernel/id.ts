import { createHash } from 'node:crypto';

import { ulid } from 'ulid';
import * as z from 'zod';

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const length = 26;

/** A prefix, `_`, 26 characters of Crockford base32. Ids of different things cannot be mixed. */
export type Id<Prefix extends string> = `${Prefix}_${string}`;

const Tail = z.string().regex(/^[0-9A-HJKMNP-TV-Z]{26}$/);

const made = new Map<string, z.ZodTemplateLiteral>();

/** One schema for each prefix: ids are named in two hundred places, and each schema is paid for by every cold start. */
export function IdOf<Prefix extends string>(prefix: Prefix): z.ZodTemplateLiteral<Id<Prefix>>;
export function IdOf(prefix: string): z.ZodTemplateLiteral {
  const schema = made.get(prefix) ?? z.templateLiteral([`${prefix}_`, Tail]);
  made.set(prefix, schema);
  return schema;
}

/** 26 characters of Crockford base32 (130 bits) of the SHA-256 of the parts, each closed by a NUL so that they cannot run together. */
const digest = (parts: readonly string[]): string => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part).update('\0');
  let bits = BigInt(`0x${hash.digest('hex').slice(0, 34)}`) >> 6n;
  let text = '';
  for (let at = 0; at < length; at += 1) {
    text = alphabet.charAt(Number(bits & 31n)) + text;
    bits >>= 5n;
  }
  return text;
};

/** The id of a thing that somebody else has numbered: creation, idempotency and look-up are then one key. */
export const derivedId = <Prefix extends string>(prefix: Prefix, ...parts: string[]): Id<Prefix> =>
  `${prefix}_${digest(parts)}`;

export const newId = <Prefix extends string>(prefix: Prefix, now: Date): Id<Prefix> =>
  `${prefix}_${ulid(now.getTime())}`;

/** The 26 characters behind the prefix. */
export const tail = (id: string): string => id.slice(-length);

/** Which of `count` shards a thing belongs to. The last character of a digest or a ULID is evenly spread over 32. */
export const shardOf = (id: string, count: 16): string => String(alphabet.indexOf(id.slice(-1)) % count);
