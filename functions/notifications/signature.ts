import { createHmac } from 'node:crypto';

import type { Notice } from './notice.ts';

/** Standard Webhooks 1.0, symmetric. The signed text is `id.timestamp.body`, the key what follows `whsec_`. */
export const signature = (secret: string, id: string, timestamp: number, body: string): string => {
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
};

/**
 * The headers of one delivery. Its time is its own, so that an app can refuse a replay. While a secret is being rotated
 * there is a signature of each, and an app believes it when one of them is right.
 */
export const headersOf = (
  { event_id, body }: Pick<Notice, 'event_id' | 'body'>,
  secrets: readonly string[],
  now: Date,
): Record<string, string> => {
  const timestamp = Math.floor(now.getTime() / 1_000);
  return {
    'content-type': 'application/json',
    'webhook-id': event_id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': secrets.map((secret) => signature(secret, event_id, timestamp, body)).join(' '),
  };
};
