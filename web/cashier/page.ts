import { callBridge } from './bridge.ts';
import { clockText, isSaid, secondsUntil } from './countdown.ts';
import { answersPastEnd, retryAfterSeconds, waitSeconds } from './polling.ts';

/*
 * The server draws every state. This script shows the time that is left, asks for news while something may change, and then
 * exchanges what is in `main`. Without it the page is a form, a link to ask and a picture of the code.
 */

const find = (selector: string): HTMLElement | null => document.querySelector<HTMLElement>(selector);
const page = () => find('#page')?.dataset ?? {};

/** What the server's clock is ahead of ours. */
let skew = 0;
let answers = 0;
let answersSinceEnd = 0;
let waitingSince = 0;
let timer: ReturnType<typeof setTimeout> | undefined;
let isAsking = false;
let lastSaid = -1;

const secondsLeft = () => secondsUntil(Date.parse(page()['ends'] ?? ''), Date.now(), skew);
const synchronize = (now: string | undefined) => {
  if (now !== undefined) skew = Date.parse(now) - Date.now();
};
const say = (text: string) => {
  const said = find('#said');
  if (said) said.textContent = text;
};
const setOffline = (isOffline: boolean) => {
  const notice = find('#offline');
  if (!notice || notice.hidden === !isOffline) return;
  notice.hidden = !isOffline;
  if (isOffline) say(notice.textContent);
};

const begin = () => {
  answers = 0;
  answersSinceEnd = 0;
  waitingSince = Date.now();
  synchronize(page()['now']);
  prepare();
  tick();
  plan();
};

/** Puts another drawing of the page in the place of this one, and the payer's attention on what it says. */
const show = (text: string) => {
  const drawn = new DOMParser().parseFromString(text, 'text/html');
  const main = drawn.querySelector('main');
  if (!main) return false;
  find('main')?.replaceWith(main);
  document.title = drawn.title;
  const title = find('#title');
  say((find('[role=alert]') ?? title)?.textContent ?? '');
  title?.focus();
  const back = find('[data-return]');
  if (back instanceof HTMLAnchorElement) goBack(back);
  begin();
  return true;
};

const refresh = async () => {
  const response = await fetch(location.href, { cache: 'no-store', headers: { accept: 'text/html' } });
  if (response.status < 500) show(await response.text());
};

const plan = (after?: number) => {
  clearTimeout(timer);
  const isOver = secondsLeft() === 0 && answersSinceEnd >= answersPastEnd;
  if (page()['moving'] === undefined || document.hidden || isOver) return;
  const seconds = after ?? waitSeconds(answers, (Date.now() - waitingSince) / 1_000);
  timer = setTimeout(() => void ask(), seconds * 1_000);
};

const news = async (isFresh: boolean) => {
  const { state, revision } = page();
  const response = await fetch(state ?? '', {
    cache: 'no-store',
    headers: isFresh ? {} : { 'if-none-match': `"${revision}"` },
  });
  setOffline(false);
  const pause = retryAfterSeconds(response.headers.get('retry-after'));
  if (response.status === 404) await refresh();
  if (response.status !== 200) return pause;
  const answer: { revision: string; now: string } = await response.json();
  synchronize(answer.now);
  if (answer.revision !== revision) await refresh();
  return pause;
};

/** Asks now. Only one question at a time; a network that is gone is said, and asked again. */
const ask = async (isFresh = false) => {
  if (isAsking || page()['live'] === undefined) return;
  isAsking = true;
  answers += 1;
  if (secondsLeft() === 0) answersSinceEnd += 1;
  let pause: number | undefined;
  try {
    pause = await news(isFresh);
  } catch {
    setOffline(true);
  }
  isAsking = false;
  plan(pause);
};

