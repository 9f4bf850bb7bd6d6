import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { Failure } from '#kernel/failure.ts';
import { decide, type Asked } from '#routing/decide.ts';
import type { Wellness } from '#routing/health.ts';
import type { RoutingRules } from '#routing/rules.ts';

import { accountId, asked, candidate, rule, well } from './given.ts';

const three = [candidate('a', 6_000), candidate('b', 3_800), candidate('c', 5_000)];
const nameOf = (id: string) => ['a', 'b', 'c', 'd'].find((name) => accountId(name) === id);

const route = (
  over: Partial<Asked> = {},
  rules?: Pick<RoutingRules, 'rules'>,
  states: Record<string, Wellness['state']> = {},
  among = three,
) => {
  const { chosen, trace } = decide(among, asked(over), rules, (id) => ({
    ...well,
    state: states[nameOf(id) ?? ''] ?? 'closed',
  }));
  return {
    chosen: nameOf(chosen.account.id),
    rule: trace.rule,
    others: Object.fromEntries(trace.others.map(({ account, why }) => [nameOf(account), why])),
  };
};

/** How many of these lots fall to each account. */
const shares = (rules: Pick<RoutingRules, 'rules'>, states: Record<string, Wellness['state']> = {}) => {
  const count: Record<string, number> = { a: 0, b: 0, c: 0 };
  for (let at = 0; at < 1_000; at += 1) count[route({ lot: `lot ${at}` }, rules, states).chosen!]! += 1;
  return count;
};

describe('without a rule', () => {
  test('the cheapest takes it, and the trace says why not the others', () => {
    expect(route()).toEqual({ chosen: 'b', rule: 'lowest_cost', others: { a: 'dearer', c: 'dearer' } });
  });

  test('cost is what the account takes of this very amount', () => {
    const fixed = candidate('d', 0, { cost: { rate_ppm: 0, fixed: 100n, min: 0n } });
    expect(route({ amount: 10_000n }, undefined, {}, [...three, fixed]).chosen).toBe('b');
    expect(route({ amount: 1_000_000n }, undefined, {}, [...three, fixed]).chosen).toBe('d');
  });

  test('what costs the same is taken in the merchant’s order', () => {
    const same = [candidate('a'), candidate('b'), candidate('c')];
    expect(route({}, undefined, {}, same)).toEqual({
      chosen: 'a',
      rule: 'lowest_cost',
      others: { b: 'later', c: 'later' },
    });
  });
});

describe('a rule', () => {
  test.each<[string, Parameters<typeof rule>[0], string, Record<string, string>]>([
    ['prefers one to the cheapest', { prefer: ['a'] }, 'a', { b: 'not_preferred', c: 'not_preferred' }],
    ['excludes the cheapest', { exclude: ['b'] }, 'c', { a: 'dearer', b: 'excluded' }],
    [
      'takes the cheapest of those it prefers',
      { prefer: ['a', 'c'], by: 'cost' },
      'c',
      { a: 'dearer', b: 'not_preferred' },
    ],
    ['leaves it to the others when what it prefers is not there', { prefer: ['d'] }, 'b', { a: 'dearer', c: 'dearer' }],
    ['that is disabled says nothing', { prefer: ['a'], status: 'disabled' }, 'b', { a: 'dearer', c: 'dearer' }],
    [
      'that does not apply says nothing',
      { prefer: ['a'], when: { currency: 'EUR' } },
      'b',
      { a: 'dearer', c: 'dearer' },
    ],
  ])('%s', (_, over, chosen, others) => {
    const decided = route({}, rule(over));
    expect(decided).toMatchObject({ chosen, others });
    expect(decided.rule).toBe(over['status'] || over['when'] ? 'lowest_cost' : 'a_rule');
  });

  test('that allows only what it prefers leaves nothing when that is not there', () => {
    const refused = () => route({}, rule({ prefer: ['d'], only: true }));
    expect(refused).toThrow(
      new Failure('method_not_available', { detail: 'the routing rule a_rule leaves no account for it' }),
    );
    expect(() => route({}, rule({ exclude: ['a', 'b', 'c'] }))).toThrow(Failure);
  });

  test('is the first that applies', () => {
    const rules = [
      ...rule({ id: 'small', when: { currency: 'CNY', amount_max: 9_999 }, prefer: ['a'] }).rules,
      ...rule({ id: 'rest', prefer: ['c'] }).rules,
    ];
    expect(route({}, { rules }).rule).toBe('rest');
    const small = asked({ amount: 9_999n }).facts;
    expect(route({ facts: { ...small, amount: 9_999n } }, { rules }).rule).toBe('small');
  });

  test('shares by weight, each payment always to the same account', () => {
    const rules = rule({ prefer: ['a:3', 'b:1'] });
    const { a = 0, b = 0, c } = shares(rules);
    expect(c).toBe(0);
    expect(a / 1_000).toBeGreaterThan(0.71);
    expect(a / 1_000).toBeLessThan(0.79);
    expect(a + b).toBe(1_000);
    expect(shares(rules)).toEqual({ a, b, c });
    expect(Object.values(route({}, rules).others)).toContain('outweighed');
  });
});

