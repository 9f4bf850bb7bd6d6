import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  asked,
  closed,
  control,
  given,
  orderNo,
  paid,
  pays,
  placed,
  runningClock,
  until,
  type Given,
} from './given.ts';

let world: Given;
beforeAll(async () => {
  world = await given();
});
afterAll(() => world.end());

describe('a person standing in for the payer', () => {
  it('pays an open order once and is told the channel’s number', async () => {
    const no = await placed(world);
    const { status, json } = await pays(world, no);
    expect(status).toBe(200);
    expect(json['channel_trade_no']).toBe((await asked(world, no)).json['transaction_id']);
    expect(await pays(world, no)).toMatchObject({ status: 409, json: { code: 'order_paid' } });
  });

  it('cannot pay what is closed or was never ordered', async () => {
    const no = await placed(world);
    await closed(world, no);
    expect(await pays(world, no)).toMatchObject({ status: 409, json: { code: 'order_closed' } });
    expect(await pays(world, 'NOSUCHORDER')).toMatchObject({ status: 404, json: { code: 'not_found' } });
    expect((await control(world, 'POST', '/payer/paypal/X/pay')).status).toBe(404);
  });

  it('may fail and then pay, and nobody is told of the failure', async () => {
    const no = await placed(world);
    world.ear.heard.length = 0;
    const failed = await control(world, 'POST', `/payer/wechat/${no}/fail`);
    expect(failed).toMatchObject({ status: 200, json: { channel_order_no: no, trade_state: 'NOTPAY' } });
    expect((await asked(world, no)).json['trade_state']).toBe('NOTPAY');
    expect((await pays(world, no)).status).toBe(200);
    await world.sandbox.idle();
    expect(world.ear.heard).toHaveLength(1);
    expect((await control(world, 'POST', `/payer/wechat/${no}/fail`)).status).toBe(409);
    expect((await control(world, 'POST', '/payer/wechat/NOSUCHORDER/fail')).status).toBe(404);
  });

  it('sees what waits, in either language, with foreign text made harmless', async () => {
    const no = await placed(world, {
      description: '<script>alert(1)</script> & "算盘"',
      amount: { total: 1_205, currency: 'CNY' },
    });
    const done = await paid(world);
    const { headers, bytes } = await control(world, 'GET', '/payer');
    const html = bytes.toString();
    expect(headers.get('content-type')).toContain('text/html');
    expect(headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; style-src 'sha256-[^']+'; form-action 'self'/,
    );
    expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;算盘&quot;');
    expect(html).not.toContain('<script');
    expect(html).toContain(`action="/payer/wechat/${no}/pay?lang=zh"`);
    expect(html).toContain('¥12.05');
    expect(html).toContain('立即付款');
    expect(html).not.toContain(done);
    const english = await control(world, 'GET', '/payer', undefined, { 'Accept-Language': 'en-GB,en;q=0.9' });
    expect(english.bytes.toString()).toContain('Pay now');
  });

  it('comes back to the page with the outcome after pressing a button', async () => {
    const no = await placed(world);
    const form = { Accept: 'text/html,*/*', 'Content-Type': 'application/x-www-form-urlencoded' };
    const pressed = await control(world, 'POST', `/payer/wechat/${no}/pay?lang=en`, '', form);
    expect(pressed).toMatchObject({ status: 303 });
    const back = String(pressed.headers.get('location'));
    expect((await control(world, 'GET', back)).bytes.toString()).toContain('<p class="note" role="status">Paid</p>');
    const again = await control(world, 'POST', `/payer/wechat/${no}/pay?lang=en`, '', form);
    expect(again.headers.get('location')).toContain('result=paid_already');
  });
});

describe('the control side', () => {
  it('says what it offers', async () => {
    const { status, bytes } = await control(world, 'GET', '/');
    expect(status).toBe(200);
    expect(bytes.toString()).toContain(world.sandbox.channels.wechat);
    expect(bytes.toString()).toContain('truncated_statement');
  });

  it('tells the time and moves it', async () => {
    const before = Date.parse(String((await control(world, 'GET', '/clock')).json['now']));
    const { status, json } = await control(world, 'POST', '/clock', { advance_seconds: 3600 });
    expect(status).toBe(200);
    const moved = (Date.parse(String(json['now'])) - before) / 1000;
    expect(moved).toBeGreaterThanOrEqual(3600);
    expect(moved).toBeLessThan(3660);
  });

  it.each([[0], [-1], [1.5], ['60'], [400 * 86_400 + 1], [undefined]])(
    'does not move time by %s seconds',
    async (seconds) => {
      const { status, json } = await control(world, 'POST', '/clock', { advance_seconds: seconds });
      expect(status).toBe(400);
      expect(json).toMatchObject({ code: 'invalid_request', errors: [{ pointer: '/advance_seconds' }] });
    },
  );

  it('answers mistakes as problems', async () => {
    const wrong = await control(world, 'POST', '/clock', 'not json');
    expect(wrong).toMatchObject({ status: 400, json: { code: 'invalid_request' } });
    expect(wrong.headers.get('content-type')).toBe('application/problem+json');
    expect((await control(world, 'GET', '/nothing')).status).toBe(404);
    expect((await control(world, 'DELETE', '/clock')).status).toBe(405);
    expect((await control(world, 'POST', '/faults', { channel: 'x'.repeat(70_000) })).status).toBe(413);
    expect((await control(world, 'POST', '/payer/wechat/%E0%A4%A/pay')).status).toBe(400);
  });

  it('refuses a page of another site and a name that is not this machine’s', async () => {
    const no = await placed(world);
    const path = `/payer/wechat/${no}/pay`;
    expect((await control(world, 'POST', path, '', { 'Sec-Fetch-Site': 'cross-site' })).status).toBe(403);
    const rebound = await new Promise<number | undefined>((resolve, reject) => {
      const asking = request(world.sandbox.control + path, { method: 'POST', headers: { Host: 'evil.example' } });
      asking.on('response', (response) => resolve(response.resume().statusCode)).on('error', reject);
      asking.end();
    });
    expect(rebound).toBe(403);
    expect((await asked(world, no)).json['trade_state']).toBe('NOTPAY');
  });
});

describe('a sandbox killed without warning', () => {
  it('still has every order it had answered', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'sandbox-'));
    const sandbox = new URL('../../../local/sandbox/sandbox.ts', import.meta.url).href;
    const script = `
      import { startSandbox } from ${JSON.stringify(sandbox)};
      const clock = { now: () => new Date(), advance: async () => {} };
      const { control, channels, credentials } = await startSandbox({ dataDir: ${JSON.stringify(dataDir)}, clock });
      console.log(JSON.stringify({ control, channels, credentials }));`;
    const born = async () => {
      const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', script]);
      let out = '';
      child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
      await until('the sandbox starts', () => out.includes('\n'), 20_000);
      const kill = () =>
        new Promise((resolve) => {
          child.once('exit', resolve);
          child.kill('SIGKILL');
        });
      return { world: { ...world, clock: runningClock(), sandbox: JSON.parse(out) } as Given, kill };
    };
    const first = await born();
    const no = await placed(first.world, { out_trade_no: orderNo(), notify_url: 'http://127.0.0.1:9/nobody' });
    await pays(first.world, no);
    await first.kill();
    const second = await born();
    expect(second.world.sandbox.channels).toEqual(first.world.sandbox.channels);
    expect((await asked(second.world, no)).status).toBe(200);
    expect((await asked(second.world, no)).json['trade_state']).toBe('SUCCESS');
    await second.kill();
    rmSync(dataDir, { recursive: true });
  });
});
