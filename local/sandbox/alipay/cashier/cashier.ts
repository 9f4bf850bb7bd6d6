import { beijingTime } from '../../beijing.ts';
import type { PayerOutcome } from '../../channel.ts';
import { escapeHtml, page, yuan } from '../../page.ts';
import type { Call, Reply } from '../../server.ts';
import { offeredWith } from '../agreements/agreements.ts';
import { nowOf, type Desk } from '../desk.ts';
import { failToPay, payOrder } from '../trade/payer.ts';
import { isOver, isPaid, type Order, type PaidOrder } from '../trade/books.ts';
import { startTrade } from '../trade/trades.ts';
import { price } from '../trade/views.ts';
import type { Refusal } from '../wire/refusal.ts';
import { signedParams } from '../wire/signature.ts';

const TITLE = '支付宝收银台（沙箱） Alipay cashier (sandbox)';
const header = `<header><h1>${TITLE}</h1></header>`;

/** The payer's browser has come: the trade begins, and its page has an address of its own. */
export const openCashier = (desk: Desk, order: Order): Reply => ({
  status: 302,
  headers: { Location: `/cashier/${startTrade(desk, order).token}` },
});

export const problemPage = (refusal: Refusal): Reply =>
  page({
    lang: 'zh-CN',
    title: TITLE,
    status: 400,
    main: `${header}<p class="note" role="alert">${escapeHtml(refusal.subCode)}: ${escapeHtml(refusal.message)}</p>`,
  });

/** Back to the merchant, with what the payer may see and Alipay's signature; it proves nothing that a notification does not. */
const returnAddress = (desk: Desk, order: PaidOrder): string | undefined => {
  if (order.return_url === undefined) return undefined;
  const { app_id, seller_id } = desk.issued;
  const url = new URL(order.return_url);
  const told = signedParams(
    {
      charset: 'utf-8',
      out_trade_no: order.out_trade_no,
      method: `alipay.trade.${order.way}.pay.return`,
      total_amount: price(order.paid.amount),
      trade_no: order.trade.trade_no,
      auth_app_id: app_id,
      version: '1.0',
      app_id,
      seller_id,
      timestamp: beijingTime(nowOf(desk)),
    },
    desk.issued,
  );
  for (const [name, value] of told) url.searchParams.append(name, value);
  return url.href;
};

const standing = (desk: Desk, order: Order): string => {
  if (isPaid(order)) {
    const back = returnAddress(desk, order);
    const link = back === undefined ? '' : ` <a href="${escapeHtml(back)}">返回商家 Back to the merchant</a>`;
    return `<p class="note" role="status">已付款 Paid.${link}</p>`;
  }
  if (isOver(order, nowOf(desk))) return '<p class="note" role="status">交易已关闭 The trade is closed.</p>';
  const path = `/cashier/${order.token}`;
  const signing =
    offeredWith(desk, order) === undefined
      ? ''
      : '<label><input type="checkbox" name="sign" value="yes" checked> 同时签约 Sign the agreement</label> ';
  return `<div class="do"><form method="post" action="${path}/pay">${signing}<button class="go">确认付款 Pay</button></form>
<form method="post" action="${path}/fail"><button>付款失败 Fail</button></form></div>`;
};

const show = (desk: Desk, order: Order): Reply =>
  page({
    lang: 'zh-CN',
    title: TITLE,
    leadsTo: order.return_url && URL.parse(order.return_url)?.origin,
    main: `${header}<p>沙箱中没有真实资金。 No real money moves in the sandbox.</p>
<ul><li><div class="what"><h2>${escapeHtml(order.subject)}</h2><dl>
<dt>商户订单号 Order</dt><dd>${escapeHtml(order.out_trade_no)}</dd>
<dt>付款截止（北京时间） Pay before (Beijing)</dt><dd>${beijingTime(order.expires_at)}</dd>
${order.failures > 0 ? `<dt>失败次数 Failed</dt><dd>${order.failures}</dd>` : ''}</dl></div>
<div class="sum">${yuan(order.paid?.amount ?? order.total)}</div>${standing(desk, order)}</li></ul>`,
  });

/** A person has pressed a button; with the money taken the browser goes where the merchant wanted it. */
const pressed = (desk: Desk, order: Order, verb: string, form: URLSearchParams): Reply => {
  const outcome: PayerOutcome =
    verb === 'pay'
      ? payOrder(desk, order.out_trade_no, form.get('sign') === 'yes')
      : failToPay(desk, order.out_trade_no);
  const after = desk.books.order(order.out_trade_no);
  const back = outcome.kind === 'paid' && after !== undefined && isPaid(after) ? returnAddress(desk, after) : undefined;
  return { status: 303, headers: { Location: back ?? `/cashier/${order.token}` } };
};

export const answerCashier = (desk: Desk, call: Call): Reply => {
  const [, token = '', verb] = /^\/cashier\/([0-9a-f]{32})(?:\/(pay|fail))?$/.exec(call.path) ?? [];
  const order = desk.books.orderOfToken(token);
  if (order === undefined) return page({ lang: 'zh-CN', title: TITLE, status: 404, main: `${header}<p>404</p>` });
  if (verb === undefined) return show(desk, order);
  if (call.method !== 'POST') return { status: 405, headers: { Allow: 'POST' } };
  return pressed(desk, order, verb, new URLSearchParams(call.body));
};
