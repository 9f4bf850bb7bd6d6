import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { Failure } from '#kernel/failure.ts';
import { addAttempt } from '#payments/placing/add-attempt.ts';
import { answerChallenge, sendCodeAgain } from '#payments/placing/answer-challenge.ts';
import { closePayment } from '#payments/following/close-payment.ts';
import { lookAgain } from '#payments/following/look-again.ts';
import type { PaymentToPlace } from '#payments/operations.ts';
import { statusOf, type Payment } from '#payments/payment.ts';
import { placePayment } from '#payments/placing/place-payment.ts';
import { paymentView } from '#payments/view.ts';
import { velocityStore } from '#risk/store.ts';

import * as given from '../given.ts';
import { riskRules } from '../risk/given.ts';
import { shop } from '../shop.ts';
import { tables } from '../tables.ts';

let the: Awaited<ReturnType<typeof tables>>;
beforeAll(async () => (the = await tables()));
afterAll(() => the.stop());

/** A shop with these rules; the codes that were told, in order: 000001, 000002, … */
const riskyShop = (rules: readonly object[], over: object = {}) => {
  const at = shop(the.db);
  const standing = { row: riskRules(rules, over), version: 7 };
  const told: { id: string; code: string }[] = [];
  const answers = { engine: async (): Promise<never> => Promise.reject(new Error('nobody is asked')) };
  let codes = 0;
  const deps = {
    ...at.deps,
    risk: {
      ...given.noRisk,
      rules: async () => standing,
      velocity: velocityStore(the.db, 'books'),
      ask: () => answers.engine(),
      newCode: () => String((codes += 1)).padStart(6, '0'),
      tellCode: async ({ id }: Payment, code: string) => void told.push({ id, code }),
    },
  };
  const place = (no: string, asked: Partial<PaymentToPlace> = {}) =>
    placePayment(deps, at.app, given.placement({ merchant_id: at.merchant.id, merchant_order_id: no, ...asked }));
  const answer = (id: string, text: string) => answerChallenge(deps, at.app, { id, answer: text });
  const refusal = async (ask: Promise<unknown>) => {
    const error: unknown = await ask.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    return error instanceof Failure ? error.code : error;
  };
  return { ...at, deps, standing, told, place, answer, refusal, read: (id: string) => at.deps.payments.get(id) };
};

const always = (verdict: string) => [{ id: 'always', verdict }];
const sent = (at: ReturnType<typeof riskyShop>) => at.paper.orders.size;

describe('a payment that passes', () => {
  test('is sent, and says by which version of the rules', async () => {
    const at = riskyShop([{ id: 'never', verdict: 'block', list: { of: 'payer', values: ['somebody'] } }]);
    const { payment } = await at.place('a');
    expect([statusOf(payment), sent(at)]).toEqual(['paying', 1]);
    expect(paymentView(payment).risk).toEqual({ decision: 'pass', reasons: [], rule_version: 7 });
  });

  test('is not judged where there are no rules', async () => {
    const at = shop(the.db);
    expect(paymentView(await at.place('a')).risk).toBeNull();
  });
});

describe('a payment that is blocked', () => {
  test('is closed when it is written, was never sent, and stays so however often it is placed', async () => {
    const at = riskyShop(always('block'));
    const { payment, isNew } = await at.place('a');
    expect(isNew).toBe(true);
    expect(paymentView(payment)).toMatchObject({
      status: 'closed',
      close_reason: 'risk_blocked',
      closed_at: given.noon.toISOString(),
      attempts: [],
      risk: { decision: 'block', reasons: ['always'], rule_version: 7 },
    });
    at.standing.row = riskRules([]);
    const again = await at.place('a');
    expect([again.isNew, statusOf(again.payment), sent(at)]).toEqual([false, 'closed', 0]);
  });

  test('by a further attempt is closed at its channel first', async () => {
    const at = riskyShop([{ id: 'native', verdict: 'block', when: { methods: ['wechat_jsapi'] } }]);
    const { payment } = await at.place('a');
    const { payment: closed } = await addAttempt(at.deps, at.app, {
      id: payment.id,
      method: 'wechat_jsapi',
      payer: { openid: 'o' },
    });
    expect(paymentView(closed)).toMatchObject({ status: 'closed', close_reason: 'risk_blocked' });
    expect([...at.paper.orders.values()].map(({ outcome }) => outcome.kind)).toEqual(['closed']);
  });
});

