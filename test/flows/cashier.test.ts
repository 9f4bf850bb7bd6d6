import { setTimeout as pause } from 'node:timers/promises';

import type { Page } from 'puppeteer-core';
import { describe, expect, test } from 'vitest';

import { problems } from '#cashier/copy/problems.ts';
import { standings } from '#cashier/copy/standings.ts';
import { words } from '#cashier/copy/words.ts';

import { exampleCashier } from '../../local/example-order.ts';
import { textOf, useBrowser, violationsOf, type Visit } from './browser.ts';
import { eventually, useMachine } from './machine.ts';

const the = useMachine();
const openTab = useBrowser();

/** A payment whose payer chooses. */
const placed = (over: Record<string, unknown> = {}) =>
  the().place({ method: undefined, product_code: 'web', subject: 'Tea 茶', ...over });

const open = async (url: string, { lang = 'en', ...visit }: Visit & { lang?: 'zh' | 'en' } = {}) => {
  const tab = await openTab(visit);
  await tab.page.goto(`${url}&lang=${lang}`);
  return tab;
};

const choose = async (page: Page, shows = '.code') => {
  await page.click('form[data-choice] button');
  await page.waitForSelector(shows);
};

const orderNoOf = async (id: string): Promise<string> => (await the().read(id)).attempts.at(-1).channel_order_no;
const payAt = async (id: string) => expect((await the().pay(await orderNoOf(id))).status).toBe(200);

/** As when a payer comes back to the tab. */
const comeBack = (page: Page) => page.evaluate(`document.dispatchEvent(new Event('visibilitychange'))`);
const focused = (page: Page) => page.evaluate('document.activeElement.id');

/** What stands there: readable without barriers and without scrolling sideways, in both languages, on both sizes. */
const isFitForAll = async (url: string) => {
  for (const lang of ['zh', 'en'] as const)
    for (const width of [320, 1_280]) {
      const { page, close } = await open(url, { lang, width });
      expect(await violationsOf(page), `${lang} at ${width} px`).toEqual([]);
      expect(await page.evaluate('document.scrollingElement.scrollWidth')).toBeLessThanOrEqual(width);
      const small = await page.evaluate(
        `[...document.querySelectorAll('a, button, label')].filter((e) => !e.hidden && e.getBoundingClientRect().height < 44).map((e) => e.outerHTML)`,
      );
      expect(small, 'targets below 44 px').toEqual([]);
      await close();
    }
};

describe('a placement without a method', () => {
  test('is an open payment with an address for its payer, and expires as usual', async () => {
    const payment = await placed({ expires_in_seconds: 60 });
    expect(payment).toMatchObject({ status: 'open', method: null, product_code: 'web', attempts: [] });
    expect(payment.cashier_url).toMatch(new RegExp(`^${the().stage.api}/cashier/${payment.id}\\?token=[\\w-]{22}$`));
    expect(await the().read(payment.id)).toEqual(payment);
    await the().advance(120);
    const closed = await the().until(payment.id, 'closed');
    expect(closed).toMatchObject({ close_reason: 'expired', cashier_url: null });
  });

  test.each([
    ['without a product', { product_code: undefined }],
    ['of a product that has no profile', { product_code: 'nothing' }],
  ])('is refused %s', async (_, over) => {
    const { app, order } = the();
    const reply = await app.post('/v1/payments', order({ method: undefined, ...over }));
    expect([reply.status, reply.body.code]).toEqual([422, 'method_required']);
  });

  test('is refused by the product of another app', async () => {
    const { other, order, stage } = the();
    const mine = { merchant_id: stage.other_app.merchant_id, method: undefined, product_code: 'web' };
    expect((await other.post('/v1/payments', order(mine))).body.code).toBe('method_required');
  });

  test('has an address beside a method of the app’s own choice only when it names a product', async () => {
    expect((await the().place()).cashier_url).toBeNull();
    expect((await the().place({ product_code: 'web' })).cashier_url).toContain('/cashier/');
  });
});

