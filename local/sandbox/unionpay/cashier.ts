import { beijingTime } from '../beijing.ts';
import { escapeHtml, page, yuan } from '../page.ts';
import type { Call, Reply } from '../server.ts';
import { nowOf, type Desk } from './desk.ts';
import { isDone, isOpen, type DoneTrade, type Trade } from './trade/books.ts';
import { failToPay, payOrder } from './trade/payer.ts';
import { doneFields } from './trade/views.ts';
import { ok } from './wire/messages.ts';
import type { Refusal } from './wire/refusal.ts';
import { signedFields } from './wire/signature.ts';

const TITLE = '银联在线支付（沙箱） UnionPay (sandbox)';
const header = `<header><h1>${TITLE}</h1></header>`;

export const cashierOf = ({ token }: Trade): Reply => ({ status: 302, headers: { Location: `/cashier/${token}` } });

export const problemPage = (refusal: Refusal): Reply =>
  page({
    lang: 'zh-CN',
    title: TITLE,
    status: 400,
    main: `${header}<p class="note" role="alert">${escapeHtml(refusal.code)}: ${escapeHtml(refusal.message)}</p>`,
  });

/** Back to the merchant by a form, which proves nothing that a notification does not. */
const back = (desk: Desk, trade: DoneTrade): string => {
  if (trade.front_url === undefined) return '';
  const told = signedFields({ merId: desk.issued.mer_id, ...doneFields(trade), ...ok }, desk.issued);
  const fields = Object.entries(told).map(
    ([name, value]) => `<input type="hidden" name="${escapeHtml(name)}" value="${escapeHtml(value)}">`,
  );
  return `<form method="post" action="${escapeHtml(trade.front_url)}">${fields.join('')}<button class="go">返回商家 Back to the merchant</button></form>`;
};

const standing = (desk: Desk, trade: Trade): string => {
  if (isDone(trade)) return `<p class="note" role="status">已付款 Paid.</p>${back(desk, trade)}`;
  if (!isOpen(trade, nowOf(desk))) return '<p class="note" role="status">交易已关闭 The trade is closed.</p>';
  const path = `/cashier/${trade.token}`;
  return `<div class="do"><form method="post" action="${path}/pay"><button class="go">确认付款 Pay</button></form>
<form method="post" action="${path}/fail"><button>付款失败 Fail</button></form></div>`;
};

const show = (desk: Desk, trade: Trade): Reply =>
  page({
    lang: 'zh-CN',
    title: TITLE,
    leadsTo: trade.front_url && URL.parse(trade.front_url)?.origin,
    main: `${header}<p>沙箱中没有真实资金。 No real money moves in the sandbox.</p>
<ul><li><div class="what"><h2>${escapeHtml(trade.description)}</h2><dl>
<dt>商户订单号 Order</dt><dd>${escapeHtml(trade.order_id)}</dd>
<dt>付款截止（北京时间） Pay before (Beijing)</dt><dd>${beijingTime(trade.expires_at)}</dd>
${trade.failures > 0 ? `<dt>失败次数 Failed</dt><dd>${trade.failures}</dd>` : ''}</dl></div>
<div class="sum">${yuan(trade.done?.amount ?? trade.amount)}</div>${standing(desk, trade)}</li></ul>`,
  });

/** A person has pressed a button, and sees what became of it. */
const pressed = (desk: Desk, trade: Trade, verb: string): Reply => {
  if (verb === 'pay') payOrder(desk, trade.order_id);
  else failToPay(desk, trade.order_id);
  return { status: 303, headers: { Location: `/cashier/${trade.token}` } };
};

export const answerCashier = (desk: Desk, call: Call): Reply => {
  const [, token = '', verb] = /^\/cashier\/([0-9a-f]{32})(?:\/(pay|fail))?$/.exec(call.path) ?? [];
  const trade = desk.books.ofToken(token);
  if (trade === undefined) return page({ lang: 'zh-CN', title: TITLE, status: 404, main: `${header}<p>404</p>` });
  if (verb === undefined) return show(desk, trade);
  return call.method === 'POST' ? pressed(desk, trade, verb) : { status: 405, headers: { Allow: 'POST' } };
};
