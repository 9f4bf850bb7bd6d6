import { createHash, randomBytes } from 'node:crypto';
import { isLoopback } from '../loopback.ts';
import { escapeHtml, page } from '../page.ts';
import type { Answer, Call, Reply } from '../server.ts';
import { nowOf, takesFault, type Desk } from './desk.ts';

/*
 * 网页授权 of the official account that this appid is: other services than payments, at other addresses, with a secret of their
 * own; here they are served beside the payments.
 * @see https://developers.weixin.qq.com/doc/offiaccount/OA_Web_Apps/Wechat_webpage_authorization.html
 */

const CODE_MS = 5 * 60_000;

interface Code {
  readonly until: number;
  isUsed: boolean;
}
type Codes = Map<string, Code>;

/** WeChat matches the link as a text: these parameters, in this order, and the secure way back. */
const order = /^appid=[^&]+&redirect_uri=[^&]+&response_type=code&scope=[^&]+(&state=[0-9A-Za-z]{0,128})?$/;

const refusedPage = (text: string): Reply =>
  page({ lang: 'zh-CN', title: '微信', status: 200, main: `<h1>${escapeHtml(text)}</h1>` });

/** What a payer's WeChat does when it opens the link: with `snsapi_base` nobody is asked anything. */
const authorize = (desk: Desk, codes: Codes, call: Call): Reply => {
  const { query } = call;
  if (!/MicroMessenger/i.test(call.headers['user-agent'] ?? '')) return refusedPage('请在微信客户端打开链接');
  const search = call.target.slice(call.path.length + 1);
  if (!order.test(search)) return refusedPage('参数错误');
  if (query.get('appid') !== desk.issued.appid) return refusedPage('appid 参数错误');
  if (query.get('scope') !== 'snsapi_base') return refusedPage('Scope 参数错误或没有 Scope 权限');
  const back = URL.parse(query.get('redirect_uri') ?? '');
  // The real one knows the domain that the official account has named; this one knows its own machine.
  if (!back || !isLoopback(back)) return refusedPage('redirect_uri 参数错误');
  const code = `0${randomBytes(16).toString('hex')}`.slice(0, 32);
  codes.set(code, { until: nowOf(desk) + CODE_MS, isUsed: false });
  back.searchParams.set('code', code);
  back.searchParams.set('state', query.get('state') ?? '');
  return { status: 302, headers: { Location: back.href } };
};

/** One person, who is somebody else to every official account. */
export const openidOf = (appid: string): string =>
  `o${createHash('sha256').update(`the payer of ${appid}`).digest('base64url').slice(0, 27)}`;

const accessToken = (desk: Desk, codes: Codes, { query }: Call): object => {
  if (takesFault(desk, 'server_error')) return { errcode: -1, errmsg: 'system error' };
  if (query.get('appid') !== desk.issued.appid) return { errcode: 40_013, errmsg: 'invalid appid' };
  if (query.get('secret') !== desk.issued.app_secret) return { errcode: 40_125, errmsg: 'invalid appsecret' };
  if (query.get('grant_type') !== 'authorization_code') return { errcode: 40_002, errmsg: 'invalid grant_type' };
  const code = codes.get(query.get('code') ?? '');
  if (!code || code.until <= nowOf(desk)) return { errcode: 40_029, errmsg: 'invalid code' };
  if (code.isUsed) return { errcode: 40_163, errmsg: 'code been used' };
  code.isUsed = true;
  return {
    access_token: randomBytes(48).toString('base64url'),
    expires_in: 7_200,
    refresh_token: randomBytes(48).toString('base64url'),
    openid: openidOf(desk.issued.appid),
    scope: 'snsapi_base',
  };
};

/** Answers as text what is JSON, as the real one does. Codes are forgotten with the process: they live for minutes. */
export const signIns = (desk: Desk): ((call: Call) => Answer | undefined) => {
  const codes: Codes = new Map();
  return (call) => {
    if (call.method !== 'GET') return undefined;
    if (call.path === '/connect/oauth2/authorize') return authorize(desk, codes, call);
    if (call.path !== '/sns/oauth2/access_token') return undefined;
    const body = JSON.stringify(accessToken(desk, codes, call));
    return { status: 200, headers: { 'Content-Type': 'text/plain' }, body };
  };
};