describe('what a page is made of', () => {
  test('is three answers of together at most 15 kB, compressed', async () => {
    const { cashier_url: url } = await placed();
    const { page, loaded } = await open(url);
    await page.waitForNetworkIdle();
    const bytes = await Promise.all(loaded.map((answer) => answer.bytes));
    const total = bytes.reduce((sum, each) => sum + each, 0);
    expect(loaded.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(total).toBeLessThanOrEqual(15_000);
    for (const answer of loaded) expect(new URL(answer.url).origin).toBe(the().stage.api);
  });

  test('is kept by nobody, framed by nobody, and says nothing of its address to anybody', async () => {
    const { cashier_url: url } = await placed();
    const response = await fetch(url);
    const header = (name: string) => response.headers.get(name);
    expect(header('content-security-policy')).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    );
    expect(header('cache-control')).toBe('no-store');
    expect(header('referrer-policy')).toBe('no-referrer');
    expect(header('x-content-type-options')).toBe('nosniff');
    expect(header('strict-transport-security')).toMatch(/^max-age=\d{8}/);
    expect(header('content-encoding')).toBe('gzip');
    expect(await response.text()).not.toMatch(/ style=| on\w+=|<style/);
  });

  test('has parts that are kept for a year under the name of their content', async () => {
    const { cashier_url: url } = await placed();
    const text = await (await fetch(url)).text();
    const parts = [...text.matchAll(/\/cashier\/assets\/page-[0-9a-f]{16}\.(?:js|css)/g)].map(([part]) => part);
    expect(parts).toHaveLength(2);
    for (const part of parts) {
      const kept = await fetch(new URL(part, url));
      expect([kept.status, kept.headers.get('cache-control')]).toEqual([200, 'public, max-age=31536000, immutable']);
      // A page of the version before still finds something.
      const gone = await fetch(new URL(part.replace(/-[0-9a-f]+/, '-0123456789abcdef'), url));
      expect([gone.status, gone.headers.get('cache-control')]).toEqual([200, 'no-store']);
    }
    expect((await fetch(new URL('/cashier/assets/page.js', url))).status).toBe(404);
  });

  test('asks for news with answers of a hundred bytes, and of none when there are no news', async () => {
    const { cashier_url: url, id } = await placed();
    const state = url.replace('?', '/state?');
    const first = await fetch(state);
    const text = await first.text();
    expect(text.length).toBeLessThanOrEqual(300);
    expect(JSON.parse(text)).toMatchObject({ standing: 'open', revision: 'open.0' });
    const etag = first.headers.get('etag') ?? '';
    const same = await fetch(state, { headers: { 'if-none-match': etag } });
    expect([same.status, await same.text()]).toEqual([304, '']);
    await the().app.post(`/v1/payments/${id}/close`);
    expect((await fetch(state, { headers: { 'if-none-match': etag } })).status).toBe(200);
  });
});

