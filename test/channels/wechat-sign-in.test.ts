import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import type { SignIn } from '#channels/channel.ts';
import { signInAt } from '#channels/wechat/sign-in.ts';

import { talkingServer, type Line } from './talking-server.ts';

const secret = '0123456789abcdef0123456789abcdef';
let says: { body: string; status?: number; line?: Line };
let server: Awaited<ReturnType<typeof talkingServer<string>>>;
let signIn: SignIn;

beforeAll(async () => {
  server = await talkingServer(({ target }) => {
    const { body, status = 200, line } = says;
    const talk = { status, headers: { 'content-type': 'text/plain' }, body: Buffer.from(body) };
    return { asked: target, talk: line === undefined ? talk : { ...talk, line } };
  });
  signIn = signInAt({ appid: 'wx1', secret, authorizeUrl: 'https://open.weixin.qq.com', apiUrl: server.url });
});
afterAll(() => server.close());

const told = { access_token: 'a', expires_in: 7200, refresh_token: 'r', openid: 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o' };

describe('who has a page open within WeChat', () => {
  test('is asked at the address that WeChat matches as a text', () => {
    expect(signIn.addressOf('https://pay.example.com/cashier/pay_1/signed-in?lang=en', 'a1b2')).toBe(
      'https://open.weixin.qq.com/connect/oauth2/authorize?appid=wx1&redirect_uri=https%3A%2F%2Fpay.example.com%2Fcashier%2Fpay_1%2Fsigned-in%3Flang%3Den&response_type=code&scope=snsapi_base&state=a1b2#wechat_redirect',
    );
  });

  test('is told for a code, in what is JSON and is called text', async () => {
    says = { body: JSON.stringify({ ...told, scope: 'snsapi_base' }) };
    expect(await signIn.openidOf('c&d')).toBe(told.openid);
    expect(server.received.at(-1)).toBe(
      `/sns/oauth2/access_token?appid=wx1&secret=${secret}&code=c%26d&grant_type=authorization_code`,
    );
  });

  test.each([
    ['a code that is none', { errcode: 40_029, errmsg: 'invalid code, rid: 1' }],
    ['a code that was used', { errcode: 40_163, errmsg: 'code been used' }],
    ['a stand-in who has agreed to nothing', { ...told, is_snapshotuser: 1 }],
  ])('is nobody for %s', async (_, body) => {
    says = { body: JSON.stringify(body) };
    expect(await signIn.openidOf('c')).toBeUndefined();
  });

  test.each<[string, typeof says]>([
    ['a wrong secret', { body: JSON.stringify({ errcode: 40_125, errmsg: `invalid appsecret ${secret}` }) }],
    ['an outage', { body: JSON.stringify({ errcode: -1, errmsg: 'system error' }) }],
    ['another place', { body: '', status: 302 }],
    ['no JSON', { body: '<html>' }],
    ['a strange openid', { body: JSON.stringify({ ...told, openid: 'o/../' }) }],
    ['a broken line', { body: '{}', line: 'reset' }],
  ])('is not known after %s, and nothing that is said of it holds the secret', async (_, answer) => {
    says = answer;
    const failure = await signIn.openidOf('c').then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(Error);
    expect(`${String(failure)} ${JSON.stringify(failure)} ${String((failure as Error).cause)}`).not.toContain(secret);
  });
});
