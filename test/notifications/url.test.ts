import { describe, expect, test } from 'vitest';

import { addressAllowed, urlAllowed } from '#notifications/endpoints/url.ts';

import { blockedLiterals, publicLiterals } from './addresses.ts';

const inAws = { loopbackAllowed: false };
const onOneMachine = { loopbackAllowed: true };

describe('an address to notify', () => {
  test.each(blockedLiterals)('that is %s (%s) is refused', (_, host) => {
    expect(urlAllowed(`https://${host}/hooks`, inAws)).toBe(false);
  });

  test.each(publicLiterals)('that is public (%s) is taken', (host) => {
    expect(urlAllowed(`https://${host}/hooks`, inAws)).toBe(true);
  });

  test.each([
    ['is not a URL', 'shop.example/hooks'],
    ['is empty', ''],
    ['has no host', 'https://'],
    ['is plain http', 'http://shop.example/hooks'],
    ['is a file', 'file:///etc/passwd'],
    ['is of another scheme', 'gopher://shop.example/'],
    ['is data', 'data:text/plain,hello'],
    ['names a user', 'https://user@shop.example/'],
    ['names a user and a password', 'https://user:pass@shop.example/'],
    ['hides its host behind a user', 'https://shop.example@169.254.169.254/'],
    ['hides a user behind a backslash', 'https://shop.example\\@user:pass@host.example/'],
    ['names another port', 'https://shop.example:8443/'],
    ['names the port of http', 'https://shop.example:80/'],
    ['names port zero', 'https://shop.example:0/'],
    ['names this machine', 'https://localhost/'],
    ['names this machine with a dot', 'https://localhost./'],
    ['names a name under this machine', 'https://shop.LOCALHOST/'],
    ['has a space', 'https://shop.example/a b'],
    ['has a line break', 'https://shop.example/\r\nx: y'],
    ['has a tab in its scheme', 'ht\ttps://shop.example/'],
    ['is too long', `https://shop.example/${'a'.repeat(492)}`],
  ])('that %s is refused', (_, url) => {
    expect(urlAllowed(url, inAws)).toBe(false);
  });

  test.each([
    'https://shop.example',
    'https://shop.example:443/hooks?a=b#c',
    'https://商店.example/hooks',
    'https://localhost.shop.example/',
    `https://shop.example/${'a'.repeat(491)}`,
  ])('like %s is taken', (url) => {
    expect(urlAllowed(url, inAws)).toBe(true);
  });

  test.each(['http://127.0.0.1:8080/hooks', 'http://localhost:3000/', 'https://[::1]:8443/', 'http://2130706433:80/'])(
    'on the same machine (%s) is taken on one machine only',
    (url) => {
      expect(urlAllowed(url, onOneMachine)).toBe(true);
      expect(urlAllowed(url, inAws)).toBe(false);
    },
  );

  test.each(
    blockedLiterals.filter(([why]) => !/^(IPv6 )?loopback/.test(why)).map(([why, host]) => [why, host] as const),
  )('that is %s (%s) is refused on one machine as well', (_, host) => {
    expect(urlAllowed(`https://${host}/hooks`, onOneMachine)).toBe(false);
    expect(urlAllowed(`http://${host}:8080/hooks`, onOneMachine)).toBe(false);
  });

  test.each(['http://user@127.0.0.1/', 'ftp://127.0.0.1/', `http://127.0.0.1/${'a'.repeat(500)}`])(
    'like %s is refused on one machine as well',
    (url) => {
      expect(urlAllowed(url, onOneMachine)).toBe(false);
    },
  );
});

test('what a resolver returns and cannot be read as an address is refused', () => {
  for (const text of ['', 'shop.example', '1.2.3.4.5', '::g', '8.8.8.8/8'])
    expect(addressAllowed(text, inAws)).toBe(false);
});

test('a link-local address with a zone is refused', () => {
  expect(addressAllowed('fe80::1%eth0', inAws)).toBe(false);
});

test('at least sixty ways to a blocked address are known to these tests', () => {
  expect(new Set(blockedLiterals.map(([, host]) => host)).size).toBeGreaterThanOrEqual(60);
});