describe('a payer on a computer', () => {
  test('chooses WeChat, scans the code, pays and reads that it is paid', async () => {
    const payment = await placed({ return_url: 'https://shop.example/done' });
    const { page } = await open(payment.cashier_url);
    expect(await textOf(page, '#title')).toBe(standings.open.title.en);
    expect(await textOf(page, 'form button')).toBe('Pay CN¥100.00');
    await choose(page);
    expect(await textOf(page, '#title')).toBe(standings.waiting.title.en);
    expect(await focused(page)).toBe('title');
    expect(await page.$eval('.code', (code) => code.getAttribute('aria-label'))).toContain('CN¥100.00');
    await payAt(payment.id);
    await page.waitForSelector('.paid', { timeout: 15_000 });
    expect(await textOf(page, '#title')).toBe(standings.paid.title.en);
    expect(await textOf(page, '#said')).toBe(standings.paid.title.en);
    expect(await focused(page)).toBe('title');
    expect(await page.title()).toContain('CN¥100.00');
    expect(await page.$eval('a.button', (link) => link.getAttribute('href'))).toBe('https://shop.example/done');
    expect((await the().read(payment.id)).status).toBe('paid');
    // Taken back to the app in a moment, unless they stay.
    await page.click('.note button');
    expect(await page.$('.note')).toBeNull();
  });

  test('sees what cannot be used here, why, and cannot choose it', async () => {
    const { cashier_url: url } = await placed();
    const { page } = await open(url);
    const disabled = await page.$$eval('input:disabled', (inputs) =>
      inputs.map((input) => input.getAttribute('value')),
    );
    expect(disabled).toEqual(['wechat_h5', 'alipay_wap', 'wechat_jsapi']);
    expect(await textOf(page, 'fieldset')).toContain('Open this page on your phone');
    const reply = await fetch(url.replace('?', '/attempts?'), {
      method: 'POST',
      body: new URLSearchParams({ method: 'wechat_h5' }),
      headers: { 'accept-language': 'en' },
    });
    expect(reply.status).toBe(422);
    expect(await reply.text()).toContain(problems.method_not_available.title.en);
  });

  test('who transfers from their bank reads to which account and with which reference, and copies both', async () => {
    const payment = await placed();
    const { page } = await open(payment.cashier_url);
    await page.click('input[value="bank_transfer"]');
    await choose(page, '.remit');
    const { account, reference } = (await the().read(payment.id)).attempts[0].action;
    const [holder, number, bank] = account.split(' · ');
    const told = await page.$$eval('.remit dt, .remit .number, .remit dd:not(:has(*))', (parts) =>
      parts.map((part) => part.textContent),
    );
    expect(told).toEqual([
      words.holder.en,
      holder,
      words.account.en,
      number,
      words.bank.en,
      bank,
      words.amount.en,
      'CN¥100.00',
      words.reference.en,
      reference,
    ]);
    await page.evaluate('navigator.clipboard.writeText = async (text) => { document.title = text; }');
    for (const text of [number, reference]) {
      await page.click(`button[data-text="${text}"]`);
      expect(await page.title()).toBe(text);
    }
    expect(await textOf(page, '#said')).toBe(words.copiedText.en);
    await isFitForAll(payment.cashier_url);
  });

  test('who clicks twice in two tabs has one attempt', async () => {
    const payment = await placed();
    const tabs = await Promise.all([open(payment.cashier_url), open(payment.cashier_url)]);
    await Promise.all(
      tabs.map(async ({ page }) => {
        await page.evaluate(`for (const _ of [1, 2]) document.querySelector('form[data-choice] button').click()`);
        await page.waitForSelector('.code');
      }),
    );
    const codes = await Promise.all(
      tabs.map(({ page }) => page.$eval('.code path:last-child', (path) => path.getAttribute('d'))),
    );
    expect(codes[0]).toBe(codes[1]);
    expect((await the().read(payment.id)).attempts).toHaveLength(1);
  });

  test('whose payment fails may try again, and pays with the next attempt', async () => {
    const payment = await placed();
    const { page } = await open(payment.cashier_url);
    await the().spoil('server_error');
    await choose(page, '.unknown');
    // The channel has never received it.
    await the().advance(121);
    await page.waitForSelector('.failed', { timeout: 15_000 });
    expect(await textOf(page, 'main')).toContain(standings.failed.money.en);
    await isFitForAll(payment.cashier_url);
    await choose(page);
    await payAt(payment.id);
    await page.waitForSelector('.paid', { timeout: 15_000 });
  });

  test('changes the language and finds the same page', async () => {
    const { cashier_url: url } = await placed();
    const { page } = await open(url);
    await Promise.all([page.waitForNavigation(), page.click('header a')]);
    expect(await textOf(page, '#title')).toBe(standings.open.title.zh);
    expect(await page.$eval('html', (root) => root.getAttribute('lang'))).toBe('zh-CN');
    await choose(page);
    expect(await textOf(page, '#title')).toBe(standings.waiting.title.zh);
  });

  test('is not asked about while nobody looks, and at once when somebody does', async () => {
    const payment = await placed();
    const { page, loaded } = await open(payment.cashier_url);
    await choose(page);
    await page.evaluate(
      `Object.defineProperty(document, 'hidden', { get: () => window.isHidden, configurable: true })`,
    );
    await page.evaluate(`window.isHidden = true; document.dispatchEvent(new Event('visibilitychange'))`);
    const asked = () => loaded.filter(({ url }) => url.includes('/state?')).length;
    const before = asked();
    await payAt(payment.id);
    await pause(6_000);
    expect(asked()).toBe(before);
    await page.evaluate(`window.isHidden = false; document.dispatchEvent(new Event('visibilitychange'))`);
    await page.waitForSelector('.paid', { timeout: 2_000 });
  });

  test('is told when the network is gone, and when it is back', async () => {
    const payment = await placed();
    const { page } = await open(payment.cashier_url);
    await choose(page);
    await page.setOfflineMode(true);
    await page.waitForSelector('#offline:not([hidden])', { timeout: 10_000 });
    expect(await violationsOf(page)).toEqual([]);
    await payAt(payment.id);
    await page.setOfflineMode(false);
    await page.waitForSelector('.paid', { timeout: 15_000 });
    expect(await page.$('#offline:not([hidden])')).toBeNull();
  });
});

