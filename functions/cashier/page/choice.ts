import { notAvailable, obstacles, words } from '../copy/words.ts';
import type { Offer } from '../offers.ts';
import { html, type Html } from './html.ts';
import { iconOf } from './icons.ts';
import { amountText, type Model } from './model.ts';

const offer = ({ method, obstacle, promotion }: Offer, { language }: Model, isFirst: boolean): Html => {
  const reason = obstacle && (obstacles[obstacle] ?? notAvailable)[language];
  return html`<label class="method">
    <input
      type="radio"
      name="method"
      value="${method.method}"
      ${isFirst && html` checked`}${reason !== undefined && html` disabled`}
    />
    ${iconOf(method.method, method.icon)}
    <span class="name"
      >${method.display_name[language]}${promotion && html` <span class="promotion">${promotion.text[language]}</span>`}${reason !== undefined && html` <span class="reason">${reason}</span>`}</span
    >
  </label>`;
};

/** Blocked by the app that the page is open in: the address can be taken elsewhere. */
const copyLink = ({ offers, language, environment }: Model): Html | undefined =>
  environment !== 'desktop' && offers.some(({ obstacle }) => obstacle === 'in_browser' || obstacle === 'in_wechat')
    ? html`<p>
        <button type="button" class="quiet" data-copy="${words.copied[language]}" hidden>
          ${words.copyLink[language]}
        </button>
      </p>`
    : undefined;

/** A radio group in a plain form: without a script it posts itself. The amount stands in the button. */
export const choice = (model: Model): Html => {
  const { offers, language, addresses, choosing } = model;
  const canPay = offers.some(({ obstacle }) => !obstacle);
  return html`<form method="post" action="${addresses.attempts}" data-choice>
      <fieldset>
        <legend>${words.methods[language]}</legend>
        ${!canPay && html`<p class="note">${words.noMethods[language]}</p>`}
        ${offers.map((each, at) => offer(each, model, canPay && at === 0))}
      </fieldset>
      ${canPay && html`<button class="button">${words.pay[language]} ${amountText(model)}</button>`}
    </form>
    ${copyLink(model)} ${choosing && html`<p><a class="quiet" href="${addresses.page}">${words.back[language]}</a></p>`}`;
};
