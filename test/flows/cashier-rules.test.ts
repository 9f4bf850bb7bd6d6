import { describe, expect, test } from 'vitest';

import { problems } from '#cashier/copy/problems.ts';
import { standings } from '#cashier/copy/standings.ts';

import { textOf, useBrowser, violationsOf } from './browser.ts';
import type { Reply } from './client.ts';
import { eventually, useMachine } from './machine.ts';

const the = useMachine();
const openTab = useBrowser();

const must = (status: number, reply: Reply) => {
  expect(reply.status, JSON.stringify(reply.body)).toBe(status);
  return reply.body;
};
const iphone =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1';

const shown = (product: string, over: Record<string, string> = {}) => {
  const asked = new URLSearchParams({ merchant_id: the().stage.merchant_id, amount: '10000', ...over });
  return the().app.get(`/v1/cashier/${product}?${asked.toString()}`);
};
const methodsOf = (body: { methods: { method: string; obstacle: string | null }[] }) =>
  body.methods.map(({ method, obstacle }) => (obstacle ? `${method}: ${obstacle}` : method));

const named = (method: string) => ({ method, display_name: { zh: '支付', en: method } });

/** A product whose profile the console has just made. */
const makeProfile = async (product_code: string, over: object = {}) => {
  const { admin, stage } = the();
  return must(
    201,
    await admin.post('/admin/v1/cashier-profiles', {
      app_id: stage.app.id,
      product_code,
      name: product_code,
      status: 'active',
      app_type: 'PC',
      business_type: 'goods',
      methods: ['wechat_native', 'wechat_h5', 'wechat_jsapi', 'balance'].map(named),
      ...over,
    }),
  );
};

describe('what a payer would see', () => {
  test('is told to the app, by where the payer is, in order, with why not the rest', async () => {
    const promotion = {
      text: { zh: '满100减5', en: '5 off 100' },
      from: '2020-01-01T00:00:00Z',
      until: '2099-01-01T00:00:00Z',
    };
    const over = { ...promotion, until: '2020-02-01T00:00:00Z' };
    await makeProfile('shown', {
      methods: [
        { ...named('wechat_native'), promotion },
        { ...named('wechat_h5'), promotion: over },
        named('wechat_jsapi'),
        named('balance'),
        named('alipay_code'),
      ],
      exclusions: [
        { business_type: 'goods', method: 'balance' },
        { business_type: 'virtual_goods', method: 'wechat_native' },
      ],
    });
    const desktop = must(200, await shown('shown'));
    expect(desktop).toMatchObject({
      product_code: 'shown',
      environment: 'desktop',
      business_type: 'goods',
      effective_from: null,
      next_version_at: null,
      excluded: ['balance'],
    });
    expect(methodsOf(desktop)).toEqual([
      'wechat_native',
      'wechat_h5: on_phone',
      'wechat_jsapi: in_wechat',
      'alipay_code: at_counter',
    ]);
    expect(desktop.methods[0]).toMatchObject({ available: true, promotion: { text: promotion.text } });
    expect(desktop.methods[1]).toMatchObject({ available: false, promotion: null });

    const phone = must(200, await shown('shown', { user_agent: iphone }));
    expect([phone.environment, methodsOf(phone)[0]]).toEqual(['phone', 'wechat_h5']);
    const inWechat = must(200, await shown('shown', { environment: 'wechat' }));
    // Whoever the app has not named signs in on the way.
    expect(methodsOf(inWechat)[0]).toBe('wechat_jsapi');
    expect(methodsOf(inWechat)).toContain('wechat_native: scan_from_other');
    expect(methodsOf(must(200, await shown('shown', { environment: 'wechat', openid: 'o' })))[0]).toBe('wechat_jsapi');
    const euro = must(200, await shown('shown', { currency: 'EUR' }));
    expect(methodsOf(euro)).toContain('wechat_native: currency_not_supported');
  });

  test('is what the page then shows', async () => {
    const payment = await the().place({ method: undefined, product_code: 'shown' });
    const { page } = await openTab({});
    await page.goto(`${payment.cashier_url}&lang=en`);
    const seen = await page.$$eval('label.method input', (inputs) =>
      inputs.map((input) => (input.disabled ? `${input.value}: no` : input.value)),
    );
    const told = must(200, await shown('shown')).methods;
    expect(seen).toEqual(
      told.map((each: { method: string; available: boolean }) => (each.available ? each.method : `${each.method}: no`)),
    );
  });

  test('changes by itself at the instant for which another version is scheduled', async () => {
    const { now, advance } = the();
    const at = new Date(now().getTime() + 3_600_000).toISOString();
    await makeProfile('autumn', {
      scheduled: [
        {
          status: 'active',
          app_type: 'PC',
          business_type: 'goods',
          methods: [named('wechat_native')],
          effective_from: at,
        },
      ],
    });
    expect(must(200, await shown('autumn'))).toMatchObject({ effective_from: null, next_version_at: at });
    await advance(3_601);
    const later = must(200, await shown('autumn'));
    expect(later).toMatchObject({ effective_from: at, next_version_at: null });
    expect(methodsOf(later)).toEqual(['wechat_native']);
  });

  test('is nothing for a product, a merchant or an amount that there is not', async () => {
    const { other, stage } = the();
    must(404, await shown('nothing'));
    must(404, await shown('web', { merchant_id: stage.other_app.merchant_id }));
    must(404, await other.get(`/v1/cashier/web?merchant_id=${stage.merchant_id}&amount=1`));
    for (const [wrong, pointer] of [
      [{ amount: '0' }, '/amount'],
      [{ amount: '1.5' }, '/amount'],
      [{ amount: 'all' }, '/amount'],
      [{ environment: 'moon' }, '/environment'],
      [{ colour: 'red' }, '/colour'],
    ] as const)
      expect(must(400, await shown('web', wrong)).errors[0].pointer).toBe(pointer);
  });

  test('follows the rules of routing: what they leave no account for cannot be chosen', async () => {
    const { admin, stage, advance } = the();
    await makeProfile('routed', { business_type: 'virtual_goods' });
    must(
      201,
      await admin.post('/admin/v1/routing-rules', {
        app_id: stage.app.id,
        name: 'No virtual goods by WeChat',
        rules: [
          {
            id: 'no_virtual_goods',
            when: { business_types: ['virtual_goods'], methods: ['wechat_native'] },
            exclude: [stage.channel_accounts.wechat],
          },
        ],
      }),
    );
    await advance(31);
    expect(methodsOf(must(200, await shown('routed')))).toContain('wechat_native: method_not_available');
    expect(methodsOf(must(200, await shown('shown')))).toContain('wechat_native');
    const refused = await the().app.post('/v1/payments', the().order({ product_code: 'routed' }));
    expect(must(422, refused).detail).toBe('the routing rule no_virtual_goods leaves no account for it');
  });
});

