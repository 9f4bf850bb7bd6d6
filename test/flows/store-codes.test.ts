import { describe, expect, test } from 'vitest';

import { textOf, useBrowser, violationsOf, type Visit } from './browser.ts';
import { eventually, useMachine } from './machine.ts';

const the = useMachine();
const openTab = useBrowser();

// What an answer holds is what each test asserts.
// oxlint-disable-next-line typescript/no-explicit-any
type Resource = any;

const makeCode = async (over: object = {}): Promise<Resource> => {
  const { admin, stage } = the();
  const made = await admin.post('/admin/v1/store-codes', {
    app_id: stage.app.id,
    merchant_id: stage.app.merchant_id,
    product_code: 'web',
    name: '一号柜台 Counter 1',
    store_id: 'SH-001',
    terminal_id: 'T1',
    status: 'enabled',
    amount_max: 50_000,
    ...over,
  });
  expect(made.status, JSON.stringify(made.body)).toBe(201);
  return made.body;
};
const addressOf = ({ id }: Resource) => new URL(`/s/${id}`, the().stage.api);

const get = async (address: URL) => {
  const reply = await fetch(address, { redirect: 'manual' });
  const text = await reply.text();
  return {
    status: reply.status,
    headers: reply.headers,
    text,
    once: /name="once" value="([^"]+)"/.exec(text)?.[1] ?? '',
  };
};
const say = (address: URL, amount: string, once: string) =>
  fetch(address, { method: 'POST', body: new URLSearchParams({ amount, once }), redirect: 'manual' });
const orderedAt = (reply: Response) =>
  /\/cashier\/(pay_\w+)\?token=/.exec(reply.headers.get('location') ?? '')?.[1] ?? '';

const open = async (address: URL, { lang = 'en', ...visit }: Visit & { lang?: 'zh' | 'en' } = {}) => {
  const tab = await openTab(visit);
  await tab.page.goto(`${address.href}?lang=${lang}`);
  return tab;
};

describe('a code on a counter', () => {
  test('is scanned, told how much, and paid on the cashier; the app hears of it with its store and terminal', async () => {
    const { admin, advance, receiver, quiet, pay, read, stage, until } = the();
    // Nobody names an address when a payer scans: the app's own is told.
    const { body: app } = await admin.get(`/admin/v1/apps/${stage.app.id}`);
    const told = await admin.call('PUT', `/admin/v1/apps/${app.id}`, { ...app, notify_url: receiver.url('shop') });
    expect(told.status).toBe(200);
    await advance(31);
    const code = await makeCode();
    const { page, loaded } = await open(addressOf(code));
    expect(await textOf(page, 'h1')).toBe('一号柜台 Counter 1');
    await page.type('#amount', '88.5');
    await Promise.all([page.waitForNavigation(), page.click('form button.button')]);
    expect(page.url()).toContain('/cashier/pay_');
    const id = /pay_\w+/.exec(page.url())![0];
    expect(await read(id)).toMatchObject({
      amount: 8_850,
      currency: 'CNY',
      status: 'open',
      subject: '一号柜台 Counter 1',
      store_id: 'SH-001',
      terminal_id: 'T1',
      metadata: { store_code: code.id },
    });
    await page.click('input[value="wechat_native"]');
    await page.click('form[data-choice] button');
    await page.waitForSelector('.code');
    await pay((await read(id)).attempts[0].channel_order_no);
    await eventually('the page to show that it is paid', async () => (await page.$('.paid')) !== null);
    await until(id, 'paid');
    await quiet();
    expect(receiver.told(id)).toEqual(['payment.paid']);
    const first = await Promise.all(loaded.slice(0, 3).map(({ bytes }) => bytes));
    expect(first.reduce((all, bytes) => all + bytes, 0)).toBeLessThan(30_000);
  });

  test('is without barriers in both languages, on both sizes, also when something was wrong', async () => {
    const code = await makeCode();
    for (const lang of ['zh', 'en'] as const)
      for (const width of [320, 1_280]) {
        const { page, close } = await open(addressOf(code), { lang, width });
        expect(await violationsOf(page), `${lang} at ${width} px`).toEqual([]);
        expect(await page.evaluate('document.scrollingElement.scrollWidth')).toBeLessThanOrEqual(width);
        await page.type('#amount', '999999');
        await Promise.all([page.waitForNavigation(), page.click('form button.button')]);
        expect(await textOf(page, '[role=alert]')).not.toBe('');
        expect(await violationsOf(page), `${lang} at ${width} px, wrong`).toEqual([]);
        await close();
      }
  });

  test('works without a script, keeps out of caches and frames, and lets nothing in from elsewhere', async () => {
    const code = await makeCode({ name: '<script>"&' });
    const { headers, text } = await get(addressOf(code));
    expect(text).not.toContain('<script>"');
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(headers.get('cache-control')).toBe('no-store');
    const { page } = await open(addressOf(code), { script: false });
    await page.type('#amount', '1');
    await Promise.all([page.waitForNavigation(), page.click('form button.button')]);
    expect(page.url()).toContain('/cashier/pay_');
  });

  test('pressed twice is one payment; with another amount it is not that payment', async () => {
    const address = addressOf(await makeCode());
    const { once } = await get(address);
    const [one, two] = await Promise.all([say(address, '5', once), say(address, '5.00', once)]);
    expect([one.status, two.status]).toEqual([303, 303]);
    expect(orderedAt(one)).toMatch(/^pay_/);
    expect(orderedAt(two)).toBe(orderedAt(one));
    const other = await say(address, '6', once);
    expect(other.status).toBe(409);
    const fresh = /name="once" value="([^"]+)"/.exec(await other.text())![1]!;
    const placed = await say(address, '6', fresh);
    expect(placed.status).toBe(303);
    expect(orderedAt(placed)).not.toBe(orderedAt(one));
  });

  test.each(['0', '0.00', '500.01', '-1', '1.234', 'all', '99999999999'])(
    'refuses %j and places nothing',
    async (amount) => {
      const address = addressOf(await makeCode());
      const { once } = await get(address);
      const reply = await say(address, amount, once);
      expect([reply.status, reply.headers.get('location')]).toEqual([422, null]);
    },
  );

  test('expects a page of ours, of this code: what somebody has made up places nothing', async () => {
    const address = addressOf(await makeCode());
    const { once } = await get(addressOf(await makeCode()));
    for (const given of ['', 'x', once]) expect((await say(address, '1', given)).status).toBe(409);
  });

  test('that nobody pays at is over soon', async () => {
    const { advance, until } = the();
    const address = addressOf(await makeCode({ expires_in_seconds: 60 }));
    const id = orderedAt(await say(address, '5', (await get(address)).once));
    await advance(120);
    expect(await until(id, 'closed')).toMatchObject({ close_reason: 'expired' });
  });
});

