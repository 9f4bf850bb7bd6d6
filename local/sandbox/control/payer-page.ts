import { createHash } from 'node:crypto';
import { beijingTime } from '../beijing.ts';
import type { Waiting } from '../channel.ts';
import type { Reply } from '../server.ts';

const texts = {
  zh: {
    lang: 'zh-CN',
    other: 'English',
    title: '沙箱付款台',
    lead: '在这里替付款人付款。沙箱中没有真实资金。',
    none: '当前没有等待付款的订单。',
    refresh: '刷新',
    channel: '渠道',
    order: '渠道订单号',
    subject: '商品',
    amount: '金额',
    until: '付款截止（北京时间）',
    pay: '立即付款',
    fail: '付款失败',
    failures: '失败次数',
    results: {
      paid: '已付款',
      failed: '付款未成功，订单仍可付款',
      closed: '订单已关闭',
      paid_already: '订单已付款',
      unknown: '没有这笔订单',
    },
    channels: { wechat: '微信支付' },
  },
  en: {
    lang: 'en',
    other: '中文',
    title: 'Sandbox payer',
    lead: 'Pay here in the payer’s place. No real money moves in the sandbox.',
    none: 'Nothing is waiting to be paid.',
    refresh: 'Refresh',
    channel: 'Channel',
    order: 'Channel order no.',
    subject: 'Subject',
    amount: 'Amount',
    until: 'Pay before (Beijing time)',
    pay: 'Pay now',
    fail: 'Fail',
    failures: 'failed',
    results: {
      paid: 'Paid',
      failed: 'Payment failed; the order can still be paid',
      closed: 'The order is closed',
      paid_already: 'The order is paid already',
      unknown: 'There is no such order',
    },
    channels: { wechat: 'WeChat Pay' },
  },
} as const;
export type Language = keyof typeof texts;
export type Result = keyof (typeof texts)['en']['results'];

const STYLE = `
:root{color-scheme:light dark;--line:#8884;--soft:#8882;--go:#0b6e4f}
*{box-sizing:border-box}
body{margin:0;font:16px/1.5 system-ui,"PingFang SC","Microsoft YaHei",sans-serif}
main{max-width:60rem;margin:0 auto;padding:2rem 1rem}
header{display:flex;justify-content:space-between;align-items:baseline;gap:1rem}
h1{font-size:1.5rem;margin:0}
nav a{margin-left:1rem}
.note{padding:.75rem 1rem;border-left:4px solid var(--go);background:var(--soft)}
ul{list-style:none;padding:0;display:grid;gap:1rem}
li{border:1px solid var(--line);border-radius:.75rem;padding:1rem;display:flex;flex-wrap:wrap;gap:1rem;align-items:center}
.what{flex:1 1 20rem;min-width:0;overflow-wrap:anywhere}
.what h2{font-size:1.05rem;margin:0 0 .25rem}
dl{display:grid;grid-template-columns:max-content 1fr;gap:0 .75rem;margin:0;font-size:.875rem;opacity:.85}
dd{margin:0}
.sum{font-size:1.5rem;font-variant-numeric:tabular-nums;font-weight:600}
.do{display:flex;gap:.5rem}
button{font:inherit;min-height:2.75rem;padding:0 1.25rem;border-radius:.5rem;border:1px solid var(--line);background:transparent;color:inherit;cursor:pointer}
button.go{background:var(--go);border-color:var(--go);color:#fff}
button:focus-visible,a:focus-visible{outline:3px solid #3b82f6;outline-offset:2px}`;

const CSP = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const escapeHtml = (text: string): string => text.replaceAll(/[&<>"']/g, (sign) => entities[sign] ?? '');

const yuan = (fen: number): string => `¥${(fen / 100).toFixed(2)}`;

interface Item {
  readonly channel: string;
  readonly waiting: Waiting;
}

const itemHtml = ({ channel, waiting }: Item, language: Language): string => {
  const text = texts[language];
  const name = channel === 'wechat' ? text.channels.wechat : channel;
  const path = escapeHtml(`/payer/${channel}/${encodeURIComponent(waiting.channel_order_no)}`);
  const failures = waiting.failures > 0 ? `<dt>${text.failures}</dt><dd>${waiting.failures}</dd>` : '';
  return `<li><div class="what"><h2>${escapeHtml(waiting.subject)}</h2><dl>
<dt>${text.channel}</dt><dd>${escapeHtml(name)}</dd>
<dt>${text.order}</dt><dd>${escapeHtml(waiting.channel_order_no)}</dd>
<dt>${text.until}</dt><dd>${beijingTime(waiting.expires_at)}</dd>${failures}</dl></div>
<div class="sum">${yuan(waiting.amount)}</div><div class="do">
<form method="post" action="${path}/pay?lang=${language}"><button class="go">${text.pay}</button></form>
<form method="post" action="${path}/fail?lang=${language}"><button>${text.fail}</button></form></div></li>`;
};

/** A person standing in for the payer: plain forms, no script. */
export const payerPage = (items: readonly Item[], language: Language, result: Result | undefined): Reply => {
  const text = texts[language];
  const other = language === 'zh' ? 'en' : 'zh';
  const list = items.map((item) => itemHtml(item, language)).join('\n');
  return {
    status: 200,
    headers: {
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Security-Policy': CSP,
      'Referrer-Policy': 'no-referrer',
    },
    body: `<!doctype html>
<html lang="${text.lang}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${text.title}</title>
<style>${STYLE}</style></head><body><main>
<header><h1>${text.title}</h1><nav><a href="/payer?lang=${language}">${text.refresh}</a><a href="/payer?lang=${other}" hreflang="${other}">${text.other}</a></nav></header>
<p>${text.lead}</p>${result === undefined ? '' : `<p class="note" role="status">${text.results[result]}</p>`}
${items.length === 0 ? `<p>${text.none}</p>` : `<ul>${list}</ul>`}
</main></body></html>`,
  };
};

/** The words asked for, else the browser's, else Chinese. */
export const languageOf = (asked: string | null, accepted: string | undefined): Language => {
  if (asked === 'zh' || asked === 'en') return asked;
  return /^en\b/i.test(accepted ?? '') ? 'en' : 'zh';
};
