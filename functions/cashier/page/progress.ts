import type { Action } from '#channels/channel.ts';
import type { Attempt } from '#payments/attempt.ts';

import type { Language, Text } from '../copy/language.ts';
import { words } from '../copy/words.ts';
import { html, type Html } from './html.ts';
import { iconOf } from './icons.ts';
import { amountText, filled, nameOf, walletOf, type Model } from './model.ts';
import { qrCode } from './qr.ts';

type ActionOf<Type extends Action['type']> = Extract<Action, { type: Type }>;

/** Addresses that a channel may send a payer to. Anything else is not made a link, whoever says so. */
const isAddress = (text: string): boolean =>
  ['https:', 'http:', 'weixin:', 'alipays:'].includes(URL.parse(text)?.protocol ?? '');

const scan = (model: Model, attempt: Attempt, { content }: ActionOf<'qr_code'>): Html => {
  const { language } = model;
  const wallet = walletOf(attempt.method)[language];
  const label = filled(words.code[language], { wallet, amount: amountText(model) });
  return html`<figure>
      <div class="code" role="img" aria-label="${label}">${qrCode(content)}</div>
      <figcaption>${iconOf(attempt.method)}<span>${filled(words.scan[language], { wallet })}</span></figcaption>
    </figure>
    ${/^https?:/.test(content) && html`<p><a class="quiet" href="${content}">${words.openHere[language]}</a></p>`}`;
};

const goThere = ({ language, environment }: Model, attempt: Attempt, { url }: ActionOf<'redirect'>): Html =>
  // WeChat believes an H5 payment only when it is told which domain it comes from: the origin, never the address.
  html`<p>
      <a class="button" href="${isAddress(url) ? url : '#'}" referrerpolicy="origin" data-go
        >${filled(words.open[language], { wallet: walletOf(attempt.method)[language] })}</a
      >
    </p>
    ${environment === 'douyin' && html`<p class="note">${words.inAppHint[language]}</p>`}`;

const postThere = ({ language }: Model, attempt: Attempt, { url, fields }: ActionOf<'form'>): Html =>
  html`<form method="post" action="${isAddress(url) ? url : ''}" data-go>
    ${Object.entries(fields).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`)}
    <button class="button">${filled(words.open[language], { wallet: walletOf(attempt.method)[language] })}</button>
  </form>`;

/** Only the wallet's own browser can do it; whatever its bridge answers, the platform is asked. */
const callBridge = ({ language }: Model, { params }: ActionOf<'sdk'>): Html =>
  html`<p>
    <button type="button" class="button" data-bridge="${JSON.stringify(params)}">${words.goOn[language]}</button>
  </p>`;

/** What is typed somewhere else, digit by digit, or copied. */
const toType = (language: Language, label: Text, text: string): Html =>
  html`<div>
    <dt>${label[language]}</dt>
    <dd>
      <span class="number">${text}</span>
      <button
        type="button"
        class="quiet"
        data-copy="${words.copiedText[language]}"
        data-text="${text}"
        aria-label="${words.copy[language]} ${label[language]}"
        hidden
      >
        ${words.copy[language]}
      </button>
    </dd>
  </div>`;

/** The account is told as `holder · number · bank`; told in another way, it stands there whole. */
const accountParts = (account: string): { holder?: string; number: string; bank?: string } => {
  const [holder, number, bank, ...more] = account.split(' · ');
  return holder && number && bank && more.length === 0 ? { holder, number, bank } : { number: account };
};

const remit = (model: Model, { account, reference }: ActionOf<'remit'>): Html => {
  const { language } = model;
  const { holder, number, bank } = accountParts(account);
  const told = (label: Text, text: string | undefined) =>
    text !== undefined &&
    html`<div>
      <dt>${label[language]}</dt>
      <dd>${text}</dd>
    </div>`;
  return html`<p>${words.remit[language]}</p>
    <dl class="remit">
      ${told(words.holder, holder)} ${toType(language, words.account, number)} ${told(words.bank, bank)}
      ${told(words.amount, amountText(model))} ${toType(language, words.reference, reference)}
    </dl>
    <p class="note">${words.remitWhy[language]}</p>`;
};

const whatToDo = (model: Model, attempt: Attempt, action: Action): Html | undefined => {
  switch (action.type) {
    case 'qr_code':
      return scan(model, attempt, action);
    case 'redirect':
      return goThere(model, attempt, action);
    case 'form':
      return postThere(model, attempt, action);
    case 'sdk':
      return callBridge(model, action);
    case 'remit':
      return remit(model, action);
    default:
      return undefined;
  }
};

/** Sending the same order again under the same number is safe, and gives the payer what a lost answer kept from them. */
const sendAgain = ({ payment, now, addresses, language }: Model, { status, action, mismatch, method }: Attempt) =>
  status === 'unknown' &&
  !action &&
  !mismatch &&
  !payment.close_requested_at &&
  payment.expires_at > now &&
  html`<form method="post" action="${addresses.attempts}" data-choice>
    <input type="hidden" name="method" value="${method}" /><button class="quiet">${words.again[language]}</button>
  </form>`;

/** While money may be on its way: what to do, and a way to ask now. Asking is a link, so it works without a script. */
export const progress = (model: Model): Html => {
  const { stand, language, addresses, offers } = model;
  const { standing, attempt } = stand;
  const others = offers.filter(({ obstacle, method }) => !obstacle && method.method !== attempt?.method);
  return html`${standing !== 'unknown' && attempt && html`<p class="with">${nameOf(model, attempt.method)[language]}</p>`}
    ${standing === 'waiting' && attempt?.action && whatToDo(model, attempt, attempt.action)}
    <div class="row">
      <a class="quiet" href="${addresses.page}" data-check>${words.check[language]}</a>
      ${standing === 'waiting' && others.length > 0 && html`<a class="quiet" href="${addresses.choosing}">${words.otherMethod[language]}</a>`}
      ${standing === 'unknown' && attempt && sendAgain(model, attempt)}
    </div>`;
};
