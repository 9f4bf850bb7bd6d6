import { describe, expect, test } from 'vitest';

import { Method } from '#channels/channel.ts';
import { environmentOf, unusableIn, type Environment } from '#cashier/environment.ts';

import { agents } from './agents.ts';

describe('where a page is open', () => {
  test('is known for at least eight kinds by at least forty real user agents', () => {
    expect(agents.length).toBeGreaterThanOrEqual(40);
    expect(new Set(agents.map(([kind]) => kind)).size).toBeGreaterThanOrEqual(8);
    expect(new Set(agents.map(([, agent]) => agent)).size).toBe(agents.length);
  });

  test.each(agents)('is %s for %s', (kind, agent) => {
    expect(environmentOf(agent, 'PC')).toBe(kind);
    expect(environmentOf(agent, 'H5')).toBe(kind);
  });

  test('is what the profile was made for when nobody knows the browser', () => {
    expect(environmentOf('curl/8.5.0', 'PC')).toBe('desktop');
    expect(environmentOf('', 'H5')).toBe('phone');
    expect(environmentOf('something new', 'SDK')).toBe('phone');
    expect(environmentOf('')).toBe('desktop');
  });
});

const offered = (environment: Environment) => Method.options.filter((method) => !unusableIn(environment, method));

describe('what can be used there', () => {
  test.each<[Environment, readonly string[], readonly string[]]>([
    ['wechat', ['wechat_jsapi', 'balance', 'prepaid_card'], ['wechat_h5', 'wechat_native', 'alipay_wap', 'alipay_qr']],
    ['wechat_desktop', ['wechat_jsapi', 'wechat_native'], ['wechat_h5']],
    ['wechat_mini', [], ['wechat_jsapi', 'wechat_h5', 'balance']],
    ['alipay', ['alipay_wap', 'balance'], ['wechat_jsapi', 'wechat_h5', 'unionpay_wap']],
    ['unionpay', ['unionpay_wap'], ['wechat_h5', 'alipay_wap']],
    ['bestpay', ['bestpay_h5'], ['wechat_h5', 'alipay_wap']],
    ['jd', ['jdpay_h5'], ['wechat_h5', 'alipay_wap']],
    [
      'phone',
      ['wechat_h5', 'alipay_wap', 'unionpay_wap', 'bestpay_h5', 'jdpay_h5', 'balance'],
      ['wechat_native', 'alipay_qr', 'wechat_jsapi', 'alipay_page', 'unionpay_gateway'],
    ],
    [
      'desktop',
      ['wechat_native', 'alipay_qr', 'alipay_page', 'unionpay_gateway', 'unionpay_qr', 'bank_transfer', 'balance'],
      ['wechat_h5', 'alipay_wap', 'unionpay_wap', 'wechat_jsapi'],
    ],
  ])('%s', (environment, usable, unusable) => {
    expect(offered(environment)).toEqual(expect.arrayContaining([...usable]));
    for (const method of unusable) expect(offered(environment)).not.toContain(method);
  });

  test.each<[Environment, Method, string]>([
    ['phone', 'wechat_native', 'scan_from_other'],
    ['phone', 'wechat_jsapi', 'in_wechat'],
    ['phone', 'unionpay_gateway', 'on_desktop'],
    ['wechat', 'alipay_wap', 'in_browser'],
    ['wechat', 'wechat_native', 'scan_from_other'],
    ['alipay', 'wechat_h5', 'in_browser'],
    ['wechat_mini', 'wechat_jsapi', 'in_mini_program'],
    ['desktop', 'wechat_h5', 'on_phone'],
    ['desktop', 'wechat_app', 'in_app'],
    ['desktop', 'wechat_code', 'at_counter'],
    ['phone', 'lakala_pos', 'at_counter'],
    ['phone', 'apple_iap', 'in_app'],
  ])('in %s, %s cannot be used: %s', (environment, method, reason) => {
    expect(unusableIn(environment, method)).toBe(reason);
  });
});
