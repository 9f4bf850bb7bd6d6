import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, test } from 'vitest';

import type { Reply } from './client.ts';
import { eventually, startMachine, useMachine, type Machine } from './machine.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'suanpan-risk-'));
const machine = useMachine({ dataDir });
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

const must = (status: number, reply: Reply) => {
  expect(reply.status, JSON.stringify(reply.body)).toBe(status);
  return reply.body;
};

/** Sets the rules of the shop, and waits until they act. */
const setRules = async (rules: object[], over: object = {}) => {
  const { admin, stage, advance } = machine();
  const [standing] = must(200, await admin.get('/admin/v1/risk-rules')).data;
  const body = { name: 'Of the shop', ...over, rules };
  if (standing)
    must(
      200,
      await admin.call('PUT', `/admin/v1/risk-rules/${standing.id}`, {
        ...body,
        app_id: stage.app.id,
        version: standing.version,
      }),
    );
  else must(201, await admin.post('/admin/v1/risk-rules', { ...body, app_id: stage.app.id }));
  await advance(31);
};

const codeOf = (at: Machine, id: string) =>
  eventually('the code to be told', () => {
    const [told] = at.receiver
      .deliveries(id)
      .filter(({ type }) => type === 'payment.challenge_required')
      .slice(-1);
    return told && { code: String(told.data.challenge.code), told };
  });

const isSpoken = (at: Machine, code: string) => at.said().filter((line) => line.includes(code));

