import type { Action } from '#channels/channel.ts';

/** A form posts to us; where a channel wants a form of its own, to that origin too and nowhere else. */
const formTargets = (action: Action | undefined): string => {
  const origin = action?.type === 'form' ? URL.parse(action.url)?.origin : undefined;
  return origin && origin !== 'null' ? `'self' ${origin}` : "'self'";
};

export const policy = (action?: Action): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    `form-action ${formTargets(action)}`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ');

/** For everything that the page is made of. */
export const always = {
  'strict-transport-security': 'max-age=63072000',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
} as const;

/** The address is the key to the page: no cache, no search engine and no frame may have it. */
export const pageHeaders = (action?: Action): Record<string, string> => ({
  ...always,
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy': policy(action),
  'cross-origin-opener-policy': 'same-origin',
  'x-robots-tag': 'noindex, nofollow',
});
