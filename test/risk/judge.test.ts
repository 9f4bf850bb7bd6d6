import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { concluded, type Finding } from '#risk/decision.ts';
import { findingOf, screen, type Screened } from '#risk/judge.ts';
import { RiskRule, Verdict } from '#risk/rules.ts';

import { riskRules, screened } from './given.ts';

/** What these rules say at once, and whom they count. */
const seen = (rules: readonly object[], over: Partial<Screened> = {}, set: object = {}) => {
  const { findings, counting, asksEngine } = screen(riskRules(rules, set), screened(over));
  return {
    said: findings.map(({ reason, verdict }) => `${reason} ${verdict}`),
    counts: counting.map(({ id, subject }) => `${id} ${subject}`),
    asksEngine,
  };
};
const one = (over: object) => [{ id: 'rule', verdict: 'block', ...over }];
const velocity = (over: object = {}) => ({ by: 'payer', window_seconds: 3_600, count: 3, ...over });

describe('a list', () => {
  test.each<[string, object, Partial<Screened>, boolean]>([
    ['of payers', { of: 'payer', values: ['member-2', 'member-1'] }, {}, true],
    ['of other payers', { of: 'payer', values: ['member-2'] }, {}, false],
    ['of devices', { of: 'device', values: ['phone-1'] }, {}, true],
    ['of an address', { of: 'ip', values: ['203.0.113.7'] }, {}, true],
    ['of its neighbour', { of: 'ip', values: ['203.0.113.8'] }, {}, false],
    ['of its range', { of: 'ip', values: ['203.0.113.0/24'] }, {}, true],
    ['of another range', { of: 'ip', values: ['203.0.114.0/24'] }, {}, false],
    ['of a range that is none', { of: 'ip', values: ['203.0.113.0/99'] }, {}, false],
    ['of a text that is no address', { of: 'ip', values: ['unknown'] }, {}, false],
    [
      'of the same address in IPv6',
      { of: 'ip', values: ['203.0.113.7'] },
      { subjects: { ip: '::ffff:203.0.113.7' } },
      true,
    ],
    [
      'of the same address written otherwise',
      { of: 'ip', values: ['2001:db8::1'] },
      { subjects: { ip: '2001:0DB8:0:0::1' } },
      true,
    ],
    ['of a range of IPv6', { of: 'ip', values: ['2001:db8::/32'] }, { subjects: { ip: '2001:db8:ffff::1' } }, true],
    ['of a range of the other kind', { of: 'ip', values: ['::/0'] }, {}, false],
    ['of something that is not known of the payer', { of: 'device', values: ['phone-1'] }, { subjects: {} }, false],
  ])('%s', (_, list, over, isListed) => {
    expect(seen(one({ list }), over).said).toEqual(isListed ? ['rule block'] : []);
  });
});

