import { expect, test } from 'vitest';

import type { AppSecrets } from '#merchants/app.ts';
import { overlapSeconds, rotated, webhookSecretOf, webhookSecretsAt } from '#merchants/webhook-secret.ts';
import { noticeOf } from '#notifications/notice.ts';
import { headersOf, signature } from '#notifications/signature.ts';

import { event } from '../notifications/world.ts';

const begin = Date.parse('2026-03-02T02:00:00.000Z');
const after = (seconds: number) => new Date(begin + seconds * 1_000);
const secret = (name: string) => webhookSecretOf(Buffer.from(name.padEnd(32, '.')));
const [first, second, third] = [secret('first'), secret('second'), secret('third')];
const fresh: AppSecrets = { webhook_secret: first, hmac: { key_1: 'c2VjcmV0' } };

test('an app that was never rotated is told by its one secret', () => {
  expect(webhookSecretsAt(fresh, after(0))).toEqual([first]);
});

test('a secret stays good beside its successor for 24 hours to the millisecond, and shared keys stay', () => {
  const next = rotated(fresh, second, overlapSeconds, after(0));
  expect(next.hmac).toEqual(fresh.hmac);
  expect(webhookSecretsAt(next, after(86_399.999))).toEqual([second, first]);
  expect(webhookSecretsAt(next, after(86_400))).toEqual([second]);
});

test('rotated again at once, because the answer was lost, the one in use is still good', () => {
  const twice = rotated(rotated(fresh, second, overlapSeconds, after(0)), third, overlapSeconds, after(60));
  expect(webhookSecretsAt(twice, after(61))).toEqual([third, second, first]);
  expect(webhookSecretsAt(twice, after(86_400))).toEqual([third, second]);
});

test('without overlap all before end at once; a shorter overlap shortens theirs, a longer one does not lengthen it', () => {
  const next = rotated(fresh, second, 600, after(0));
  expect(webhookSecretsAt(rotated(next, third, 0, after(1)), after(1))).toEqual([third]);
  expect(webhookSecretsAt(rotated(next, third, 60, after(1)), after(61))).toEqual([third]);
  expect(webhookSecretsAt(rotated(next, third, overlapSeconds, after(1)), after(600))).toEqual([third, second]);
});

test('however often it is rotated, at most five are good', () => {
  let secrets = fresh;
  for (let times = 0; times < 9; times += 1)
    secrets = rotated(secrets, secret(`number ${times}`), overlapSeconds, after(times));
  expect(webhookSecretsAt(secrets, after(9))).toHaveLength(5);
});

test('a delivery carries one signature of each, the newest first', () => {
  const notice = noticeOf({ ...event(), appId: 'app_01ARZ3NDEKTSV4RRFFQ69G5FAV' }, 'https://shop.example/', after(0));
  const headers = headersOf(notice, [second, first], after(0));
  const sign = (by: string) => signature(by, notice.event_id, begin / 1_000, notice.body);
  expect(headers['webhook-signature']).toBe(`${sign(second)} ${sign(first)}`);
});