describe('a payment that is challenged', () => {
  test('waits, unsent, until its payer has answered with the code that was told', async () => {
    const at = riskyShop(always('challenge'));
    const { payment } = await at.place('a');
    expect(paymentView(payment)).toMatchObject({
      status: 'challenged',
      attempts: [],
      risk: { decision: 'challenge', reasons: ['always'] },
    });
    expect(at.told).toEqual([{ id: payment.id, code: '000001' }]);
    expect(sent(at)).toBe(0);
    const answered = await at.answer(payment.id, '000001');
    expect(paymentView(answered)).toMatchObject({
      status: 'paying',
      risk: { decision: 'challenge' },
      attempts: [{ method: 'wechat_native', status: 'pending', action: { type: 'qr_code' } }],
    });
    expect(sent(at)).toBe(1);
  });

  test('keeps its code nowhere and shows it nowhere', async () => {
    const at = riskyShop(always('challenge'));
    const { payment } = await at.place('a');
    const row = JSON.stringify(at.deps.payments.write(await at.read(payment.id)).Put?.Item);
    expect(row).not.toContain('000001');
    expect(JSON.stringify(paymentView(payment))).not.toMatch(/000001|digest/);
    // The same code of another payment has another digest.
    const other = riskyShop(always('challenge'));
    const { payment: theirs } = await other.place('a');
    expect(theirs.challenge?.digest).not.toBe(payment.challenge?.digest);
  });

  test('is closed by the fifth wrong answer, however many are given at once', async () => {
    const at = riskyShop(always('challenge'));
    const { payment } = await at.place('a');
    const guesses = await Promise.all(
      Array.from({ length: 12 }, (_, guess) => at.refusal(at.answer(payment.id, String(900_000 + guess)))),
    );
    expect(guesses.filter((code) => code === 'challenge_failed')).toHaveLength(5);
    expect(guesses.filter((code) => code === 'payment_not_open')).toHaveLength(7);
    expect(paymentView(await at.read(payment.id))).toMatchObject({ status: 'closed', close_reason: 'risk_blocked' });
    // The right one comes too late.
    expect(await at.refusal(at.answer(payment.id, '000001'))).toBe('payment_not_open');
    expect(sent(at)).toBe(0);
  });

  test('takes a right answer after four wrong ones', async () => {
    const at = riskyShop(always('challenge'));
    const { payment } = await at.place('a');
    for (let guess = 0; guess < 4; guess += 1) await at.refusal(at.answer(payment.id, '999999'));
    expect(statusOf(await at.answer(payment.id, '000001'))).toBe('paying');
  });

  test('takes a code for ten minutes; then another can be sent, three in all, and only the last is good', async () => {
    const at = riskyShop(always('challenge'));
    const { payment } = await at.place('a');
    at.clock.now = given.minutes(10);
    expect(await at.refusal(at.answer(payment.id, '000001'))).toBe('challenge_expired');
    await sendCodeAgain(at.deps, at.app, payment.id);
    await sendCodeAgain(at.deps, at.app, payment.id);
    expect(await at.refusal(sendCodeAgain(at.deps, at.app, payment.id))).toBe('too_many_requests');
    expect(at.told.map(({ code }) => code)).toEqual(['000001', '000002', '000003']);
    expect(await at.refusal(at.answer(payment.id, '000002'))).toBe('challenge_failed');
    expect(statusOf(await at.answer(payment.id, '000003'))).toBe('paying');
  });

  test('does not forget wrong answers because another code is sent', async () => {
    const at = riskyShop(always('challenge'));
    const { payment } = await at.place('a');
    for (let guess = 0; guess < 4; guess += 1) await at.refusal(at.answer(payment.id, '999999'));
    await sendCodeAgain(at.deps, at.app, payment.id);
    await at.refusal(at.answer(payment.id, '999999'));
    expect(statusOf(await at.read(payment.id))).toBe('closed');
  });

  test('is answered once: again, it finishes what that began, as a placement does', async () => {
    const at = riskyShop(always('challenge'));
    const { payment } = await at.place('a');
    // The answer is taken in, and whoever took it dies before anything is sent.
    const place = at.paper.channel.place.bind(at.paper.channel);
    at.paper.channel.place = () => Promise.reject(new Error('we died'));
    await at.answer(payment.id, '000001');
    at.paper.channel.place = place;
    expect((await at.answer(payment.id, '000001')).attempts[0]).toMatchObject({ no: 1, status: 'pending' });
    const { payment: again, isNew } = await at.place('a');
    expect([isNew, again.attempts.length, sent(at)]).toEqual([false, 1, 1]);
  });

  test('is not told again by placing it again', async () => {
    const at = riskyShop(always('challenge'));
    await at.place('a');
    const { payment, isNew } = await at.place('a');
    expect([isNew, statusOf(payment), at.told.length]).toEqual([false, 'challenged', 1]);
  });

  test('goes on where another process has challenged it', async () => {
    const at = riskyShop(always('challenge'));
    const { payment } = await at.place('a');
    const second = { ...at.deps, payments: at.deps.payments };
    expect(statusOf(await answerChallenge(second, at.app, { id: payment.id, answer: '000001' }))).toBe('paying');
  });

  test('is another app’s to answer as little as to see', async () => {
    const at = riskyShop(always('challenge'));
    const { payment } = await at.place('a');
    const other = given.app();
    expect(await at.refusal(answerChallenge(at.deps, other, { id: payment.id, answer: '000001' }))).toBe('not_found');
    expect(await at.refusal(sendCodeAgain(at.deps, other, payment.id))).toBe('not_found');
  });

  test('closes at once, and expires, without asking any channel', async () => {
    const at = riskyShop(always('challenge'));
    const [left, closed] = [await at.place('left'), await at.place('closed')];
    expect(statusOf(await closePayment(at.deps, at.app, closed.payment.id))).toBe('closed');
    at.clock.now = given.minutes(120);
    await lookAgain(at.deps, left.payment.id, { moveOn: true });
    expect(await at.read(left.payment.id)).toMatchObject({ close_reason: 'expired' });
    expect(await at.refusal(at.answer(left.payment.id, '000001'))).toBe('payment_not_open');
    expect(at.outages).toEqual([]);
  });

  test('by a further attempt waits with that method, and takes no other meanwhile', async () => {
    const at = riskyShop([{ id: 'jsapi', verdict: 'challenge', when: { methods: ['wechat_jsapi'] } }]);
    const { payment } = await at.place('a');
    const jsapi = { id: payment.id, method: 'wechat_jsapi', payer: { openid: 'o' } } as const;
    const { payment: challenged, isNew } = await addAttempt(at.deps, at.app, jsapi);
    expect([isNew, statusOf(challenged), challenged.attempts.map(({ status }) => status)]).toEqual([
      true,
      'challenged',
      ['closed'],
    ]);
    expect((await addAttempt(at.deps, at.app, jsapi)).isNew).toBe(false);
    expect(await at.refusal(addAttempt(at.deps, at.app, { ...jsapi, method: 'wechat_native' }))).toBe(
      'challenge_pending',
    );
    const answered = await at.answer(payment.id, at.told[0]!.code);
    expect(answered.attempts.map(({ no, method, status }) => [no, method, status])).toEqual([
      [1, 'wechat_native', 'closed'],
      [2, 'wechat_jsapi', 'pending'],
    ]);
  });

  test('is not challenged twice; blocked it may be all the same', async () => {
    const at = riskyShop(always('challenge'));
    const { payment } = await at.place('a');
    await at.answer(payment.id, '000001');
    const jsapi = { id: payment.id, method: 'wechat_jsapi', payer: { openid: 'o' } } as const;
    const { payment: second } = await addAttempt(at.deps, at.app, jsapi);
    expect([statusOf(second), second.attempts.length, at.told.length]).toEqual(['paying', 2, 1]);
    at.standing.row = riskRules(always('block'));
    const { payment: third } = await addAttempt(at.deps, at.app, { id: payment.id, method: 'wechat_native' });
    expect(paymentView(third)).toMatchObject({ status: 'closed', close_reason: 'risk_blocked' });
  });

  test('waits for nothing when it was not', async () => {
    const at = riskyShop([]);
    const { payment } = await at.place('a');
    expect(await at.refusal(at.answer(payment.id, '000001'))).toBe('payment_not_challenged');
    expect(await at.refusal(sendCodeAgain(at.deps, at.app, payment.id))).toBe('payment_not_challenged');
  });
});

