import ipaddr from 'ipaddr.js';

/** Where a deployment lets webhooks go. `loopbackAllowed` is for one machine, never for AWS. */
export interface Reach {
  readonly loopbackAllowed: boolean;
}

/** Of IPv6 only 2000::/3 is routed at all: this leaves out the IPv4-compatible addresses, which have no name of their own. */
const isRouted = (address: ipaddr.IPv4 | ipaddr.IPv6): boolean =>
  address instanceof ipaddr.IPv4 || (address.toByteArray()[0] ?? 0) >> 5 === 1;

/**
 * Whether we may connect there: to public addresses only. Anything with a special meaning is refused, with the forms
 * that carry an IPv4 address inside (mapped, 6to4, Teredo, NAT64), whatever that address is.
 */
export const addressAllowed = (text: string, { loopbackAllowed }: Reach): boolean => {
  if (!ipaddr.isValid(text)) return false;
  const address = ipaddr.parse(text);
  const range = address.range();
  return (range === 'unicast' && isRouted(address)) || (range === 'loopback' && loopbackAllowed);
};

/** The address that a host is by itself, if it is not a name. The URL parser has made one form of octal, hex and the like. */
export const literalOf = (hostname: string): string | undefined => {
  const text = hostname.replace(/^\[|\]$/g, '');
  return ipaddr.isValid(text) ? text : undefined;
};

/** What can be said of a URL without asking anyone. A name is judged by its addresses at each delivery. */
export const urlAllowed = (text: string, reach: Reach): boolean => {
  const url = URL.parse(text);
  // Blanks and backslashes are mended by the URL parser; other readers of the same text would see another host.
  if (!url || text.length > 512 || /[\s\p{Cc}\\]/u.test(text)) return false;
  if (url.username !== '' || url.password !== '') return false;
  // A port that is the scheme's own is left out by the URL parser.
  const isPublic = url.protocol === 'https:' && url.port === '';
  const isLocal = reach.loopbackAllowed && (url.protocol === 'https:' || url.protocol === 'http:');
  if (!isPublic && !isLocal) return false;
  const literal = literalOf(url.hostname);
  return literal === undefined ? isName(url.hostname, reach) : addressAllowed(literal, reach);
};

const isName = (hostname: string, { loopbackAllowed }: Reach): boolean =>
  loopbackAllowed || !/(^|\.)localhost\.?$/.test(hostname);
