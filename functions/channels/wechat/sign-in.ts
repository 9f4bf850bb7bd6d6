import * as z from 'zod';

import type { SignIn } from '#channels/channel.ts';
import { bytesOf, Unanswered } from '#channels/reply.ts';

interface OfficialAccount {
  readonly appid: string;
  readonly secret: string;
  readonly authorizeUrl: string;
  readonly apiUrl: string;
}

const replies = { bytes: 16_384, milliseconds: 5_000 };

const Told = z.object({
  openid: z.string().regex(/^[\w-]{1,128}$/),
  /** 快照页: a stand-in for a payer who has agreed to nothing; nobody can be charged by it. */
  is_snapshotuser: z.literal(1).optional(),
});
const Refused = z.object({ errcode: z.int(), errmsg: z.string().catch('') });

/** What the code is to blame for: it is not one, was used, or ran out after five minutes. */
const badCodes = [40_029, 40_163, 41_008, 42_003];

const answerOf = async (url: URL): Promise<unknown> => {
  try {
    const response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(replies.milliseconds) });
    return JSON.parse((await bytesOf(response, replies.bytes)).toString('utf8'));
  } catch {
    // What is thrown by a failed call may name its address, and that one holds the secret.
    throw new Unanswered('signing in: WeChat gave no answer that can be read');
  }
};

/**
 * 网页授权 of an official account with `snsapi_base`: the payer is asked nothing, and we learn the openid alone. It comes unsigned,
 * over TLS. WeChat matches the address that it is sent to as a text: the parameters in this order, the state of at most 128
 * letters and digits, the fragment at the end.
 * @see https://developers.weixin.qq.com/doc/offiaccount/OA_Web_Apps/Wechat_webpage_authorization.html
 */
export const signInAt = ({ appid, secret, authorizeUrl, apiUrl }: OfficialAccount): SignIn => ({
  addressOf(back, state) {
    const url = new URL('/connect/oauth2/authorize', authorizeUrl);
    const asked = { appid, redirect_uri: back, response_type: 'code', scope: 'snsapi_base', state };
    return `${url.href}?${new URLSearchParams(asked).toString()}#wechat_redirect`;
  },

  async openidOf(code) {
    const url = new URL('/sns/oauth2/access_token', apiUrl);
    url.search = new URLSearchParams({ appid, secret, code, grant_type: 'authorization_code' }).toString();
    const answer = await answerOf(url);
    const refused = Refused.safeParse(answer).data;
    if (refused && badCodes.includes(refused.errcode)) return undefined;
    const told = Told.safeParse(answer).data;
    if (!told) throw new Unanswered(`signing in: WeChat answered ${refused?.errcode ?? 'without an openid'}`);
    return told.is_snapshotuser === undefined ? told.openid : undefined;
  },
});
