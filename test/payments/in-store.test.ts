import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { applyOutcome } from '#payments/following/apply-outcome.ts';
import { lookAgain } from '#payments/following/look-again.ts';
import type { Method } from '#channels/channel.ts';
import { methodFor, methodOfCode } from '#payments/in-store.ts';
import { statusOf } from '#payments/payment.ts';

import * as given from '../given.ts';
import { shop } from '../shop.ts';
import { tables } from '../tables.ts';

let the: Awaited<ReturnType<typeof tables>>;
beforeAll(async () => (the = await tables()));
afterAll(() => the.stop());

const code = '134567890123456789';
const scanned = { method: undefined, payer: { auth_code: code } };

describe('a code that a payer shows', () => {
  test.each([
    ['WeChat’s lowest', '100000000000000000', 'wechat_code'],
    ['WeChat’s highest', '159999999999999999', 'wechat_code'],
    ['beyond WeChat', '160000000000000000', undefined],
    ['too short for WeChat', '13456789012345678', undefined],
    ['Alipay’s shortest', '2500000000000000', 'alipay_code'],
    ['Alipay’s longest', '301234567890123456789012', 'alipay_code'],
    ['beyond Alipay', '3100000000000000', undefined],
    ['too long for Alipay', '3012345678901234567890123', undefined],
    ['云闪付', '6212345678901234567', 'unionpay_code'],
    ['a card number’s length of it', '621234567890123456', undefined],
    ['letters', '13456789012345678a', undefined],
    ['nothing', '', undefined],
  ])('%s is of its wallet', (_, shown, method) => {
    expect(methodOfCode(shown)).toBe(method);
  });

  test('chooses the method; what is no code, and a code of another wallet, is refused before anything is sent', async () => {
    const at = shop(the.db);
    const placed = await at.place('a', scanned);
    expect([placed.method, placed.attempts[0]?.method]).toEqual(['wechat_code', 'wechat_code']);
    for (const [no, over] of Object.entries({
      b: { method: undefined, payer: { auth_code: '999' } },
      c: { method: 'wechat_code', payer: { auth_code: '2812345678901234' } },
    } as const))
      await expect(at.place(no, over)).rejects.toMatchObject({ code: 'payer_code_unknown' });
    expect(at.paper.orders.size).toBe(1);
  });

  test('is asked about every few seconds, and undone when the payer has not paid in time', async () => {
    const at = shop(the.db);
    const placed = await at.place('a', scanned);
    expect(at.looks).toEqual([placed.id]);
    at.clock.now = given.minutes(0.5);
    expect(statusOf(await lookAgain(at.deps, placed.id, { moveOn: false }))).toBe('paying');
    at.clock.now = given.minutes(0.75);
    const undone = await lookAgain(at.deps, placed.id, { moveOn: false });
    expect([statusOf(undone), undone.close_reason]).toEqual(['closed', 'failed']);
    expect([...at.paper.orders.values()].map(({ outcome }) => outcome.kind)).toEqual(['closed']);
  });

  test('that was paid while it was being undone is paid', async () => {
    const at = shop(the.db);
    const placed = await at.place('a', scanned);
    const order = [...at.paper.orders.values()][0]!;
    order.outcome = { kind: 'succeeded', receipt: given.money() };
    at.clock.now = given.minutes(5);
    expect(statusOf(await lookAgain(at.deps, placed.id, { moveOn: false }))).toBe('paid');
  });

  test('that the wallet refuses has failed for good: the payment is closed', async () => {
    const at = shop(the.db);
    const placed = await at.place('a', scanned);
    const failed = await applyOutcome(at.deps, placed, {
      no: 1,
      outcome: { kind: 'failed', failure: { code: 'NOTENOUGH', message: '余额不足' } },
      identity: given.identity,
    });
    expect([statusOf(failed), failed.close_reason]).toEqual(['closed', 'failed']);
  });

  test('without an answer is neither failed nor undone until the channel says so', async () => {
    const at = shop(the.db);
    const { channel } = await at.deps.open();
    const silent = async () => Promise.reject(new Error('timeout'));
    Object.assign(channel, { close: silent, query: silent });
    const placed = await at.place('a', scanned);
    at.clock.now = given.minutes(30);
    const looked = await lookAgain(at.deps, placed.id, { moveOn: true });
    expect(statusOf(looked)).toBe('paying');
  });
});

describe('the method of a code that nobody has named', () => {
  const [wechat, alipay, other] = ['134567890123456789', '281234567890123456', '512345678901234567'];
  const by = (shown: string, ...offered: Method[]) =>
    methodFor(undefined, { auth_code: shown }, async () => offered).catch((error: unknown) => String(error));

  test.each<[string, string, Method[], string]>([
    ['its wallet’s own, where that is offered', wechat, ['wechat_code', 'lakala_code'], 'wechat_code'],
    ['an acquirer’s, where the wallet’s own is not', alipay, ['wechat_code', 'lakala_code'], 'lakala_code'],
    ['its wallet’s own, where nobody is offered: the refusal names it', alipay, ['wechat_code'], 'alipay_code'],
    ['an acquirer’s, for a wallet that has no prefix here', other, ['wechat_code', 'lakala_code'], 'lakala_code'],
  ])('is %s', async (_, shown, offered, method) => expect(await by(shown, ...offered)).toBe(method));

  test('is none for what is no code at all, nor without an acquirer for a code of nobody', async () => {
    expect(await by('999', 'lakala_code')).toContain('payer_code_unknown');
    expect(await by(other, 'wechat_code')).toContain('payer_code_unknown');
  });

  test('is not asked for when one is named; a code of another wallet is told whose it is', async () => {
    const never = () => Promise.reject(new Error('asked'));
    expect(await methodFor('lakala_code', { auth_code: wechat }, never)).toBe('lakala_code');
    expect(await methodFor('wechat_native', { auth_code: alipay }, never)).toBe('wechat_native');
    expect(await methodFor(undefined, {}, never)).toBeUndefined();
    await expect(methodFor('wechat_code', { auth_code: alipay }, never)).rejects.toMatchObject({
      details: { detail: 'payer.auth_code is no code of wechat_code: it is one of alipay_code' },
    });
  });
});