describe('how often somebody pays', () => {
  const often = [{ id: 'often', verdict: 'block', velocity: { by: 'ip', window_seconds: 3_600, count: 2 } }];
  const payer = (ip: string) => ({ payer: { ip } });

  test('is counted over payments, and each of them once, however often it is placed', async () => {
    const at = riskyShop(often);
    await at.place('a', payer('198.51.100.1'));
    for (let again = 0; again < 5; again += 1) await at.place('a', payer('198.51.100.1'));
    expect(statusOf((await at.place('b', payer('198.51.100.1'))).payment)).toBe('paying');
    expect(statusOf((await at.place('c', payer('198.51.100.1'))).payment)).toBe('closed');
    expect(statusOf((await at.place('d', payer('198.51.100.2'))).payment)).toBe('paying');
    at.clock.now = given.minutes(121);
    expect(statusOf((await at.place('e', payer('198.51.100.1'))).payment)).toBe('paying');
  });

  test('lets no more through when they come at the same time', async () => {
    const at = riskyShop(often);
    const placed = await Promise.all(
      Array.from({ length: 8 }, (_, no) => at.place(`at-once-${no}`, payer('198.51.100.9'))),
    );
    expect(placed.filter(({ payment }) => statusOf(payment) === 'paying')).toHaveLength(2);
  });

  test('is counted for further attempts too', async () => {
    const at = riskyShop(often);
    const { payment } = await at.place('a', { ...payer('198.51.100.20') });
    const next = (method: 'wechat_jsapi' | 'wechat_native') =>
      addAttempt(at.deps, at.app, { id: payment.id, method, payer: { ip: '198.51.100.20', openid: 'o' } });
    expect(statusOf((await next('wechat_jsapi')).payment)).toBe('paying');
    expect(paymentView((await next('wechat_native')).payment)).toMatchObject({
      status: 'closed',
      risk: { decision: 'block', reasons: ['often'] },
    });
  });

  test('by amount adds up what was asked for', async () => {
    const at = riskyShop([
      {
        id: 'much',
        verdict: 'challenge',
        when: { currency: 'CNY' },
        velocity: { by: 'merchant', window_seconds: 86_400, amount: 25_000 },
      },
    ]);
    const statuses = [];
    for (const no of ['a', 'b', 'c']) statuses.push(statusOf((await at.place(no)).payment));
    expect(statuses).toEqual(['paying', 'paying', 'challenged']);
  });
});