test('an example order is the same one until somebody has paid it', async () => {
  const url = (await exampleCashier(the().platform)) ?? '';
  expect(await exampleCashier(the().platform)).toBe(url);
  const { page } = await open(url);
  await choose(page);
  await payAt(/pay_\w{26}/.exec(url)?.[0] ?? '');
  await page.waitForSelector('.paid', { timeout: 15_000 });
  expect(await exampleCashier(the().platform)).not.toBe(url);
});

test('a payer on a phone is sent to WeChat, which is told the origin and never the address', async () => {
  const payment = await placed();
  const { page } = await open(payment.cashier_url, { agent: 'phone', width: 390 });
  // There is no WeChat here: somebody answers in its place, and is asked who sent the payer.
  const referers: (string | undefined)[] = [];
  await page.setRequestInterception(true);
  page.on('request', (request) => {
    if (request.url().startsWith(the().stage.api)) return void request.continue();
    referers.push(request.headers()['referer']);
    return void request.respond({ status: 200, contentType: 'text/html', body: '<p>WeChat' });
  });
  await page.click('form[data-choice] button');
  await eventually('WeChat to be open', () => page.url().startsWith('https://wx.tenpay.com/'));
  expect(referers[0]).toBe(`${the().stage.api}/`);
  await payAt(payment.id);
  await page.goBack();
  await eventually('the page to show that it is paid', async () => (await page.$('.paid')) !== null);
});

test('without a script a payer chooses by a form, sees the code, and the result when the page is loaded again', async () => {
  const payment = await placed();
  const { page } = await open(payment.cashier_url, { script: false });
  await Promise.all([page.waitForNavigation(), page.click('form button')]);
  expect(await textOf(page, '#title')).toBe(standings.waiting.title.en);
  expect(await page.$('.code svg')).not.toBeNull();
  // Loading it again chooses nothing again.
  await page.reload();
  expect((await the().read(payment.id)).attempts).toHaveLength(1);
  await payAt(payment.id);
  await the().until(payment.id, 'paid');
  await Promise.all([page.waitForNavigation(), page.click('[data-check]')]);
  expect(await textOf(page, '#title')).toBe(standings.paid.title.en);
});

