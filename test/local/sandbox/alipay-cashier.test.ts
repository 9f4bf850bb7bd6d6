import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { textOf, useBrowser, violationsOf } from '../../flows/browser.ts';
import { asked, content, officialClient, pays } from './alipay-merchant.ts';
import { given, type Given } from './given.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let world: Given;
beforeAll(async () => {
  world = await given();
  world.ear.ear.status = 200;
  world.ear.ear.body = 'success';
});
afterAll(() => world.end());
const open = useBrowser();

const order = () => content({ product_code: 'FAST_INSTANT_TRADE_PAY', subject: '<b>茶</b> & "杯"' });
const formOf = (bizContent: object, over = {}) =>
  officialClient(world).pageExecute('alipay.trade.page.pay', 'POST', {
    bizContent,
    notifyUrl: world.ear.url,
    returnUrl: `${world.ear.url}/thanks`,
    ...over,
  });

describe('a person who pays at Alipay’s page', () => {
  it('is brought there by the merchant’s form, fails once, pays, and comes back to the merchant', async () => {
    const { page } = await open({ width: 390, agent: 'phone' });
    const asking = order();
    await page.setContent(`<!doctype html><title>shop</title>${formOf(asking)}`);
    await page.waitForSelector('.sum');
    expect(new URL(page.url()).origin).toBe(world.sandbox.channels.alipay);
    expect(await textOf(page, 'h2')).toBe('<b>茶</b> & "杯"');
    expect(await textOf(page, '.sum')).toBe('¥100.00');
    expect(await violationsOf(page)).toEqual([]);
    await Promise.all([page.waitForNavigation(), page.click('form[action$="/fail"] button')]);
    expect(await textOf(page, 'dl')).toMatch(/Failed ?1/);
    expect((await asked(world, asking.out_trade_no))['trade_status']).toBe('WAIT_BUYER_PAY');
    await Promise.all([page.waitForNavigation(), page.click('form[action$="/pay"] button')]);
    const back = new URL(page.url());
    expect(`${back.origin}${back.pathname}`).toBe(`${world.ear.url}/thanks`);
    expect(back.searchParams.get('out_trade_no')).toBe(asking.out_trade_no);
    expect((await asked(world, asking.out_trade_no))['trade_status']).toBe('TRADE_SUCCESS');
  });

  it('is told when somebody else has paid, and can go back', async () => {
    const { page } = await open();
    const asking = order();
    await page.setContent(`<!doctype html><title>shop</title>${formOf(asking)}`);
    await page.waitForSelector('.sum');
    await pays(world, asking.out_trade_no);
    await Promise.all([page.waitForNavigation(), page.click('form[action$="/pay"] button')]);
    expect(await textOf(page, '[role=status]')).toContain('Paid.');
    expect(await page.$eval('[role=status] a', (link) => link.getAttribute('href'))).toContain('/callbacks/thanks?');
    expect(await violationsOf(page)).toEqual([]);
  });

  it('is told what is wrong with a form that was changed on the way', async () => {
    const { page } = await open();
    const form = formOf(order()).replace('100.00', '1.00');
    await page.setContent(`<!doctype html><title>shop</title>${form}`);
    await page.waitForSelector('[role=alert]');
    expect(await textOf(page, '[role=alert]')).toContain('isv.invalid-signature');
    expect(await violationsOf(page)).toEqual([]);
  });

  it('finds nothing at an address that is none', async () => {
    const { page } = await open();
    const answer = await page.goto(`${world.sandbox.channels.alipay}/cashier/${'0'.repeat(32)}`);
    expect(answer?.status()).toBe(404);
  });
});
