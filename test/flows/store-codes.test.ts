import { describe, expect, test } from 'vitest';

import { problems, signInLost } from '#cashier/copy/problems.ts';

import { agents, textOf, useBrowser, violationsOf, type Visit } from './browser.ts';
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

  test('is looked up by its app: what was paid by it, and in its store, newest first and page by page', async () => {
    const { app, other, place, quiet } = the();
    const [first, second] = [await makeCode({ store_id: 'SH-009' }), await makeCode({ store_id: 'SH-009' })];
    const placed = async (code: Resource) =>
      orderedAt(await say(addressOf(code), '5', (await get(addressOf(code))).once));
    const ids = [await placed(first), await placed(second), await placed(first)];
    ids.push((await place({ store_id: 'SH-009' })).id);
    await place();
    await quiet();
    const find = async (query: string, client = app) => {
      const { status, body } = await client.get(`/v1/payments?${query}`);
      expect(status, JSON.stringify(body)).toBe(200);
      return { ids: body.data.map(({ id }: Resource) => id), next: body.next_cursor };
    };
    expect(await find('store_id=SH-009')).toEqual({ ids: ids.toReversed(), next: null });
    expect(await find(`store_code_id=${first.id}`)).toEqual({ ids: [ids[2], ids[0]], next: null });
    expect(await find(`store_code_id=${second.id}`)).toEqual({ ids: [ids[1]], next: null });
    const page = await find('store_id=SH-009&limit=3');
    expect(page.ids).toEqual(ids.slice(1).toReversed());
    expect(await find(`store_id=SH-009&limit=3&cursor=${page.next}`)).toEqual({ ids: [ids[0]], next: null });
    // A store is its app's own word: another's of the same name is another.
    expect(await find('store_id=SH-009', other)).toEqual({ ids: [], next: null });
    expect(await find(`store_code_id=${first.id}`, other)).toEqual({ ids: [], next: null });
    for (const query of ['', 'store_id=SH-009&merchant_order_id=a', `store_id=a&store_code_id=${first.id}`])
      expect((await app.get(`/v1/payments?${query}`)).status).toBe(400);
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

/** A payer in WeChat whose browser keeps cookies and follows no redirect by itself. */
const inWechat = () => {
  const cookies = new Map<string, string>();
  return async (address: string | URL, init: RequestInit = {}) => {
    const reply = await fetch(address, {
      redirect: 'manual',
      ...init,
      headers: {
        'user-agent': agents.wechat,
        'accept-language': 'en',
        cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; '),
      },
    });
    for (const line of reply.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^(\w+)=([^;]*)/.exec(line) ?? [];
      cookies.set(name, value);
    }
    const location = reply.headers.get('location');
    return {
      status: reply.status,
      text: await reply.text(),
      location: location === null ? '' : new URL(location, address).href,
      cookie: reply.headers.getSetCookie().join(),
    };
  };
};
type Visitor = ReturnType<typeof inWechat>;

/** At the cashier of a code, with WeChat chosen: what is left is to sign in. */
const signingIn = async (visit: Visitor = inWechat()) => {
  const address = addressOf(await makeCode());
  const placed = await say(address, '12.34', (await get(address)).once);
  const cashier = new URL(placed.headers.get('location') ?? '', address);
  const id = /pay_\w+/.exec(cashier.href)![0];
  const chosen = await visit(new URL(`${cashier.pathname}/attempts${cashier.search}`, cashier), {
    method: 'POST',
    body: new URLSearchParams({ method: 'wechat_jsapi' }),
  });
  const link = /href="([^"]*sign-in[^"]*)"/.exec(chosen.text)?.[1]?.replaceAll('&amp;', '&') ?? '';
  return { visit, cashier, id, begin: () => visit(new URL(link, cashier)) };
};

describe('a payer who scans a code with WeChat', () => {
  test('is known to WeChat, never asked, and pays inside it; who they are stands in no address and no log', async () => {
    const { pay, until, orderRow, said, platform } = the();
    const { visit, cashier, id, begin } = await signingIn();
    const leading = await begin();
    const asked = new URL(leading.location);
    expect([...asked.searchParams.keys()]).toEqual(['appid', 'redirect_uri', 'response_type', 'scope', 'state']);
    expect(asked.searchParams.get('scope')).toBe('snsapi_base');
    expect(asked.hash).toBe('#wechat_redirect');
    const back = new URL(asked.searchParams.get('redirect_uri') ?? '');
    expect([back.origin, back.pathname]).toEqual([cashier.origin, `${cashier.pathname}/signed-in`]);
    expect(asked.href).not.toContain(cashier.searchParams.get('token'));
    expect(leading.cookie).toMatch(new RegExp(`Path=${cashier.pathname}; Max-Age=600; HttpOnly; SameSite=Lax$`));

    const authorized = await visit(asked);
    const returned = await visit(authorized.location);
    expect([returned.status, returned.location]).toEqual([303, cashier.href.replace(/&lang=\w+/, '')]);
    expect(returned.cookie).toContain('Max-Age=0');
    const page = await visit(returned.location);
    expect(page.text).toContain('data-bridge');
    expect(page.text).toContain('prepay_id=wx');
    const { attempts } = await the().read(id);
    expect(attempts).toMatchObject([{ method: 'wechat_jsapi', status: 'pending' }]);
    const { payer } = (await orderRow(id)) as { payer: { openid: string; openid_from: string } };
    expect(payer).toMatchObject({ openid_from: attempts[0].channel_account_id });
    const everything = [leading.location, authorized.location, returned.location, page.text, ...said()].join('\n');
    expect(everything).not.toContain(payer.openid);
    expect(everything).not.toContain(platform.sandbox.credentials.wechat.app_secret);

    // WeChat may open the address twice: the code is asked about once, and there is one attempt.
    const again = await visit(authorized.location, { headers: {} });
    expect([again.status, (await the().read(id)).attempts.length]).toEqual([400, 1]);
    await pay(attempts[0].channel_order_no);
    await until(id, 'paid');
  });

  test('is charged once though WeChat opens the way back twice at the same time', async () => {
    const { visit, id, begin } = await signingIn();
    const authorized = await visit((await begin()).location);
    const both = await Promise.all([visit(authorized.location), visit(authorized.location)]);
    expect(both.map(({ status }) => status)).toEqual([303, 303]);
    expect(both.filter(({ location }) => location.includes('problem='))).toEqual([]);
    expect((await the().read(id)).attempts).toHaveLength(1);
  });

  test('is told in both languages when WeChat does not say who they are, and is offered it again', async () => {
    const { visit, cashier, id, begin } = await signingIn();
    const { location } = await visit((await begin()).location);
    const forged = new URL(location);
    forged.searchParams.set('code', '0'.repeat(32));
    const failed = await visit(forged);
    expect(failed.location).toBe(`${cashier.href.replace(/&lang=\w+/, '')}&problem=sign_in_failed`);
    for (const lang of ['zh', 'en'] as const) {
      const { status, text } = await visit(`${failed.location}&lang=${lang}`);
      expect(status).toBe(200);
      expect(text).toContain(problems.sign_in_failed.title[lang]);
      expect(text).toContain(problems.sign_in_failed.next[lang]);
      expect(text).toMatch(/value="wechat_jsapi"\s+checked/);
    }
    // Nor is a payer known who comes back without a code.
    const { location: refusing } = await visit((await begin()).location);
    const withoutCode = new URL(refusing);
    withoutCode.searchParams.delete('code');
    expect((await visit(withoutCode)).location).toContain('problem=sign_in_failed');
    expect((await the().read(id)).attempts).toEqual([]);
  });

  test('is not somebody else’s browser: what another began, or nobody, places nothing', async () => {
    const mine = await signingIn();
    const { location } = await mine.visit((await mine.begin()).location);
    const other = await signingIn();
    await other.begin();
    const swapped = new URL(location);
    swapped.pathname = `/cashier/${other.id}/signed-in`;
    const unsigned = new URL(location);
    unsigned.searchParams.set('state', 'f'.repeat(32));
    const tries = [inWechat()(location), other.visit(location), other.visit(swapped), mine.visit(unsigned)];
    for (const { status, text, location: led } of await Promise.all(tries)) {
      expect([status, led]).toEqual([400, '']);
      expect(text).toContain(signInLost.next.en);
    }
    for (const { id } of [mine, other]) expect((await the().read(id)).attempts).toEqual([]);
    // The one who began it still can.
    expect((await mine.visit(location)).status).toBe(303);
  });

  test('presses once: the page goes to WeChat and back, and opens its sheet', async () => {
    const { pay, read } = the();
    const { page } = await open(addressOf(await makeCode()), { agent: 'wechat', width: 375 });
    await page.evaluateOnNewDocument(
      'window.WeixinJSBridge = { invoke(name, params) { document.title = name + " " + params.package; } };',
    );
    await page.type('#amount', '6.60');
    await Promise.all([page.waitForNavigation(), page.click('form button.button')]);
    const id = /pay_\w+/.exec(page.url())![0];
    await page.click('input[value="wechat_jsapi"]');
    await page.click('form[data-choice] button');
    await page.waitForFunction('document.title.startsWith("getBrandWCPayRequest prepay_id=wx")');
    expect(page.url()).not.toMatch(/signed-in|code=|state=/);
    await pay((await read(id)).attempts[0].channel_order_no);
    await page.waitForSelector('.paid', { timeout: 15_000 });
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
