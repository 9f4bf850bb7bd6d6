import type { AgreementGesture } from './channel.ts';
import { escapeHtml, page, yuan } from './page.ts';
import type { Call, Reply } from './server.ts';

/** An agreement as its payer sees it. */
export interface ShownAgreement {
  readonly token: string;
  readonly subject: string;
  readonly number: string;
  readonly amountMax?: number | undefined;
  readonly state: 'open' | 'refused' | 'signed' | 'ended';
  readonly returnUrl?: string | undefined;
}

const titleOf = (channel: string): string => `${channel}签约（沙箱） Agreement (sandbox)`;

const standing = ({ state, token, returnUrl }: ShownAgreement): string => {
  const back = returnUrl === undefined ? '' : ` <a href="${escapeHtml(returnUrl)}">返回商家 Back to the merchant</a>`;
  if (state === 'ended') return '<p class="note" role="status">已解约 Terminated.</p>';
  if (state === 'refused') return `<p class="note" role="status">未签约 Not signed.${back}</p>`;
  const path = `/agreements/${token}`;
  if (state === 'signed')
    return `<p class="note" role="status">已签约 Signed.${back}</p>
<form method="post" action="${path}/unsign"><button>解约 Terminate</button></form>`;
  return `<div class="do"><form method="post" action="${path}/sign"><button class="go">确认签约 Sign</button></form>
<form method="post" action="${path}/refuse"><button>拒绝 Refuse</button></form></div>`;
};

const show = (agreement: ShownAgreement, channel: string): Reply => {
  const title = titleOf(channel);
  return page({
    lang: 'zh-CN',
    title,
    main: `<header><h1>${title}</h1></header><p>沙箱中没有真实资金。 No real money moves in the sandbox.</p>
<ul><li><div class="what"><h2>${escapeHtml(agreement.subject)}</h2><dl>
<dt>商户签约号 Agreement</dt><dd>${escapeHtml(agreement.number)}</dd></dl></div>
<div class="sum">${agreement.amountMax === undefined ? '' : `≤ ${yuan(agreement.amountMax)}`}</div>${standing(agreement)}</li></ul>`,
  });
};

const gestures = { sign: 'sign', refuse: 'refuse', unsign: 'unsign' } as const;

/** Whose agreements the pages show. */
interface Signed {
  readonly channel: string;
  readonly find: (token: string) => ShownAgreement | undefined;
  readonly touch: (agreement: ShownAgreement, gesture: AgreementGesture) => void;
}

/** The page on which an agreement is signed has an address of its own. */
export const openAgreement = ({ token }: { readonly token: string }): Reply => ({
  status: 302,
  headers: { Location: `/agreements/${token}` },
});

/** `/agreements/{token}` shows one to its payer, and takes below it what the payer does: plain forms, no script. */
export const answerAgreement = ({ channel, find, touch }: Signed, call: Call): Reply => {
  const [, token = '', verb = ''] = /^\/agreements\/([0-9a-f]{32})(?:\/(\w+))?$/.exec(call.path) ?? [];
  const agreement = find(token);
  const gesture = Object.values(gestures).find((each) => each === verb);
  if (agreement === undefined || (verb !== '' && !gesture)) {
    const title = titleOf(channel);
    return page({ lang: 'zh-CN', title, status: 404, main: `<header><h1>${title}</h1></header><p>404</p>` });
  }
  if (!gesture) return show(agreement, channel);
  if (call.method !== 'POST') return { status: 405, headers: { Allow: 'POST' } };
  touch(agreement, gesture);
  return { status: 303, headers: { Location: `/agreements/${token}` } };
};