describe('health', () => {
  const rules = rule({ prefer: ['a'] });

  test('goes before what a rule prefers, and before cost', () => {
    expect(route({}, rules, { a: 'open' })).toEqual({
      chosen: 'b',
      rule: 'a_rule',
      others: { a: 'circuit_open', c: 'dearer' },
    });
    expect(route({}, undefined, { b: 'open' })).toMatchObject({ chosen: 'c', others: { b: 'circuit_open' } });
  });

  test('never leaves nobody: of accounts that are all in trouble one is tried', () => {
    expect(route({}, undefined, { a: 'open', b: 'open', c: 'open' }).chosen).toBe('b');
    // One whose pause is over is better than one whose is not.
    for (let at = 0; at < 50; at += 1)
      expect(route({ lot: `lot ${at}` }, undefined, { a: 'half_open', b: 'open', c: 'open' }).chosen).toBe('a');
  });

  test('lets a tenth of the payments try an account whose pause is over', () => {
    const { a = 0 } = shares(rules, { a: 'half_open' });
    expect(a / 1_000).toBeGreaterThan(0.07);
    expect(a / 1_000).toBeLessThan(0.13);
    expect(shares(rules)['a']).toBe(1_000);
  });

  test('of an account that takes nothing new makes no difference', () => {
    const among = [
      candidate('a', 1, { status: 'draining' }),
      candidate('b', 2, { status: 'disabled' }),
      candidate('c'),
    ];
    expect(route({}, rules, {}, among)).toMatchObject({ chosen: 'c', others: { a: 'draining', b: 'disabled' } });
  });
});

describe('another try of one payment', () => {
  test('goes to an account that has not refused it, also against the rule', () => {
    const refusedBy = [accountId('a')];
    expect(route({ refusedBy }, rule({ prefer: ['a'] }))).toMatchObject({
      chosen: 'b',
      others: { a: 'refused_before' },
    });
  });

  test('goes back to it when there is no other', () => {
    expect(route({ refusedBy: [accountId('a')] }, undefined, {}, [candidate('a')]).chosen).toBe('a');
  });
});

test('whatever the rule and the health, the choice is one that can be made, and asking again answers the same', () => {
  const states = fc.constantFrom<Wellness['state']>('closed', 'half_open', 'open');
  const names = fc.subarray(['a', 'b', 'c']);
  const facts = fc.record({
    prefer: names,
    exclude: names,
    refused: names,
    by: fc.constantFrom('weight', 'cost'),
    only: fc.boolean(),
    states: fc.record({ a: states, b: states, c: states }),
    lot: fc.string(),
  });
  fc.assert(
    fc.property(facts, ({ prefer, exclude, refused, by, only, states: how, lot }) => {
      const rules = rule({ prefer, exclude, by, only });
      const over = { lot, refusedBy: refused.map(accountId) };
      const left = ['a', 'b', 'c'].filter((name) => !exclude.includes(name) && (!only || prefer.includes(name)));
      if (left.length === 0) {
        expect(() => route(over, rules, how)).toThrow(Failure);
        return;
      }
      const { chosen, others } = route(over, rules, how);
      expect(left).toContain(chosen);
      expect(Object.keys(others).toSorted()).toEqual(['a', 'b', 'c'].filter((name) => name !== chosen));
      // Nobody whose circuit is open is taken while one that may be used has its closed.
      if (how[chosen as 'a'] === 'open') expect(left.every((name) => how[name as 'a'] === 'open')).toBe(true);
      expect(route(over, rules, how)).toEqual({ chosen, others, rule: 'a_rule' });
    }),
  );
});