/** At zero the platform is asked: a clock alone decides nothing. */
const tick = () => {
  const label = find('[data-left]');
  const time = find('time');
  if (!label || !time) return;
  const seconds = secondsLeft();
  label.textContent = label.dataset['left'] ?? '';
  time.textContent = clockText(seconds);
  time.classList.toggle('soon', seconds <= 60);
  if (seconds === lastSaid) return;
  if (isSaid(seconds) && lastSaid > 0) say((page()['seconds'] ?? '').replace('{seconds}', String(seconds)));
  if (seconds === 0 && lastSaid > 0) void ask(true);
  lastSaid = seconds;
};

/** Remembered through one loading of the page: that it is to act by itself. */
const going = 'suanpan-go';

/**
 * Where a form may lead is said with the page that is loaded, and the one that stands here was loaded before there was a form:
 * it is loaded once more, and that one goes on.
 */
const act = () => {
  const next = find('[data-go]');
  // Whoever goes there comes back to this page, and goes on with what it shows by then.
  const comesBack = next instanceof HTMLFormElement || next?.dataset['go'] === 'back';
  if (comesBack) sessionStorage.setItem(going, location.pathname);
  if (next instanceof HTMLFormElement) return location.reload();
  next?.click();
  find('[data-bridge]')?.click();
};

const goOn = () => {
  const isMeant = sessionStorage.getItem(going) === location.pathname;
  sessionStorage.removeItem(going);
  const next = find('[data-go]');
  if (isMeant && next instanceof HTMLFormElement) next.submit();
  else if (isMeant) find('[data-bridge]')?.click();
};

const choose = async (form: HTMLFormElement) => {
  const button = form.querySelector('button');
  if (!button || button.disabled) return;
  button.disabled = true;
  form.setAttribute('aria-busy', 'true');
  try {
    const fields = [...new FormData(form)].map(([name, value]) => [name, typeof value === 'string' ? value : '']);
    const response = await fetch(form.action, { method: 'POST', body: new URLSearchParams(fields) });
    setOffline(false);
    // The address of the list of methods would show the list again at the next news.
    if (response.redirected) history.replaceState(null, '', response.url);
    if (show(await response.text())) return act();
  } catch {
    setOffline(true);
  }
  button.disabled = false;
  form.removeAttribute('aria-busy');
};

const copy = async (button: HTMLElement) => {
  await navigator.clipboard.writeText(button.dataset['text'] ?? location.href);
  button.textContent = button.dataset['copy'] ?? '';
  say(button.textContent);
};

/** Back to the app a moment after the payment was seen to succeed, unless the payer stays. */
const goBack = (link: HTMLAnchorElement) => {
  const note = document.createElement('p');
  const stay = document.createElement('button');
  note.className = 'note';
  note.textContent = `${link.dataset['return']}… `;
  stay.type = 'button';
  stay.className = 'quiet';
  stay.textContent = link.dataset['stay'] ?? '';
  note.append(stay);
  link.closest('p')?.after(note);
  const leaving = setTimeout(() => location.assign(link.href), 8_000);
  stay.addEventListener('click', () => {
    clearTimeout(leaving);
    note.remove();
    find('#title')?.focus();
  });
};

const prepare = () => {
  for (const button of document.querySelectorAll<HTMLElement>('[data-copy]')) button.hidden = !navigator.clipboard;
};

document.addEventListener('submit', (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || form.dataset['choice'] === undefined) return;
  event.preventDefault();
  void choose(form);
});
document.addEventListener('click', (event) => {
  const target =
    event.target instanceof Element
      ? event.target.closest<HTMLElement>('[data-check],[data-copy],[data-bridge]')
      : null;
  if (!target) return;
  if (target.dataset['bridge'] !== undefined) return callBridge(target.dataset['bridge'], () => void ask(true));
  if (target.dataset['copy'] !== undefined) return void copy(target);
  event.preventDefault();
  say('');
  void ask(true).then(() => say(find('#title')?.textContent ?? ''));
});
document.addEventListener('visibilitychange', () => (document.hidden ? clearTimeout(timer) : void ask(true)));
addEventListener('pageshow', (event) => event.persisted && void ask(true));
addEventListener('online', () => void ask(true));
setInterval(tick, 1_000);
begin();
goOn();
