import { encode } from 'uqr';
import { describe, expect, test } from 'vitest';

import { paymentPage, plainPage } from '#cashier/page/document.ts';
import { policy } from '#cashier/page/headers.ts';
import { Html, html } from '#cashier/page/html.ts';
import { signs } from '#cashier/page/icons.ts';
import { addressesOf, amountText } from '#cashier/page/model.ts';
import { qrCode } from '#cashier/page/qr.ts';
import { standings } from '#cashier/copy/standings.ts';

import * as root from '../given.ts';
import * as given from './given.ts';

const action = { type: 'qr_code', content: 'weixin://wxpay/bizpayurl?pr=1' } as const;
const page = (over: Parameters<typeof given.model>[0] = {}) => paymentPage(given.model(over), given.assets);

const linkTo = (url: string) =>
  page({ of: { attempts: [root.attempt({ action: { type: 'redirect', url } })] } }).includes(`href="${url}"`);

describe('the one template', () => {
  test('escapes all that is put in, but not what it has written itself', () => {
    const hostile = `<script>alert("x" + 'y')</script> & more`;
    expect(html`<p title="${hostile}">${hostile}</p>`.text).toBe(
      '<p title="&lt;script&gt;alert(&quot;x&quot; + &#39;y&#39;)&lt;/script&gt; &amp; more">&lt;script&gt;alert(&quot;x&quot; + &#39;y&#39;)&lt;/script&gt; &amp; more</p>',
    );
    expect(html`${['<a>', 2].map((item) => html`<li>${item}</li>`)}`.text).toBe('<li>&lt;a&gt;</li><li>2</li>');
    expect(html`${undefined}${false}${new Html('<b>')}`.text).toBe('<b>');
  });

  test('lets nothing of an app, a merchant or a channel become markup', () => {
    const hostile = `"><img src=x onerror=alert(1)>'`;
    const text = page({
      merchant: hostile,
      of: {
        subject: hostile,
        merchant_order_id: hostile,
        return_url: `https://shop.example/?a="><script>`,
        attempts: [root.attempt({ action: { type: 'redirect', url: `https://x.example/"><script>` } })],
      },
      addresses: addressesOf('pay_1', hostile, 'en', true),
      offers: [given.offer({ method: { method: 'wechat_native', display_name: { zh: hostile, en: hostile } } })],
    });
    expect(text).not.toMatch(/<img|<script>|onerror=alert\(1\)>'?"?>/);
    expect(text.match(/<script/g)).toHaveLength(1);
  });

  test('makes a link only of an address that a channel may send payers to', () => {
    expect(linkTo('https://wx.tenpay.com/cgi-bin/mmpayweb-bin/checkmweb')).toBe(true);
    expect(linkTo('weixin://wap/pay')).toBe(true);
    expect(linkTo('javascript:alert(1)')).toBe(false);
    expect(linkTo('data:text/html,hello')).toBe(false);
  });
});

describe('an amount', () => {
  test.each([
    [1_090n, 'CNY', '¥10.90', 'CN¥10.90'],
    [1n, 'CNY', '¥0.01', 'CN¥0.01'],
    [100n, 'CNY', '¥1.00', 'CN¥1.00'],
    [10_000_000_000n, 'CNY', '¥100,000,000.00', 'CN¥100,000,000.00'],
    [9_007_199_254_740_993n, 'CNY', '¥90,071,992,547,409.93', 'CN¥90,071,992,547,409.93'],
    [1_090n, 'USD', 'US$10.90', '$10.90'],
    [1_090n, 'JPY', 'JP¥1,090', '¥1,090'],
  ])('of %s in minor units of %s is written with every decimal', (amount, currency, zh, en) => {
    const payment = root.payment({ amount, currency });
    expect(amountText({ payment, language: 'zh' })).toBe(zh);
    expect(amountText({ payment, language: 'en' })).toBe(en);
  });

  test('stands in the title, in the summary and in the button', () => {
    expect(page({ of: { amount: 1_090n } }).split('CN¥10.90')).toHaveLength(4);
  });
});

describe('a page', () => {
  test('shows each state in its own words, and only a settled one a way back', () => {
    const of = { return_url: 'https://shop.example/done' };
    const settled = page({ of: { ...of, attempts: [root.attempt({ status: 'succeeded', receipt: root.receipt() })] } });
    expect(settled).toContain(standings.paid.title.en);
    expect(settled).toContain('data-return');
    expect(settled).not.toContain('data-live');
    const waiting = page({ of: { ...of, attempts: [root.attempt({ action })] } });
    expect(waiting).toContain(standings.waiting.title.en);
    expect(waiting).not.toContain(of.return_url);
    const expired = page({ of, now: root.minutes(121) });
    expect(expired).toContain(standings.expired.title.en);
    expect(expired).toContain(of.return_url);
    expect(expired).not.toContain('data-return');
  });

  test('never offers to pay again while a first payment is not known to have failed', () => {
    for (const attempt of [
      root.attempt({ action }),
      root.attempt({ status: 'unknown', mismatch: { field: 'amount', expected: '1', received: '2' } }),
    ]) {
      const text = page({ of: { attempts: [attempt] } });
      expect(text).not.toContain('<form');
    }
  });

  test('lets a lost answer be asked for again under the same number', () => {
    expect(page({ of: { attempts: [root.attempt({ status: 'unknown' })] } })).toContain('value="wechat_native"');
    const over = { attempts: [root.attempt({ status: 'unknown' })], close_requested_at: root.minutes(1) };
    expect(page({ of: over })).not.toContain('value="wechat_native"');
  });

  test('asks a payer who is challenged for the code, and for nothing else', () => {
    const challenge = {
      method: 'wechat_native',
      digest: 'secret-digest',
      expires_at: root.minutes(10),
      wrong: 1,
      sent: 1,
    } as const;
    const text = page({ of: { attempts: [], challenge } });
    expect(text).toContain(standings.challenged.title.en);
    expect(text).toContain('autocomplete="one-time-code"');
    expect(text).toContain('name="resend"');
    expect(text).not.toMatch(/secret-digest|value="wechat_native"| data-moving/);
    // Coming back from the message with the code asks for news; without any, what was typed stays.
    expect(text).toContain('data-live');
  });

  test('holds nothing of the payer', () => {
    const text = page({ of: { payer: { id: 'member-7', openid: 'oUpF8uMuAJO', ip: '203.0.113.9' } } });
    expect(text).not.toMatch(/member-7|oUpF8uMuAJO|203\.0\.113\.9/);
  });

  test('is the same for everything that is not there', () => {
    const missing = plainPage(standings.not_found, signs.over, 'en', given.assets);
    expect(missing).toContain(standings.not_found.title.en);
    expect(missing).not.toMatch(/pay_|data-live/);
  });

  test('may post a form to the channel that wants one, and to nobody else', () => {
    expect(policy()).toContain("form-action 'self';");
    expect(policy({ type: 'form', url: 'https://openapi.alipay.com/gateway.do?x=1', fields: {} })).toContain(
      "form-action 'self' https://openapi.alipay.com;",
    );
    expect(policy({ type: 'form', url: 'not an address', fields: {} })).toContain("form-action 'self';");
  });
});

describe('a code', () => {
  test('has exactly the dark modules of its matrix, inside a quiet zone of four', () => {
    const content = 'weixin://wxpay/bizpayurl?pr=NwY5Mz9&groupid=00';
    const { data, size } = encode(content, { ecc: 'M', border: 0 });
    const [, path = ''] = /stroke="#000" d="([^"]*)"/.exec(qrCode(content).text) ?? [];
    const dark = new Set<string>();
    let [x, y] = [0, 0];
    for (const [, command, first = '', second = ''] of path.matchAll(/([Mmh])(\d+)(?: ([\d.]+))?/g)) {
      if (command === 'M') [x, y] = [Number(first), Number(second) - 0.5];
      else if (command === 'm') x += Number(first);
      else for (const end = x + Number(first); x < end; x += 1) dark.add(`${x},${y}`);
    }
    const expected = data.flatMap((row, at) =>
      row.flatMap((isDark, column) => (isDark ? [`${column + 4},${at + 4}`] : [])),
    );
    expect([...dark].toSorted()).toEqual(expected.toSorted());
    expect(qrCode(content).text).toContain(`viewBox="0 0 ${size + 8} ${size + 8}"`);
  });
});
