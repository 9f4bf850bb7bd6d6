import { gzipSync } from 'node:zlib';

import Chromium from '@sparticuz/chromium';
import axe from 'axe-core';
import { launch, type Browser, type Page } from 'puppeteer-core';
import { afterAll, beforeAll, expect } from 'vitest';

export const agents = {
  desktop:
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36',
  phone:
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1',
  wechat:
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 MicroMessenger/8.0.60(0x18003c2f) NetType/WIFI Language/zh_CN',
} as const;

export interface Visit {
  readonly width?: number;
  readonly agent?: keyof typeof agents;
  readonly script?: boolean;
  readonly dark?: boolean;
}

/** A tab of its own profile, which remembers what it loaded and what its policy refused. */
const openTab = async (browser: Browser, { width = 1_280, agent = 'desktop', script = true, dark = false }: Visit) => {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  const loaded: { readonly url: string; readonly status: number; readonly bytes: Promise<number> }[] = [];
  const complaints: string[] = [];
  page.on('response', (response) => {
    const url = response.url();
    if (url.startsWith('data:')) return;
    const bytes = response.buffer().then(
      (body) => gzipSync(body).length,
      () => 0,
    );
    loaded.push({ url, status: response.status(), bytes });
  });
  page.on('console', (message) => {
    if (/Content Security Policy|Refused to/i.test(message.text())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.setUserAgent({ userAgent: agents[agent] });
  await page.setJavaScriptEnabled(script);
  await page.setViewport({ width, height: 800, deviceScaleFactor: 1 });
  await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: dark ? 'dark' : 'light' }]);
  return { page, loaded, complaints, close: () => context.close() };
};
export type Tab = Awaited<ReturnType<typeof openTab>>;

export const useBrowser = (): ((visit?: Visit) => Promise<Tab>) => {
  let browser: Browser | undefined;
  const tabs: Tab[] = [];
  beforeAll(async () => {
    browser = await launch({
      executablePath: await Chromium.executablePath(),
      // In a single process there is one profile for all tabs, and closing one ends the browser.
      args: [...Chromium.args.filter((arg) => arg !== '--single-process'), '--no-sandbox'],
      headless: 'shell',
    });
  });
  afterAll(async () => {
    // What a page's policy has refused, on any page that was opened.
    expect(tabs.flatMap(({ complaints }) => complaints)).toEqual([]);
    await browser?.close();
  });
  return async (visit = {}) => {
    if (!browser) throw new Error('the browser is not running');
    const tab = await openTab(browser, visit);
    tabs.push(tab);
    return tab;
  };
};

/** What axe finds against WCAG 2.2 AA, as `rule: place`. */
export const violationsOf = async (page: Page): Promise<string[]> => {
  await page.evaluate(axe.source);
  const options = JSON.stringify({
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'],
    resultTypes: ['violations'],
  });
  const found = (await page.evaluate(
    `axe.run(document, ${options}).then(({ violations }) => violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => id + ': ' + target + ' ' + failureSummary)))`,
  )) as string[];
  return found;
};

export const textOf = (page: Page, selector: string): Promise<string> =>
  page.$eval(selector, (element) => element.textContent?.replaceAll(/\s+/g, ' ').trim() ?? '');
