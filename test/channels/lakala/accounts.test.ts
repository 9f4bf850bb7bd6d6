import { expect, test } from 'vitest';

import { openWith } from './world.ts';

test('an account of Lakala is refused with numbers that are none, or a key that is none', () => {
  for (const given of [{ merchant_no: '123' }, { term_no: 'D92964001' }, { qr_wallet: 'WECHAT' }, { more: 1 }])
    expect(() => openWith(given)).toThrow();
  expect(() => openWith({}, { merchant_private_key_pem: 'x' })).toThrow('not an RSA key');
});
