import { randomBytes } from 'node:crypto';

import * as fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { expect, test } from 'vitest';

import { AppSecrets } from '#merchants/app.ts';
import { noticeOf } from '#notifications/notice.ts';
import { headersOf, signature } from '#notifications/signature.ts';

import { appId, event, url, webhook_secret } from './world.ts';

test('the published vector of Standard Webhooks is reproduced', () => {
  const id = 'msg_p5jXN8AQM9LWM0D4loKWxJek';
  expect(signature('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', id, 1_614_265_330, '{"test": 2432232314}')).toBe(
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  );
});

test('our own published vector stands', () => {
  const notice = noticeOf({ ...event(), appId }, url, new Date('2026-01-31T02:03:04.000Z'));
  expect(notice.body).toBe(
    '{"type":"payment.paid","timestamp":"2026-01-31T02:03:03.999Z","data":{"id":"pay_1","amount":8888,"subject":"算盘 ✓"}}',
  );
  const headers = headersOf(notice, [webhook_secret], new Date('2026-01-31T02:03:04.999Z'));
  expect(headers).toEqual({
    'content-type': 'application/json',
    'webhook-id': 'evt_M51W6589V0Z6FW3948SBHC4ZXB',
    'webhook-timestamp': '1769824984',
    'webhook-signature': 'v1,Soez9Qu4zhrwUmGrhDUKopoEuzsFiymOdX6kiQaRCXs=',
  });
});

test('the library of the standard verifies whatever is signed, and nothing that was changed after', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom(24, 32, 48, 64), (data, bytes) => {
      const secret = AppSecrets.shape.webhook_secret.parse(`whsec_${randomBytes(bytes).toString('base64')}`);
      const { body, ...notice } = noticeOf({ ...event({ data }), appId }, url, new Date());
      const headers = headersOf({ ...notice, body }, [secret], new Date());
      const library = new Webhook(secret);
      expect(library.verify(body, headers)).toEqual(JSON.parse(body));
      expect(() => library.verify(`${body} `, headers)).toThrow('No matching signature');
      expect(() => library.verify(body, { ...headers, 'webhook-id': 'evt_other' })).toThrow('No matching signature');
      const later = String(Number(headers['webhook-timestamp']) + 1);
      expect(() => library.verify(body, { ...headers, 'webhook-timestamp': later })).toThrow('No matching signature');
    }),
  );
});
