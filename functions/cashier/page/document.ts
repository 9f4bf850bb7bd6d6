import { tagOf, type Language } from '../copy/language.ts';
import { problems } from '../copy/problems.ts';
import { standings, type Say } from '../copy/standings.ts';
import { words } from '../copy/words.ts';
import { isChoosable, isMoving, isPayable, type Standing } from '../standing.ts';
import { challenge } from './challenge.ts';
import { choice } from './choice.ts';
import { html, Html } from './html.ts';
import { signs } from './icons.ts';
import { amountText, instantText, nameOf, type Model } from './model.ts';
import { order } from './order.ts';
import { progress } from './progress.ts';
import { signIn } from './sign-in.ts';

/** Where the page's script and style are: their names change with their content. */
export interface Assets {
  readonly script: string;
  readonly style: string;
}

const signOf: Readonly<Partial<Record<Standing, Html>>> = {
  paid: signs.good,
  late: signs.wait,
  duplicate: signs.wait,
  unknown: signs.wait,
  starting: signs.wait,
  failed: signs.bad,
  challenged: signs.wait,
  closed: signs.over,
  expired: signs.over,
};

/** An abacus of four beads. */
const favicon =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Crect width='16' height='16' rx='4' fill='%230b5d4e'/%3E%3Cpath d='M5 2v12M11 2v12' stroke='%23fff'/%3E%3Cg fill='%23fff'%3E%3Ccircle cx='5' cy='5' r='2'/%3E%3Ccircle cx='5' cy='11' r='2'/%3E%3Ccircle cx='11' cy='7' r='2'/%3E%3Ccircle cx='11' cy='12' r='2'/%3E%3C/g%3E%3C/svg%3E";

interface Shell {
  readonly language: Language;
  readonly title: string;
  readonly assets: Assets;
  readonly merchant?: string;
  readonly otherLanguage?: string;
}

/** What every page for a payer stands in. */
export const shell = ({ language, title, assets, merchant, otherLanguage }: Shell, main: Html): Html =>
  html`<!doctype html>
    <html lang="${tagOf[language]}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title}</title>
        <link rel="icon" href="${new Html(favicon)}" />
        <link rel="stylesheet" href="${assets.style}" />
        <script type="module" src="${assets.script}"></script>
      </head>
      <body>
        <header>
          <span class="merchant">${merchant ?? 'Suanpan'}</span>${
            otherLanguage !== undefined &&
            html`<a
              href="${otherLanguage}"
              lang="${tagOf[words.otherLanguage[language]]}"
              hreflang="${tagOf[words.otherLanguage[language]]}"
              >${words.language[language]}</a
            >`
          }
        </header>
        ${main}
        <p class="unseen" role="status" id="said"></p>
        <div class="notice" id="offline" hidden>
          <strong>${standings.network_lost.title[language]}</strong> ${standings.network_lost.money[language]}
          ${standings.network_lost.next[language]}
        </div>
      </body>
    </html>`;

const said = (say: Say, language: Language): Html =>
  html`<p class="money">${say.money[language]}</p>
    <p class="next">${say.next[language]}</p>`;

const refusal = ({ problem, language }: Model): Html | undefined => {
  if (problem === undefined) return undefined;
  const say = problems[problem];
  return html`<div class="notice" role="alert">
    <strong>${say.title[language]}</strong> ${say.money[language]} ${say.next[language]}
  </div>`;
};

const facts = (model: Model): Html | undefined => {
  const { stand, language } = model;
  const { attempt } = stand;
  if (stand.standing !== 'paid' || !attempt?.receipt) return undefined;
  return html`<dl class="facts">
    <div>
      <dt>${words.by[language]}</dt>
      <dd>${nameOf(model, attempt.method)[language]}</dd>
    </div>
    <div>
      <dt>${words.paidAt[language]}</dt>
      <dd>${instantText(attempt.receipt.paid_at, language, attempt.time_zone)}</dd>
    </div>
  </dl>`;
};

/** Only the app's own address, as it was placed: nothing about the payment is told by it. */
const wayBack = ({ payment, stand, language }: Model): Html | undefined => {
  if (isMoving(stand.standing) || payment.return_url === undefined) return undefined;
  const isPaid = stand.standing === 'paid';
  return html`<p>
    <a
      class="${isPaid ? 'button' : 'quiet'}"
      href="${payment.return_url}"
      ${isPaid && html` data-return="${words.returning[language]}" data-stay="${words.stay[language]}"`}
      >${words.toMerchant[language]}</a
    >
  </p>`;
};

/** Whether the payer pays within moments, before this page. A transfer takes a day, and says so itself. */
const isWaited = ({ standing, attempt }: Model['stand']): boolean =>
  standing === 'waiting' && attempt?.action?.type !== 'remit';

const step = (model: Model): Html => {
  const { stand, language, choosing } = model;
  const { standing } = stand;
  const chooses = isChoosable(standing) || (choosing && standing === 'waiting');
  const say = standings[choosing && chooses ? 'open' : standing];
  const isQuiet = chooses && standing !== 'failed';
  return html`<section class="step ${standing}">
    ${refusal(model)} ${!chooses || standing === 'failed' ? signOf[standing] : undefined}
    <h1 id="title" tabindex="-1">${say.title[language]}</h1>
    ${!isQuiet && standing !== 'waiting' && said(say, language)} ${chooses ? choice(model) : undefined}
    ${!chooses && isMoving(standing) ? progress(model) : undefined} ${standing === 'challenged' && challenge(model)}
    ${!chooses && isWaited(stand) ? said(say, language) : undefined} ${facts(model)} ${wayBack(model)}
  </section>`;
};

/** The page of a payment. Every state is drawn here; the script only exchanges what is in `main`. */
export const paymentPage = (model: Model, assets: Assets): string => {
  const { stand, language, merchant, now, payment, addresses } = model;
  const { title } = standings[stand.standing];
  return shell(
    {
      language,
      title: `${title[language]} ${amountText(model)} · ${merchant}`,
      assets,
      merchant,
      otherLanguage: addresses.otherLanguage,
    },
    html`<main
      id="page"
      data-revision="${stand.revision}"
      data-state="${addresses.state}"
      data-now="${now.toISOString()}"
      data-ends="${payment.expires_at.toISOString()}"
      data-seconds="${words.secondsLeft[language]}"
      ${isMoving(stand.standing) && html` data-moving`}${isPayable(stand.standing) && html` data-live`}
    >
      ${order(model)} ${model.signInFor === undefined ? step(model) : signIn(model, model.signInFor)}
    </main>`,
  ).text;
};

/** The same for an unknown payment and a wrong token: whoever guesses learns nothing. */
export const plainPage = (say: Say, sign: Html, language: Language, assets: Assets): string =>
  shell(
    { language, title: say.title[language], assets },
    html`<main id="page" class="alone">
      <section class="step">
        ${sign}
        <h1 id="title" tabindex="-1">${say.title[language]}</h1>
        ${said(say, language)}
      </section>
    </main>`,
  ).text;
