import { createServer } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { asked, control, given, opened, paid, pays, placed, refunded, until, type Given } from './given.ts';

let world: Given;
beforeEach(async () => {
  world = await given();
});
afterEach(() => world.end());

const heard = (count: number) => until(`${count} callbacks`, () => world.ear.heard.length >= count);
const quiet = async () => {
  await new Promise((resolve) => setTimeout(resolve, 100));
  await world.sandbox.idle();
};
const advance = (seconds: number) => control(world, 'POST', '/clock', { advance_seconds: seconds });

describe('a callback', () => {
  it.each([200, 204])('answered %i is not sent again', async (status) => {
    world.ear.ear.status = status;
    await paid(world);
    await heard(1);
    await advance(86_400);
    expect(world.ear.heard).toHaveLength(1);
  });

  it.each([201, 302, 404, 500])('answered %i is sent again after fifteen seconds, the same event', async (status) => {
    world.ear.ear.status = status;
    await paid(world);
    await heard(1);
    await quiet();
    expect(world.ear.heard).toHaveLength(1);
    await advance(13);
    expect(world.ear.heard).toHaveLength(1);
    world.ear.ear.status = 204;
    await advance(2);
    expect(world.ear.heard).toHaveLength(2);
    const [one, two] = world.ear.heard.map((notice) => opened(world, notice));
    expect(two?.id).toBe(one?.id);
    expect(two?.genuine).toBe(true);
    expect(two!.sentAt - one!.sentAt).toBeGreaterThanOrEqual(15);
    expect(world.ear.heard.map(({ path }) => path)).toEqual(['/callbacks', '/callbacks']);
  });

  it('nobody acknowledges is sent sixteen times over a day and then given up', async () => {
    world.ear.ear.status = 500;
    await paid(world);
    await heard(1);
    const sent: number[] = [];
    const waits = [15, 15, 30, 180, 600, 1200, 1800, 1800, 1800, 3600, 10_800, 10_800, 10_800, 21_600, 21_600];
    for (const wait of waits) {
      await advance(wait);
      sent.push(world.ear.heard.length);
    }
    expect(sent).toEqual(waits.map((_, index) => index + 2));
    await advance(30 * 86_400);
    expect(world.ear.heard).toHaveLength(16);
  });

  it('gets every retry that fell due while the clock was moved by hours', async () => {
    world.ear.ear.status = 500;
    await paid(world);
    await heard(1);
    await advance(3600);
    // 15 s, 30 s, 1 m, 4 m, 14 m and 34 m after the first.
    expect(world.ear.heard).toHaveLength(7);
  });

  it('is refused when it would leave this machine, and the log says so', async () => {
    const no = await paid(world, { notify_url: 'http://pay.example.com/callbacks' });
    await until('the refusal is logged', () => world.lines.some((line) => line.includes('not a loopback address')));
    await advance(86_400);
    expect(world.lines.filter((line) => line.includes('pay.example.com'))).toHaveLength(1);
    expect((await asked(world, no)).json['trade_state']).toBe('SUCCESS');
  });

  it('does not follow a redirect', async () => {
    world.ear.ear.status = 307;
    await paid(world);
    await heard(1);
    await quiet();
    expect(world.ear.heard.map(({ path }) => path)).toEqual(['/callbacks']);
  });

  it('is sent after the payer has been answered', async () => {
    const no = await placed(world);
    const order: string[] = [];
    const watched = until('the callback', () => world.ear.heard.length === 1).then(() => order.push('callback'));
    await pays(world, no);
    order.push('answer');
    await watched;
    expect(order).toEqual(['answer', 'callback']);
  });

  it('that hangs for five seconds counts as unheard', { timeout: 10_000 }, async () => {
    world.ear.ear.answering = false;
    await paid(world);
    await heard(1);
    const began = Date.now();
    await world.sandbox.idle();
    expect(Date.now() - began).toBeGreaterThan(4000);
    world.ear.ear.answering = true;
    await advance(15);
    expect(world.ear.heard).toHaveLength(2);
  });
});

describe('a restart', () => {
  it('keeps addresses, keys, orders, refunds, faults and what was not yet heard', async () => {
    const { control: address, channels, credentials } = world.sandbox;
    world.ear.ear.status = 500;
    const [open, done] = [await placed(world), await paid(world)];
    await refunded(world, done, 'REFUND-1', 100);
    await heard(2);
    await control(world, 'POST', '/faults', { channel: 'wechat', fault: 'server_error', count: 1 });
    await world.restart();
    expect(world.sandbox.control).toBe(address);
    expect(world.sandbox.channels).toEqual(channels);
    expect(world.sandbox.credentials).toEqual(credentials);
    expect((await asked(world, open)).status).toBe(500);
    expect((await asked(world, open)).json['trade_state']).toBe('NOTPAY');
    expect((await asked(world, done)).json['trade_state']).toBe('REFUND');
    world.ear.ear.status = 204;
    const before = world.ear.heard.length;
    await advance(15);
    const again = world.ear.heard.slice(before).map((notice) => opened(world, notice));
    expect(again.map(({ event }) => event).toSorted()).toEqual(['REFUND.SUCCESS', 'TRANSACTION.SUCCESS']);
  });

  it('does not wait for what can no longer be delivered', async () => {
    world.ear.ear.answering = false;
    await paid(world);
    await heard(1);
    const began = Date.now();
    const waiting = world.sandbox.idle();
    await world.restart();
    await waiting;
    expect(Date.now() - began).toBeLessThan(3000);
    world.ear.ear.answering = true;
    await heard(2);
  });

  it('takes another address when its own has been taken', async () => {
    const { control: before } = world.sandbox;
    const other = createServer();
    await world.restart(
      () => new Promise((resolve) => other.listen(Number(new URL(before).port), '127.0.0.1', () => resolve())),
    );
    expect(world.sandbox.control).not.toBe(before);
    expect((await control(world, 'GET', '/clock')).status).toBe(200);
    other.close();
  });

  it('waits a moment for its own address, which whoever holds it may leave', async () => {
    const { control: before } = world.sandbox;
    const other = createServer();
    await world.restart(
      () =>
        new Promise((resolve) =>
          other.listen(Number(new URL(before).port), '127.0.0.1', () => {
            setTimeout(() => other.close(), 300);
            resolve();
          }),
        ),
    );
    expect(world.sandbox.control).toBe(before);
  });

  it('sends what fell due meanwhile once, not all its retries at once', async () => {
    world.ear.ear.status = 500;
    await paid(world);
    await heard(1);
    await world.restart(() => world.clock.advance(86_400));
    await heard(2);
    await quiet();
    expect(world.ear.heard).toHaveLength(2);
  });
});
