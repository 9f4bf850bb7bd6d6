import type { Language } from '#cashier/copy/language.ts';
import { words as common } from '#cashier/copy/words.ts';
import { shell, type Assets } from '#cashier/page/document.ts';
import { html } from '#cashier/page/html.ts';
import { amountText, filled } from '#cashier/page/model.ts';

import type { StoreCode } from './store-code.ts';
import { words, wrongs, type Wrong } from './words.ts';

interface Model {
  readonly code: StoreCode;
  readonly merchant: string;
  readonly language: Language;
  readonly once: string;
  readonly typed: string;
  readonly wrong: Wrong | undefined;
}

/** Where the payer says how much. Without a script it works all the same. */
export const counterPage = ({ code, merchant, language, once, typed, wrong }: Model, assets: Assets): string => {
  const amountIn = (amount: bigint) => amountText({ payment: { currency: 'CNY', amount }, language });
  const limits = filled(words.limits[language], { min: amountIn(code.amount_min), max: amountIn(code.amount_max) });
  const say = wrong && wrongs[wrong];
  return shell(
    {
      language,
      title: `${code.name} · ${merchant}`,
      assets,
      merchant,
      otherLanguage: `/s/${code.id}?lang=${common.otherLanguage[language]}`,
    },
    html`<main id="page" class="alone">
      <section class="step">
        ${
          say &&
          html`<div class="notice" role="alert" id="wrong">
            <strong>${say.title[language]}</strong> ${say.money[language]} ${say.next[language]}
          </div>`
        }
        <h1 id="title" tabindex="-1">${code.name}</h1>
        <form method="post" action="/s/${code.id}?lang=${language}">
          <input type="hidden" name="once" value="${once}" />
          <label class="otp" for="amount">${words.amount[language]}</label>
          <input
            id="amount"
            class="otp"
            name="amount"
            value="${typed}"
            inputmode="decimal"
            autocomplete="off"
            maxlength="12"
            required
            aria-describedby="limits${say && ' wrong'}"
            ${say && html` aria-invalid="true"`}
          />
          <p class="next" id="limits">${limits}</p>
          <button class="button">${words.go[language]}</button>
        </form>
      </section>
    </main>`,
  ).text;
};