describe('risk rules', () => {
  test('block a payment before any channel hears of it; the app is told that it is closed', async () => {
    await setRules([{ id: 'too_large', verdict: 'block', when: { currency: 'CNY', amount_min: 1_000_000 } }]);
    const { place, receiver, quiet } = machine();
    const blocked = await place({ amount: 1_000_000 });
    expect(blocked).toMatchObject({
      status: 'closed',
      close_reason: 'risk_blocked',
      attempts: [],
      risk: { decision: 'block', reasons: ['too_large'], rule_version: 1 },
    });
    await quiet();
    expect(receiver.deliveries(blocked.id)).toMatchObject([
      { type: 'payment.closed', data: { close_reason: 'risk_blocked' } },
    ]);
    expect(await place({ amount: 999_999 })).toMatchObject({
      status: 'paying',
      risk: { decision: 'pass', reasons: [] },
    });
  });

  test('challenge a payer, whose answer begins the attempt; the code is told to the app alone', async () => {
    await setRules([{ id: 'new_device', verdict: 'challenge', list: { of: 'device', values: ['new'] } }]);
    const { app, other, place, pay, until, quiet } = machine();
    const challenged = await place({ payer: { device: 'new' } });
    expect(challenged).toMatchObject({ status: 'challenged', attempts: [], risk: { decision: 'challenge' } });
    const { code, told } = await codeOf(machine(), challenged.id);
    expect(code).toMatch(/^\d{6}$/);
    expect(told.data).toMatchObject({ id: challenged.id, status: 'challenged' });
    const path = `/v1/payments/${challenged.id}/challenge`;

    const wrong = code === '000000' ? '000001' : '000000';
    expect(must(422, await app.post(path, { answer: wrong }))).toMatchObject({
      code: 'challenge_failed',
      detail: '4 more answers are taken',
    });
    must(404, await other.post(path, { answer: code }));
    for (const nonsense of [{}, { answer: '12345' }, { answer: 123_456 }, { answer: code, resend: true }])
      must(400, await app.post(path, nonsense));
    // Another method has to wait; a repeated placement is the same payment, and no further code.
    must(409, await app.post(`/v1/payments/${challenged.id}/attempts`, { method: 'wechat_app' }));

    const answered = must(200, await app.post(path, { answer: code }));
    expect(answered).toMatchObject({
      status: 'paying',
      attempts: [{ status: 'pending', action: { type: 'qr_code' } }],
    });
    must(200, await pay(answered.attempts[0].channel_order_no));
    expect(await until(challenged.id, 'paid')).toMatchObject({
      risk: { decision: 'challenge', reasons: ['new_device'] },
    });
    await quiet();
    expect(isSpoken(machine(), code)).toEqual([]);
    expect(JSON.stringify(answered)).not.toContain(code);
    expect(JSON.stringify(await machine().orderRow(challenged.id))).not.toContain(code);
  });

  test('send another code when the payer asks, and close after five wrong answers', async () => {
    const { app, place, advance } = machine();
    const challenged = await place({ payer: { device: 'new' } });
    const path = `/v1/payments/${challenged.id}/challenge`;
    const first = await codeOf(machine(), challenged.id);
    await advance(601);
    expect(must(422, await app.post(path, { answer: first.code })).code).toBe('challenge_expired');
    must(200, await app.post(path, { resend: true }));
    const second = await eventually('another code', async () => {
      const found = await codeOf(machine(), challenged.id);
      return found.told.id !== first.told.id && found;
    });
    const wrong = second.code === '111111' ? '222222' : '111111';
    for (let answer = 0; answer < 5; answer += 1)
      expect(must(422, await app.post(path, { answer: wrong })).code).toBe('challenge_failed');
    expect(must(409, await app.post(path, { answer: second.code })).code).toBe('payment_not_open');
    expect(await machine().read(challenged.id)).toMatchObject({ status: 'closed', close_reason: 'risk_blocked' });
  });

  test('count payments of one payer over all the functions that place them', async () => {
    await setRules([{ id: 'often', verdict: 'block', velocity: { by: 'payer', window_seconds: 3_600, count: 3 } }]);
    const statuses = [];
    for (let at = 0; at < 5; at += 1) statuses.push((await machine().place({ payer: { id: 'member-7' } })).status);
    expect(statuses).toEqual(['paying', 'paying', 'paying', 'closed', 'closed']);
    expect((await machine().place({ payer: { id: 'member-8' } })).status).toBe('paying');
  });

  test('ask an engine, and do without it when it does not answer', async () => {
    const heard: unknown[] = [];
    let silent = false;
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        heard.push(JSON.parse(Buffer.concat(chunks).toString('utf8')));
        if (!silent) response.end('{"decision":"block","reasons":["known_fraud"]}');
      });
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/judge`;
    await setRules([], { engine: { url, timeout_ms: 300, fallback: 'pass' } });
    const blocked = await machine().place({ payer: { id: 'member-9' } });
    expect(blocked).toMatchObject({ status: 'closed', risk: { decision: 'block', reasons: ['engine:known_fraud'] } });
    expect(heard).toMatchObject([{ payment_id: blocked.id, amount: 10_000, payer: { id: 'member-9' } }]);
    silent = true;
    expect(await machine().place()).toMatchObject({
      status: 'paying',
      risk: { decision: 'pass', reasons: ['engine:timeout'] },
    });
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  test('are refused where they make no sense, and to whom they are not given', async () => {
    const { admin, maker, stage } = machine();
    const wrong = await admin.post('/admin/v1/risk-rules', {
      name: 'Wrong',
      rules: [{ id: 'a', verdict: 'pass', velocity: { by: 'ip', window_seconds: 60, count: 1 } }],
    });
    expect(must(400, wrong).errors[0].pointer).toBe('/rules/0/verdict');
    const outside = await admin.post('/admin/v1/risk-rules', {
      name: 'Outside',
      rules: [],
      engine: { url: 'https://user:secret@risk.example', fallback: 'pass' },
    });
    expect(must(400, outside).errors[0].pointer).toBe('/engine/url');
    must(403, await maker.post('/admin/v1/risk-rules', { name: 'Finance', rules: [], app_id: stage.app.id }));
  });
});

test('a challenge outlives a restart: another process takes the answer', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'suanpan-challenge-'));
  try {
    const first = await startMachine({ dataDir: folder });
    must(
      201,
      await first.admin.post('/admin/v1/risk-rules', { name: 'All', rules: [{ id: 'all', verdict: 'challenge' }] }),
    );
    await first.advance(31);
    const challenged = await first.place();
    expect(challenged.status).toBe('challenged');
    const { code } = await codeOf(first, challenged.id);
    await first.stop();
    const second = await startMachine({ dataDir: folder });
    expect((await second.read(challenged.id)).status).toBe('challenged');
    const answered = must(200, await second.app.post(`/v1/payments/${challenged.id}/challenge`, { answer: code }));
    expect(answered).toMatchObject({ status: 'paying', attempts: [{ status: 'pending' }] });
    await second.stop();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