describe('an engine', () => {
  const engine = { url: 'https://risk.example/judge', timeout_ms: 1_000, fallback: 'challenge' as const, when: {} };

  test('is asked once for one payment, and its word counts', async () => {
    const at = riskyShop([], { engine });
    let asked = 0;
    at.deps.risk.ask = (async () => {
      asked += 1;
      return { status: 200, body: '{"decision":"block","reasons":["stolen"]}' };
    }) as never;
    expect(paymentView((await at.place('a')).payment)).toMatchObject({
      status: 'closed',
      risk: { decision: 'block', reasons: ['engine:stolen'] },
    });
    await at.place('a');
    expect(asked).toBe(1);
  });

  test('that does not answer leaves what was agreed for then, and says so', async () => {
    const at = riskyShop([], { engine });
    at.deps.risk.ask = (async () => ({ error: 'timeout' })) as never;
    expect(paymentView((await at.place('a')).payment)).toMatchObject({
      status: 'challenged',
      risk: { decision: 'challenge', reasons: ['engine:timeout'], rule_version: 7 },
    });
  });

  test('is not asked about what a rule has blocked, or let pass', async () => {
    const blocked = riskyShop(always('block'), { engine });
    expect(statusOf((await blocked.place('a')).payment)).toBe('closed');
    const often = { id: 'often', verdict: 'block', velocity: { by: 'merchant', window_seconds: 60, count: 1 } };
    const counted = riskyShop([often], { engine: { ...engine, when: { currency: 'CNY', amount_min: 20_000 } } });
    await counted.place('a');
    // It would be asked about this one, and there is nobody: counting has said enough.
    expect(paymentView((await counted.place('b', { amount: 20_000n })).payment)).toMatchObject({
      status: 'closed',
      risk: { reasons: ['often'] },
    });
    const passed = riskyShop(always('pass'), { engine });
    expect(paymentView((await passed.place('a')).payment)).toMatchObject({
      status: 'paying',
      risk: { decision: 'pass', reasons: ['always'] },
    });
  });
});
