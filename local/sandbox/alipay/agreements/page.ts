import { escapeHtml, page, yuan } from '../../page.ts';
import type { Call, Reply } from '../../server.ts';
import type { Desk } from '../desk.ts';
import { touchAgreement } from './agreements.ts';
import type { Agreement } from './book.ts';

const TITLE = '支付宝签约（沙箱） Alipay agreement (sandbox)';
const header = `<header><h1>${TITLE}</h1></header>`;

/** The page on which it is signed has an address of its own. */
export const openAgreement = ({ token }: Agreement): Reply => ({
  status: 302,
  headers: { Location: `/agreements/${token}` },
});

const standing = ({ status, token, return_url }: Agreement): string => {
  const back = return_url === undefined ? '' : ` <a href="${escapeHtml(return_url)}">返回商家 Back to the merchant</a>`;
  if (status === 'UNSIGN') return '<p class="note" role="status">已解约 Terminated.</p>';
  if (status === 'REFUSED') return `<p class="note" role="status">未签约 Not signed.${back}</p>`;
  const path = `/agreements/${token}`;
  if (status === 'NORMAL')
    return `<p class="note" role="status">已签约 Signed.${back}</p>
<form method="post" action="${path}/unsign"><button>解约 Terminate</button></form>`;
  return `<div class="do"><form method="post" action="${path}/sign"><button class="go">确认签约 Sign</button></form>
<form method="post" action="${path}/refuse"><button>拒绝 Refuse</button></form></div>`;
};

const show = (agreement: Agreement): Reply =>
  page({
    lang: 'zh-CN',
    title: TITLE,
    main: `${header}<p>沙箱中没有真实资金。 No real money moves in the sandbox.</p>
<ul><li><div class="what"><h2>${escapeHtml(agreement.sign_scene)}</h2><dl>
<dt>商户签约号 Agreement</dt><dd>${escapeHtml(agreement.external_agreement_no)}</dd></dl></div>
<div class="sum">${agreement.single_amount === undefined ? '' : `≤ ${yuan(agreement.single_amount)}`}</div>${standing(agreement)}</li></ul>`,
  });

const gestures = { sign: 'sign', refuse: 'refuse', unsign: 'unsign' } as const;
const gestureOf = (verb: string) => Object.values(gestures).find((each) => each === verb);

export const answerAgreement = (desk: Desk, call: Call): Reply => {
  const [, token = '', verb = ''] = /^\/agreements\/([0-9a-f]{32})(?:\/(\w+))?$/.exec(call.path) ?? [];
  const agreement = desk.agreements.named('token', token);
  const gesture = gestureOf(verb);
  if (agreement === undefined || (verb !== '' && !gesture))
    return page({ lang: 'zh-CN', title: TITLE, status: 404, main: `${header}<p>404</p>` });
  if (!gesture) return show(agreement);
  if (call.method !== 'POST') return { status: 405, headers: { Allow: 'POST' } };
  desk.store.transaction(() => touchAgreement(desk, agreement.external_agreement_no, gesture));
  return { status: 303, headers: { Location: `/agreements/${token}` } };
};
