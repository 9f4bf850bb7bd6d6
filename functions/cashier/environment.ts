import * as z from 'zod';

import type { Method } from '#channels/channel.ts';

import type { CashierProfile } from './profile.ts';

/** Where the page is open: inside an app that is a wallet (or blocks some), in a browser on a phone, or on a computer. */
export const Environment = z.enum([
  'wechat',
  'wechat_desktop',
  'wechat_mini',
  'alipay',
  'unionpay',
  'bestpay',
  'jd',
  'douyin',
  'phone',
  'desktop',
]);
export type Environment = z.infer<typeof Environment>;

const isDesktop = /Windows NT|Macintosh|X11; (?!.*Android)|CrOS|WindowsWechat|MacWechat/i;
const isPhone = /Android|iPhone|iPad|iPod|HarmonyOS|OpenHarmony|Mobile|Windows Phone/i;

/**
 * What a user agent must contain, and must not; the first that fits decides. 企业微信 calls itself MicroMessenger too but pays
 * in another way: it counts as the browser that it is.
 */
const marks: readonly (readonly [Environment, RegExp, RegExp?])[] = [
  ['wechat_mini', /MicroMessenger.*miniProgram(\/|$)/i],
  ['wechat_desktop', /WindowsWechat|MacWechat/i, /wxwork/i],
  ['wechat', /MicroMessenger/i, /wxwork/i],
  ['alipay', /AlipayClient|AliApp\(AP\//i],
  ['unionpay', /CloudPay|UnionPay|UPWallet/i],
  ['bestpay', /Bestpay/i],
  ['jd', /jdapp|jdpay/i],
  ['douyin', /aweme|NewsArticle|ToutiaoMicroApp|BytedanceWebview/i],
  ['phone', isPhone, /Windows NT|WindowsWechat|MacWechat/i],
  ['desktop', isDesktop],
];

/** Decided here, never in the page. A browser that nobody knows is what the profile was made for. */
export const environmentOf = (userAgent: string, appType: CashierProfile['app_type'] = 'PC'): Environment => {
  const found = marks.find(([, has, hasNot]) => has.test(userAgent) && !hasNot?.test(userAgent));
  return found?.[0] ?? (appType === 'PC' ? 'desktop' : 'phone');
};

const anywhere: readonly Method[] = ['balance', 'prepaid_card', 'bank_transfer', 'card'];
const onPhones: readonly Method[] = [
  'wechat_h5',
  'alipay_wap',
  'unionpay_wap',
  'bestpay_h5',
  'jdpay_h5',
  'yeepay_h5',
  'bank_gateway',
  ...anywhere,
];
const onScreens: readonly Method[] = ['wechat_native', 'alipay_qr', 'unionpay_qr', 'lakala_qr'];
const onDesktops: readonly Method[] = [
  ...onScreens,
  'alipay_page',
  'unionpay_gateway',
  'bank_gateway',
  'yeepay_h5',
  ...anywhere,
];

const usable: Readonly<Record<Environment, readonly Method[]>> = {
  wechat: ['wechat_jsapi', ...anywhere],
  wechat_desktop: ['wechat_jsapi', ...onDesktops],
  // A page inside a mini program must hand back to it: WeChat blocks its own payment there.
  wechat_mini: [],
  alipay: ['alipay_wap', ...anywhere],
  unionpay: ['unionpay_wap', ...anywhere],
  bestpay: ['bestpay_h5', ...anywhere],
  jd: ['jdpay_h5', ...anywhere],
  douyin: onPhones,
  phone: onPhones,
  desktop: onDesktops,
};

/** Why a method cannot be used where the page is open. */
export type Unusable =
  | 'in_mini_program'
  | 'in_wechat'
  | 'in_browser'
  | 'on_phone'
  | 'on_desktop'
  | 'scan_from_other'
  | 'in_app'
  | 'at_counter';

const isOnlyInApps = (method: Method) =>
  method.endsWith('_app') || ['apple_iap', 'samsung_pay', 'huawei_pay'].includes(method);

/** Why not here; nothing when it can be used. */
export const unusableIn = (environment: Environment, method: Method): Unusable | undefined => {
  if (usable[environment].includes(method)) return undefined;
  if (method.endsWith('_code') || method.endsWith('_pos')) return 'at_counter';
  if (isOnlyInApps(method)) return 'in_app';
  if (environment === 'wechat_mini') return 'in_mini_program';
  if (method === 'wechat_jsapi') return 'in_wechat';
  if (environment.endsWith('desktop')) return 'on_phone';
  if (onScreens.includes(method)) return 'scan_from_other';
  return onPhones.includes(method) ? 'in_browser' : 'on_desktop';
};
