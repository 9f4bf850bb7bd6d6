import { fork, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, expect, test } from 'vitest';

import type { Platform } from '../../local/platform.ts';
import { appClient, bearer, plainJson } from './client.ts';
import { eventually, feeOf, fresh } from './machine.ts';
import { openReceiver } from './receiver.ts';

type Stage = Platform['stage'];

const dataDir = mkdtempSync(join(tmpdir(), 'suanpan-restart-'));
const started: ChildProcess[] = [];

/** The platform in a process of its own; answers once it is ready. */
const start = () =>
  new Promise<{ stage: Stage; child: ChildProcess }>((resolve, reject) => {
    const child = fork(join(import.meta.dirname, 'run-platform.ts'), [dataDir], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    started.push(child);
    let said = '';
    child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
    child.once('message', (stage) => resolve({ stage: stage as Stage, child }));
    child.once('exit', (code) => reject(new Error(`the platform ended with ${code}: ${said}`)));
  });

const kill = (child: ChildProcess) =>
  new Promise<void>((resolve) => {
    child.removeAllListeners('exit').once('exit', () => resolve());
    child.kill('SIGKILL');
  });

afterAll(async () => {
  for (const child of started) if (child.exitCode === null && child.signalCode === null) await kill(child);
  rmSync(dataDir, { recursive: true, force: true });
});

test('a platform that is killed while it works goes on with everything that it had answered', async () => {
  const first = await start();
  const { stage } = first;
  const receiver = await openReceiver({ shop: stage.app.webhook_secret }, () => new Date());
  const app = appClient(stage.api, stage.app);
  const pay = (orderNo: string) => plainJson('POST', new URL(`/payer/wechat/${orderNo}/pay`, stage.sandbox));
  const order = (over: object = {}) => ({
    merchant_id: stage.merchant_id,
    merchant_order_id: fresh(),
    amount: 10_000,
    currency: 'CNY',
    subject: 'Tea',
    method: 'wechat_native',
    notify_url: receiver.url('shop'),
    ...over,
  });

  // A payment that is paid and refunded in part, and one whose app refuses to be told.
  const place = async (over: object = {}) => {
    const { status, body } = await app.post('/v1/payments', order(over));
    expect(status).toBe(201);
    return body;
  };
  const paid = await place();
  const untold = await place({ notify_url: receiver.url('shop/refuse-once') });
  for (const payment of [paid, untold]) await pay(payment.attempts[0].channel_order_no);
  const isPaid = async (id: string) => (await app.get(`/v1/payments/${id}`)).body.status === 'paid';
  for (const { id } of [paid, untold]) await eventually('it to be paid', () => isPaid(id));
  const refunding = { payment_id: paid.id, merchant_refund_id: fresh('refund'), amount: 3_000 };
  const refund = await app.post('/v1/refunds', refunding);
  expect(refund.status).toBe(201);
  await eventually('the first delivery', () => receiver.deliveries(untold.id).length > 0);
  expect(receiver.deliveries(untold.id)[0]?.answered).toBe(503);

  // Killed in the midst of placing and paying: some have been answered, some have not.
  const asked = Array.from({ length: 40 }, () => order());
  const answered: { id: string; merchant_order_id: string; attempts: { channel_order_no: string }[] }[] = [];
  const gestures: string[] = [];
  const storm = Promise.allSettled(
    asked.map(async (each, at) => {
      await new Promise((resolve) => setTimeout(resolve, at * 15));
      const reply = await app.post('/v1/payments', each);
      if (reply.status !== 201) return;
      answered.push(reply.body);
      const orderNo = reply.body.attempts[0].channel_order_no;
      if ((await pay(orderNo)).status === 200) gestures.push(reply.body.id);
    }),
  );
  await eventually('the storm to be in its midst', () => gestures.length >= 8);
  await kill(first.child);
  await storm;
  expect(answered.length).toBeLessThan(asked.length);

  const second = await start();
  const again = second.stage;
  // Addresses are kept, so that what others were told still leads here.
  expect([again.api, again.sandbox, again.sandbox_channels]).toEqual([
    stage.api,
    stage.sandbox,
    stage.sandbox_channels,
  ]);
  expect(again.app).toEqual(stage.app);

  for (const { id, merchant_order_id } of answered) {
    const { status, body } = await app.get(`/v1/payments/${id}`);
    expect([status, body.merchant_order_id]).toEqual([200, merchant_order_id]);
  }
  // What the payers paid becomes paid, whether the callback had been heard or not.
  for (const id of gestures) await eventually(`${id}, which was paid, to be paid`, () => isPaid(id), { seconds: 40 });
  const done = await eventually('the refund to end', async () => {
    const { body } = await app.get(`/v1/refunds/${refund.body.id}`);
    return body.status === 'succeeded' && body;
  });
  expect((await app.post('/v1/refunds', refunding)).body).toEqual(done);

  // Every order that was begun is finished by asking for it again: none is placed twice.
  const replies = await Promise.all(asked.map((each) => app.post('/v1/payments', each)));
  expect(replies.every(({ status }) => status === 200 || status === 201)).toBe(true);
  for (const { id, merchant_order_id } of answered) {
    const reply = replies.find(({ body }) => body.merchant_order_id === merchant_order_id);
    expect([reply?.status, reply?.body.id]).toEqual([200, id]);
  }
  const open = replies.map(({ body }) => body).filter(({ status }) => status === 'paying');
  for (const { attempts } of open) expect((await pay(attempts[0].channel_order_no)).status).toBe(200);
  for (const { body } of replies) await eventually('every payment to be paid', () => isPaid(body.id), { seconds: 40 });

  // The app that had refused is told again, the same.
  await eventually('the second delivery', () => receiver.deliveries(untold.id).length > 1, { seconds: 40 });
  const deliveries = receiver.deliveries(untold.id);
  expect(new Set(deliveries.map(({ id }) => id)).size).toBe(1);
  for (const { body } of replies)
    await eventually(`${body.id} to be told`, () => receiver.told(body.id).includes('payment.paid'), { seconds: 40 });
  expect(receiver.notBelieved()).toEqual([]);

  // To the fen: 42 payments less their fees, less what went back.
  const accounts = (await app.get(`/v1/accounts?owner=${stage.merchant_id}`)).body.data;
  const balance = (of: string) => accounts.find(({ subject }: { subject: string }) => subject === of)?.balance ?? 0;
  expect(balance('merchant_pending')).toBe(42 * (10_000 - feeOf(10_000)) - (3_000 - done.fee_returned));
  expect(balance('merchant_held')).toBe(0);
  const trial = await bearer(stage.api, again.admin.token).get('/admin/v1/ledger/trial-balance');
  expect(trial.body.difference).toBe(0);

  await receiver.close();
  await kill(second.child);
}, 120_000);