describe('a rule', () => {
  test.each<[string, object, Partial<Screened>, boolean]>([
    ['of large amounts', { when: { currency: 'CNY', amount_min: 10_000 } }, {}, true],
    ['of larger ones', { when: { currency: 'CNY', amount_min: 10_001 } }, {}, false],
    ['of the night', { when: { hours: { from: '22:00', until: '06:00' } } }, {}, false],
    ['of everything', {}, {}, true],
    ['that is disabled', { status: 'disabled' }, {}, false],
    [
      'of a list and an amount, of which one does not hold',
      { list: { of: 'payer', values: ['member-1'] }, when: { currency: 'CNY', amount_min: 10_001 } },
      {},
      false,
    ],
  ])('%s', (_, over, about, applies) => {
    expect(seen(one(over), about).said).toEqual(applies ? ['rule block'] : []);
  });

  test('that lets pass ends it: nothing after it is asked, nobody counted, no engine', () => {
    const rules = [
      { id: 'first', verdict: 'challenge' },
      { id: 'friends', verdict: 'pass', list: { of: 'payer', values: ['member-1'] } },
      { id: 'last', verdict: 'block' },
      { id: 'often', verdict: 'block', velocity: velocity() },
    ];
    const engine = { engine: { url: 'https://risk.example/judge', fallback: 'pass' } };
    expect(seen(rules, {}, engine)).toEqual({
      said: ['first challenge', 'friends pass'],
      counts: [],
      asksEngine: false,
    });
    expect(seen(rules, { subjects: { payer: 'somebody' } }, engine)).toEqual({
      said: ['first challenge', 'last block'],
      counts: [],
      asksEngine: false,
    });
  });

  test('that blocks needs nobody counted and nobody asked', () => {
    const rules = [{ id: 'often', verdict: 'challenge', velocity: velocity() }, ...one({})];
    expect(seen(rules).counts).toEqual([]);
    expect(seen(rules.slice(0, 1)).counts).toEqual(['often member-1']);
  });

  test('counts only whom it knows', () => {
    expect(seen(one({ velocity: velocity({ by: 'device' }) }), { subjects: {} })).toEqual({
      said: [],
      counts: [],
      asksEngine: false,
    });
  });

  test.each([
    ['lets pass who pays often', { verdict: 'pass', velocity: velocity() }],
    ['counts nothing', { velocity: velocity({ count: undefined }) }],
    ['adds up amounts of any currency', { velocity: velocity({ amount: 1 }) }],
    ['has an empty list', { list: { of: 'ip', values: [] } }],
    ['looks back for a year', { velocity: velocity({ window_seconds: 31_536_000 }) }],
    ['says something that there is not', { verdict: 'perhaps' }],
  ])('is none when it %s', (_, over) => {
    expect(RiskRule.safeParse({ id: 'rule', verdict: 'block', ...over }).success).toBe(false);
  });
});

describe('a velocity', () => {
  const rule = (over: object) =>
    RiskRule.parse({ id: 'often', verdict: 'challenge', when: { currency: 'CNY' }, velocity: velocity(over) });
  const counting = (over: object) => ({
    id: 'often',
    velocity: rule(over).velocity!,
    subject: 'x',
    verdict: 'challenge' as const,
  });

  test.each([
    [{}, 3, 1n, false],
    [{}, 4, 1n, true],
    [{ count: undefined, amount: 10_000 }, 9, 10_000n, false],
    [{ count: undefined, amount: 10_000 }, 1, 10_001n, true],
    [{ amount: 10_000 }, 4, 1n, true],
  ])('%j after %i payments of %i fen', (over, count, amount, isExceeded) => {
    const found = findingOf(counting(over), { count, amount });
    expect(found).toEqual(isExceeded ? [{ reason: 'often', verdict: 'challenge' }] : []);
  });
});

describe('the judgement', () => {
  test('is the strictest of all that was found, with its own reasons', () => {
    const findings: Finding[] = [
      { reason: 'a', verdict: 'challenge' },
      { reason: 'b', verdict: 'pass' },
      { reason: 'c', verdict: 'challenge' },
    ];
    expect(concluded(findings, 7)).toEqual({ decision: 'challenge', reasons: ['a', 'c'], rule_version: 7 });
    expect(concluded([...findings, { reason: 'd', verdict: 'block' }], 7)).toMatchObject({
      decision: 'block',
      reasons: ['d'],
    });
    expect(concluded([], 7)).toEqual({ decision: 'pass', rule_version: 7 });
  });

  test('never becomes milder by finding more, and its reasons stay few', () => {
    const finding = fc.record({ reason: fc.string(), verdict: fc.constantFrom(...Verdict.options) });
    fc.assert(
      fc.property(fc.array(finding), finding, (findings, more) => {
        const strictness = (all: readonly Finding[]) => Verdict.options.indexOf(concluded(all, 1).decision);
        expect(strictness([...findings, more])).toBeGreaterThanOrEqual(strictness(findings));
        expect(concluded(findings, 1).reasons?.length ?? 0).toBeLessThanOrEqual(5);
      }),
    );
  });
});
