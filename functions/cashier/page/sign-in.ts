import { words } from '../copy/words.ts';
import { html, type Html } from './html.ts';
import { filled, walletOf, type Model } from './model.ts';

/** On the way to where the wallet tells who the payer is: the script goes there at once, and on with it once it is back. */
export const signIn = ({ addresses, language }: Model, method: string): Html => {
  const wallet = walletOf(method)[language];
  return html`<section class="step">
    <h1 id="title" tabindex="-1">${filled(words.signIn[language], { wallet })}</h1>
    <p class="next">${filled(words.signInWhy[language], { wallet })}</p>
    <p>
      <a class="button" href="${`${addresses.signIn}&method=${method}`}" data-go="back">${words.goOn[language]}</a>
    </p>
    <p><a class="quiet" href="${addresses.page}">${words.back[language]}</a></p>
  </section>`;
};
