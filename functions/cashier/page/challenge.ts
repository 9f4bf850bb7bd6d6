import { words } from '../copy/words.ts';
import { html, type Html } from './html.ts';
import type { Model } from './model.ts';

/** A code that the payer was sent: phones offer it from the message by themselves. Without a script the forms post themselves. */
export const challenge = ({ addresses, language }: Model): Html =>
  html`<form method="post" action="${addresses.challenge}" data-choice>
      <label class="otp" for="otp">${words.otp[language]}</label>
      <input
        id="otp"
        class="otp"
        name="answer"
        inputmode="numeric"
        autocomplete="one-time-code"
        pattern="[0-9]{6}"
        maxlength="6"
        required
      />
      <button class="button">${words.confirm[language]}</button>
    </form>
    <form method="post" action="${addresses.challenge}" data-choice>
      <input type="hidden" name="resend" value="1" /><button class="quiet">${words.resend[language]}</button>
    </form>`;