describe('a payer who is challenged', () => {
  const challenge = async () => {
    const { admin, stage, advance } = the();
    must(
      201,
      await admin.post('/admin/v1/risk-rules', {
        app_id: stage.app.id,
        name: 'Challenges',
        rules: [{ id: 'all', verdict: 'challenge' }],
      }),
    );
    await advance(31);
  };
  const codes = (id: string) =>
    the()
      .receiver.deliveries(id)
      .filter(({ type }) => type === 'payment.challenge_required')
      .map(({ data }) => String(data.challenge.code));
  const answer = async (page: Awaited<ReturnType<typeof openTab>>['page'], code: string) => {
    await page.$eval('#otp', (input) => (input.value = ''));
    await page.type('#otp', code);
    await page.click('form button.button');
  };

  test('enters the code on the page, and then pays', async () => {
    await challenge();
    const payment = await the().place({ method: undefined, product_code: 'web' });
    const { page } = await openTab({ width: 390 });
    await page.goto(`${payment.cashier_url}&lang=en`);
    await page.click('form[data-choice] button');
    await page.waitForSelector('#otp');
    expect(await textOf(page, '#title')).toBe(standings.challenged.title.en);
    expect(await violationsOf(page)).toEqual([]);
    expect(await the().read(payment.id)).toMatchObject({ status: 'challenged', attempts: [] });

    const [code = ''] = await eventually('the code', () => codes(payment.id).length > 0 && codes(payment.id));
    await answer(page, code === '000000' ? '111111' : '000000');
    await page.waitForSelector('[role=alert]');
    expect(await textOf(page, '[role=alert]')).toContain(problems.challenge_failed.title.en);
    await page.click('form button.quiet');
    const second = await eventually('another code', () => codes(payment.id)[1]);
    await page.waitForFunction(`!document.querySelector('[role=alert]')`);
    await answer(page, second);
    await page.waitForSelector('.code svg');
    const [attempt] = (await the().read(payment.id)).attempts;
    await the().pay(attempt.channel_order_no);
    await page.waitForSelector('.paid', { timeout: 15_000 });
  });

  test('does so without a script too, and reads that the order is closed after the fifth wrong code', async () => {
    const payment = await the().place({ method: undefined, product_code: 'web' });
    const { page } = await openTab({ script: false });
    await page.goto(`${payment.cashier_url}&lang=en`);
    await Promise.all([page.waitForNavigation(), page.click('form button')]);
    const [code = ''] = await eventually('the code', () => codes(payment.id).length > 0 && codes(payment.id));
    const wrong = code === '000000' ? '111111' : '000000';
    for (let at = 0; at < 5; at += 1) {
      await page.type('#otp', wrong);
      await Promise.all([page.waitForNavigation(), page.click('form button.button')]);
    }
    expect(await textOf(page, '#title')).toBe(standings.closed.title.en);
    expect(await the().read(payment.id)).toMatchObject({ status: 'closed', close_reason: 'risk_blocked' });
  });
});
