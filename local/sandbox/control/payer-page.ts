import { beijingTime } from '../beijing.ts';
import type { Waiting } from '../channel.ts';
import { escapeHtml, page, yuan } from '../page.ts';
import type { Reply } from '../server.ts';

const texts = {
  zh: {
    lang: 'zh-CN',
    other: 'English',
    title: '沙箱付款台',
    lead: '在这里替付款人付款。沙箱中没有真实资金。',
    none: '没有待支付的订单。付款人在收银台选择支付方式后，或应用以某种支付方式下单后，订单会出现在这里。',
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
    channels: { wechat: '微信支付', alipay: '支付宝', unionpay: '银联', lakala: '拉卡拉' },
  },
  en: {
    lang: 'en',
    other: '中文',
    title: 'Sandbox payer',
    lead: 'Pay here in the payer’s place. No real money moves in the sandbox.',
    none: 'Nothing is waiting to be paid. An order appears here once its payer has chosen a method at the cashier, or an app has placed it with one.',
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
    channels: { wechat: 'WeChat Pay', alipay: 'Alipay', unionpay: 'UnionPay', lakala: 'Lakala' },
  },
} as const;
export type Language = keyof typeof texts;
export type Result = keyof (typeof texts)['en']['results'];

interface Item {
  readonly channel: string;
  readonly waiting: Waiting;
}

const itemHtml = ({ channel, waiting }: Item, language: Language): string => {
  const text = texts[language];
  const name = new Map<string, string>(Object.entries(text.channels)).get(channel) ?? channel;
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
  return page({
    lang: text.lang,
    title: text.title,
    main: `<header><h1>${text.title}</h1><nav><a href="/payer?lang=${language}">${text.refresh}</a><a href="/payer?lang=${other}" hreflang="${other}">${text.other}</a></nav></header>
<p>${text.lead}</p>${result === undefined ? '' : `<p class="note" role="status">${text.results[result]}</p>`}
${items.length === 0 ? `<p>${text.none}</p>` : `<ul>${list}</ul>`}`,
  });
};

/** The words asked for, else the browser's, else Chinese. */
export const languageOf = (asked: string | null, accepted: string | undefined): Language => {
  if (asked === 'zh' || asked === 'en') return asked;
  return /^en\b/i.test(accepted ?? '') ? 'en' : 'zh';
};
