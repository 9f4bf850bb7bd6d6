import { words } from '../copy/words.ts';
import { isPayable } from '../standing.ts';
import { html, type Html } from './html.ts';
import { amountText, instantText, type Model } from './model.ts';

/** Days are cut where most payers are; the zone is written beside. The script shows what is left instead. */
const zone = 'Asia/Shanghai';

const timeLeft = ({ payment, language }: Model): Html =>
  html`<p class="left">
    <span data-left="${words.timeLeft[language]}">${words.until[language]}</span>
    <time datetime="${payment.expires_at.toISOString()}">${instantText(payment.expires_at, language, zone)}</time>
  </p>`;

/** What is paid, to whom, for what: the same in every state. */
export const order = (model: Model): Html => {
  const { payment, merchant, language, stand } = model;
  const mayBePaid = isPayable(stand.standing);
  const isPaid = stand.standing === 'paid' || stand.standing === 'duplicate' || stand.standing === 'late';
  const ended = isPaid ? words.amountPaid : words.amountPlain;
  return html`<section class="order" aria-label="${words.details[language]}">
    <p class="due">${(mayBePaid ? words.amount : ended)[language]}</p>
    <p class="amount">${amountText(model)}</p>
    ${mayBePaid && payment.expires_at > model.now && timeLeft(model)}
    <dl>
      <div>
        <dt>${words.payTo[language]}</dt>
        <dd>${merchant}</dd>
      </div>
      <div>
        <dt>${words.subject[language]}</dt>
        <dd>${payment.subject}</dd>
      </div>
      <div>
        <dt>${words.orderNo[language]}</dt>
        <dd class="number">${payment.merchant_order_id}</dd>
      </div>
    </dl>
    ${mayBePaid && stand.standing !== 'unknown' && html`<p class="verify">${words.verify[language]}</p>`}
  </section>`;
};
