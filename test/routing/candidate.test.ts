import { describe, expect, test } from 'vitest';

import type { ChannelKind } from '#channels/channel.ts';
import { channelKind } from '#channels/registry.ts';
import { Failure } from '#kernel/failure.ts';
import { ableFor, type Candidate, type Wanted } from '#routing/candidate.ts';

import * as given from '../given.ts';

const wechat = channelKind('wechat');
const methods = [...wechat.capabilities.methods];
const candidate = (over: Partial<ChannelKind['capabilities']> = {}, id = given.channelAccount().id): Candidate => ({
  account: given.channelAccount({ id, methods }),
  kind: { ...wechat, capabilities: { ...wechat.capabilities, ...over } },
});
const wanted = { method: 'wechat_native', amount: 10_000n, currency: 'CNY' } as const;
const modest = (over: Partial<ChannelKind['capabilities']>) => candidate(over, 'chn_00000000000000000000000002');

const refusal = (candidates: readonly Candidate[], over: Partial<Wanted>) => {
  try {
    ableFor(candidates, { ...wanted, ...over });
  } catch (error) {
    if (error instanceof Failure) return [error.code, error.details['detail']];
    throw error;
  }
  throw new Error('it was not refused');
};

/** What each account that offers the method lacks. */
const lacks = (candidates: readonly Candidate[], over: Partial<Wanted> = {}) =>
  ableFor(candidates, { ...wanted, ...over }).map(({ unable }) => unable);

describe('what a method needs to know of the payer', () => {
  test.each([
    ['wechat_jsapi', 'openid'],
    ['wechat_h5', 'ip'],
  ] as const)('%s needs payer.%s, as its channel says', (method, member) => {
    const detail = `${method} needs payer.${member}`;
    expect(refusal([candidate()], { method })).toEqual(['payer_member_required', detail]);
    expect(refusal([candidate()], { method, payer: { [member]: '' } })).toEqual(['payer_member_required', detail]);
    expect(lacks([candidate()], { method, payer: { [member]: '203.0.113.7' } })).toEqual([undefined]);
  });

  test.each(['wechat_native', 'wechat_app'] as const)('%s needs nothing', (method) => {
    expect(lacks([candidate()], { method })).toEqual([undefined]);
  });

  test('is asked of each account: another that needs less can take the payment', () => {
    expect(lacks([candidate(), modest({ needs: {} })], { method: 'wechat_jsapi' })).toEqual([
      'payer_member',
      undefined,
    ]);
  });

  test('is not lacking where a payer with a page open can sign in, and only there', () => {
    const method = 'wechat_jsapi';
    const signIn = { addressOf: () => '', openidOf: async () => undefined };
    const withSignIn = { ...candidate(), channel: { signIn } };
    const all = [withSignIn, modest({})];
    expect(lacks(all, { method, canSignIn: true })).toEqual([undefined, 'payer_member']);
    expect(refusal(all, { method })[0]).toBe('payer_member_required');
    expect(refusal([modest({})], { method, canSignIn: true })[0]).toBe('payer_member_required');
  });

  test('was told by one account and is nobody at another', () => {
    const [own, other] = [candidate(), modest({})];
    const payer = { openid: 'o', openid_from: other.account.id };
    expect(lacks([own, other], { method: 'wechat_jsapi', payer })).toEqual(['payer_member', undefined]);
    expect(refusal([own], { method: 'wechat_jsapi', payer })[0]).toBe('payer_member_required');
  });

  test('is not asked for a method that nobody offers', () => {
    expect(refusal([candidate()], { method: 'lakala_pos' })).toEqual(['method_not_available', undefined]);
  });
});

describe('an account', () => {
  test.each(['draining', 'disabled'] as const)('that is %s takes nothing new', (status) => {
    const { account, kind } = candidate();
    const resting = { account: { ...account, status }, kind };
    expect(lacks([resting, modest({})])).toEqual([status, undefined]);
    expect(refusal([resting], {})).toEqual(['method_not_available', undefined]);
  });

  test.each([
    ['another currency', { currencies: ['EUR'] }, 'currency', 'currency_not_supported'],
    ['larger amounts', { amountMin: 10_001n }, 'amount', 'amount_out_of_range'],
    ['smaller amounts', { amountMax: 9_999n }, 'amount', 'amount_out_of_range'],
  ] as const)('that takes only %s is passed over', (_, over, why, code) => {
    expect(lacks([candidate(over), modest({})])).toEqual([why, undefined]);
    expect(refusal([candidate(over)], {})).toEqual([code, undefined]);
  });

  test('takes its bounds', () => {
    expect(lacks([candidate({ amountMin: 10_000n, amountMax: 10_000n })])).toEqual([undefined]);
  });

  test('that came nearest says what is wrong', () => {
    const all = [candidate({ currencies: ['EUR'] }), modest({ amountMax: 1n })];
    expect(refusal(all, {})).toEqual(['amount_out_of_range', undefined]);
    expect(refusal(all.toReversed(), {})).toEqual(['amount_out_of_range', undefined]);
  });
});