describe('a code that takes nothing', () => {
  test('says the same whether it is switched off, was never there, or is no code at all', async () => {
    const { admin, advance } = the();
    const code = await makeCode();
    const { once } = await get(addressOf(code));
    const { version, ...row } = code;
    const off = await admin.call('PUT', `/admin/v1/store-codes/${code.id}`, { ...row, status: 'disabled', version });
    expect(off.status).toBe(200);
    await advance(31);
    const never = { id: 'sto_01KG7X0000STRE00000000000A' };
    const texts = await Promise.all(
      [code, never, { id: 'x' }].map(async (each) => {
        const { status, text } = await get(addressOf(each));
        expect(status).toBe(404);
        return text;
      }),
    );
    expect(new Set(texts).size).toBe(1);
    expect((await say(addressOf(code), '5', once)).status).toBe(404);
    const { body } = await admin.get(`/admin/v1/audit?subject_id=${code.id}`);
    expect(body.data).toHaveLength(2);
  });

  test('is of a suspended merchant, or of a merchant of another app', async () => {
    const { stage } = the();
    const other = await makeCode({ merchant_id: stage.other_app.merchant_id });
    expect((await get(addressOf(other))).status).toBe(404);
    const suspended = await makeCode({ merchant_id: 'mch_0000000000000000SVSPENDED1' });
    expect((await get(addressOf(suspended))).status).toBe(404);
  });

  test('cannot be made for a product that has no cashier, nor with limits that leave nothing', async () => {
    const { admin, stage } = the();
    const row = { app_id: stage.app.id, merchant_id: stage.app.merchant_id, product_code: 'web', name: '柜台' };
    const rest = { store_id: 'SH-001', status: 'enabled', amount_max: 100 };
    for (const wrong of [{ product_code: 'none' }, { amount_min: 200 }, { store_id: '6222020200112233445' }])
      expect((await admin.post('/admin/v1/store-codes', { ...row, ...rest, ...wrong })).status).toBe(400);
  });

  test('is one at which too many have tried from one place', async () => {
    const address = addressOf(await makeCode());
    const { once } = await get(address);
    const statuses = new Set<number>();
    for (let tries = 0; tries < 70; tries += 1) statuses.add((await say(address, '5', once)).status);
    expect([...statuses]).toEqual([303, 429]);
  });
});
