import { describe, expect, test } from 'vitest';

import type { ChannelKind } from '#channels/channel.ts';
import { channelKind } from '#channels/registry.ts';
import { Failure } from '#kernel/failure.ts';
import { routeTo, type Candidate } from '#payments/route.ts';

import * as given from '../given.ts';

const wechat = channelKind('wechat');
const methods = [...wechat.capabilities.methods];
const candidate = (over: Partial<ChannelKind['capabilities']> = {}, id = given.channelAccount().id): Candidate => ({
  account: given.channelAccount({ id, methods }),
  kind: { ...wechat, capabilities: { ...wechat.capabilities, ...over } },
});
const wanted = { method: 'wechat_native', amount: 10_000n, currency: 'CNY' } as const;

const refusal = (candidates: readonly Candidate[], over: Partial<Parameters<typeof routeTo>[1]>) => {
  try {
    routeTo(candidates, { ...wanted, ...over });
  } catch (error) {
    if (error instanceof Failure) return [error.code, error.details['detail']];
    throw error;
  }
  throw new Error('it was not refused');
};

describe('what a method needs to know of the payer', () => {
  test.each([
    ['wechat_jsapi', 'openid'],
    ['wechat_h5', 'ip'],
  ] as const)('%s needs payer.%s, as its channel says', (method, member) => {
    const detail = `${method} needs payer.${member}`;
    expect(refusal([candidate()], { method })).toEqual(['payer_member_required', detail]);
    expect(refusal([candidate()], { method, payer: { [member]: '' } })).toEqual(['payer_member_required', detail]);
    const payer = { [member]: '203.0.113.7' };
    expect(routeTo([candidate()], { ...wanted, method, payer }).kind.name).toBe('wechat');
  });

  test.each(['wechat_native', 'wechat_app'] as const)('%s needs nothing', (method) => {
    expect(routeTo([candidate()], { ...wanted, method }).kind.name).toBe('wechat');
  });

  test('is asked of the account that is chosen: another that needs less is taken first', () => {
    const modest = candidate({ needs: {} }, 'chn_00000000000000000000000002');
    const chosen = routeTo([candidate(), modest], { ...wanted, method: 'wechat_jsapi' });
    expect(chosen.account.id).toBe(modest.account.id);
  });

  test('is not asked for a method that nobody offers', () => {
    expect(refusal([candidate()], { method: 'wechat_code' })).toEqual(['method_not_available', undefined]);
  });
});