describe('an order that ends', () => {
  test('is asked about when its time is over, and only then said to have expired', async () => {
    const payment = await placed({ expires_in_seconds: 60 });
    await the().advance(45);
    const { page } = await open(payment.cashier_url);
    expect(await textOf(page, '.left')).toMatch(/^Time left 00:(0[1-9]|1[0-5])$/);
    await page.waitForSelector('.expired', { timeout: 30_000 });
    expect(await textOf(page, '#title')).toBe(standings.expired.title.en);
    await isFitForAll(payment.cashier_url);
  });

  test('while its code may have been paid is confirmed at the channel first', async () => {
    const payment = await placed({ expires_in_seconds: 60 });
    const { page } = await open(payment.cashier_url);
    await choose(page);
    await payAt(payment.id);
    await the().advance(120);
    await page.waitForSelector('.paid', { timeout: 15_000 });
  });

  test('by its app is closed for its payer too', async () => {
    const payment = await placed();
    const { page } = await open(payment.cashier_url);
    await the().app.post(`/v1/payments/${payment.id}/close`);
    await comeBack(page);
    await page.waitForSelector('.closed');
    await isFitForAll(payment.cashier_url);
    // Whoever still has the list open is told how it stands.
    const reply = await fetch(payment.cashier_url.replace('?', '/attempts?'), {
      method: 'POST',
      body: new URLSearchParams({ method: 'wechat_native' }),
    });
    expect(reply.status).toBe(409);
    expect(await reply.text()).toContain(standings.closed.title.zh);
  });

  test('and is paid all the same is received, and nobody says that it succeeded', async () => {
    await the().spoil('paid_after_close');
    const payment = await placed();
    const { page } = await open(payment.cashier_url);
    await choose(page);
    await the().app.post(`/v1/payments/${payment.id}/close`);
    await the().until(payment.id, 'paid_late');
    await comeBack(page);
    await page.waitForSelector('.late');
    expect(await textOf(page, '#title')).toBe(standings.late.title.en);
    await isFitForAll(payment.cashier_url);
  });

  test('takes its address with it a day later', async () => {
    const payment = await placed({ expires_in_seconds: 60 });
    await the().advance(120);
    await the().until(payment.id, 'closed');
    expect((await fetch(payment.cashier_url)).status).toBe(200);
    await the().advance(86_400);
    expect((await fetch(payment.cashier_url)).status).toBe(404);
    expect((await fetch(payment.cashier_url.replace('?', '/state?'))).status).toBe(404);
  });
});

test('a channel that does not answer leaves a payment to be confirmed, never failed', async () => {
  const payment = await placed();
  await the().spoil('timeout_but_paid');
  const { page } = await open(payment.cashier_url);
  await choose(page, '.unknown, .paid');
  const standing = await page.$eval('.step', (step) => step.getAttribute('class'));
  expect(standing).toMatch(/unknown|paid/);
  await page.waitForSelector('.paid', { timeout: 30_000 });
}, 60_000);

test('each state of a payment that is not yet paid has no barriers either', async () => {
  const payment = await placed({ return_url: 'https://shop.example/done' });
  await isFitForAll(payment.cashier_url);
  const { page } = await open(payment.cashier_url);
  await choose(page);
  await isFitForAll(payment.cashier_url);
  await isFitForAll(`${payment.cashier_url}&choose=1`);
  await payAt(payment.id);
  await the().until(payment.id, 'paid');
  await isFitForAll(payment.cashier_url);
  await the().spoil('server_error');
  const unanswered = await placed();
  const other = await open(unanswered.cashier_url);
  await choose(other.page, '.unknown');
  await isFitForAll(unanswered.cashier_url);
}, 120_000);

test('an address that is not right is the same page for every reason, and changes nothing', async () => {
  const payment = await placed();
  const url: string = payment.cashier_url;
  const another = await placed();
  const unknown = `pay_${'0'.repeat(26)}`;
  const wrong = [
    url.replace(/token=.*/, 'token=AAAAAAAAAAAAAAAAAAAAAA'),
    url.replace(/\?.*/, ''),
    url.replace(payment.id, another.id),
    url.replace(payment.id, unknown),
    url.replace(payment.id, 'nonsense'),
  ];
  const bodies = new Set<string>();
  for (const address of wrong) {
    const reply = await fetch(address, { headers: { 'accept-language': 'en' } });
    expect(reply.status).toBe(404);
    bodies.add(await reply.text());
    expect((await fetch(address.replace(/(\?|$)/, '/state$1'))).status).toBe(404);
    const body = new URLSearchParams({ method: 'wechat_native' });
    expect((await fetch(address.replace(/(\?|$)/, '/attempts$1'), { method: 'POST', body })).status).toBe(404);
  }
  expect(bodies.size).toBe(1);
  expect([...bodies][0]).toContain(standings.not_found.title.en);
  expect((await the().read(payment.id)).attempts).toEqual([]);
  await isFitForAll(wrong[0] ?? '');
});
