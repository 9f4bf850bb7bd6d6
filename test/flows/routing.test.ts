import { describe, expect, test } from 'vitest';

import type { Reply } from './client.ts';
import { eventually, useMachine } from './machine.ts';

const machine = useMachine();

const must = (status: number, reply: Reply) => {
  expect(reply.status, JSON.stringify(reply.body)).toBe(status);
  return reply.body;
};
const get = async (path: string) => must(200, await machine().admin.get(`/admin/v1/${path}`));
const put = async (path: string, body: object) =>
  must(200, await machine().admin.call('PUT', `/admin/v1/${path}`, body));

/** A second account at the same channel, cheaper than the first, of the same merchant. */
const addCheaper = async () => {
  const { admin, stage } = machine();
  const { version: _, id: first, ...account } = await get(`channel-accounts/${stage.channel_accounts.wechat}`);
  const cheap = must(
    201,
    await admin.post('/admin/v1/channel-accounts', {
      ...account,
      name: 'WeChat Pay, cheaper',
      cost: { rate_ppm: 3_000 },
      breaker: { min_samples: 3, pause_seconds: 60 },
    }),
  );
  const { merchant_private_key_pem, api_v3_key, api_v2_key } = stage.sandbox_credentials.wechat;
  await put(`channel-accounts/${cheap.id}/secrets`, { merchant_private_key_pem, api_v3_key, api_v2_key });
  const merchant = await get(`merchants/${stage.merchant_id}`);
  await put(`merchants/${merchant.id}`, { ...merchant, channel_account_ids: [first, cheap.id] });
  return { first, cheap: cheap.id };
};

const routeOf = async (over: Record<string, unknown> = {}) => {
  const payment = await machine().place(over);
  const [{ channel_account_id, route, status }] = payment.attempts;
  return { payment, account: channel_account_id, route, status };
};

describe('two accounts that offer the same method', () => {
  test('are chosen between by cost, then by the rules that operations set, each with its reason; what was is played again', async () => {
    const { admin, app, other, stage, advance, pay, until, now, quiet } = machine();
    const { first, cheap } = await addCheaper();
    await advance(31);

    const byCost = await routeOf();
    expect(byCost).toMatchObject({ account: cheap, status: 'pending' });
    expect(byCost.route).toEqual({
      rule: 'lowest_cost',
      candidates: [
        { channel_account_id: cheap, cost: 30, health: null, excluded: null },
        { channel_account_id: first, cost: 60, health: null, excluded: 'dearer' },
      ],
    });
    await pay(byCost.payment.attempts[0].channel_order_no);
    const paid = await until(byCost.payment.id, 'paid');
    expect(paid.attempts[0].route).toMatchObject({ rule: 'lowest_cost' });
    expect((await app.get(`/v1/payments/${paid.id}`)).body.attempts[0].route).toEqual(paid.attempts[0].route);

    const rules = must(
      201,
      await admin.post('/admin/v1/routing-rules', {
        app_id: stage.app.id,
        name: 'Of the shop',
        rules: [
          {
            id: 'large',
            when: { currency: 'CNY', amount_min: 50_000 },
            prefer: [{ channel_account_id: first }],
          },
        ],
      }),
    );
    await advance(31);
    expect(await routeOf({ amount: 50_000 })).toMatchObject({ account: first, route: { rule: 'large' } });
    expect(await routeOf({ amount: 49_999 })).toMatchObject({ account: cheap, route: { rule: 'lowest_cost' } });
    expect((await get(`audit?subject_id=${rules.id}`)).data).toMatchObject([{ action: 'create', by: 'admin' }]);
    // Rules are the app's: another one's payments know nothing of them.
    const theirs = await other.post('/v1/payments', {
      ...machine().order({ merchant_id: stage.other_app.merchant_id, amount: 50_000 }),
    });
    expect(must(201, theirs).attempts[0].route).toMatchObject({ rule: 'lowest_cost' });

    await quiet();
    const date = new Date(now().getTime() + 8 * 3_600_000).toISOString().slice(0, 10);
    const simulated = must(
      200,
      await admin.post('/admin/v1/routes:simulate', {
        app_id: stage.app.id,
        date,
        rules: [{ id: 'all_first', prefer: [{ channel_account_id: first }] }],
      }),
    );
    expect(simulated).toMatchObject({
      app_id: stage.app.id,
      date,
      payments: 1,
      whole: true,
      moved: 1,
      difference: { cost: 30 },
    });
    const named = new Set(simulated.accounts.map((each: { channel_account_id: string }) => each.channel_account_id));
    expect(named).toEqual(new Set([first, cheap]));
  });

  test('one that does not answer is given no more payments, tried again after a pause, and closed when it answers', async () => {
    const { advance, spoil, stage, quiet } = machine();
    const rules = (await get('routing-rules')).data[0];
    const cheap = (await get('channel-accounts')).data.find((each: { name: string }) =>
      each.name.endsWith('cheaper'),
    ).id;
    const healthOf = async (id: string) =>
      (await get('channel-health')).data.find((each: { channel_account_id: string }) => each.channel_account_id === id);
    const first = stage.channel_accounts.wechat;

    await put(`routing-rules/${rules.id}`, {
      ...rules,
      rules: [{ id: 'cheap', prefer: [{ channel_account_id: cheap }] }],
    });
    await advance(31);
    // A definite refusal is the payer's to repeat: then it goes elsewhere, and never by itself.
    await spoil('server_error', 4);
    const tried = [];
    for (let at = 0; at < 4; at += 1) tried.push(await routeOf());
    expect(tried.map(({ account }) => account)).toEqual([cheap, cheap, cheap, cheap]);
    await quiet();
    await advance(11);
    const opened = await eventually('the circuit to open', async () => {
      const health = await healthOf(cheap);
      return health.state !== 'closed' && health;
    });
    expect(opened.success_percent).toBeLessThan(50);
    const around = await routeOf();
    expect(around).toMatchObject({ account: first, status: 'pending', route: { rule: 'cheap' } });
    expect(around.route.candidates[1]).toMatchObject({ channel_account_id: cheap, excluded: 'circuit_open' });

    await advance(90);
    expect((await healthOf(cheap)).state).toBe('half_open');
    // A tenth of the payments try it; five of those that go well close it.
    const closed = await eventually(
      'the circuit to close',
      async () => {
        await Promise.all(Array.from({ length: 12 }, () => routeOf()));
        await quiet();
        return (await healthOf(cheap)).state === 'closed';
      },
      { seconds: 120 },
    );
    expect(closed).toBe(true);
    await advance(11);
    expect(await routeOf()).toMatchObject({ account: cheap, route: { rule: 'cheap' } });
  });

  test('are not shown to whoever has no business with them', async () => {
    const { maker, admin, stage } = machine();
    expect((await maker.get('/admin/v1/channel-health')).status).toBe(403);
    expect((await maker.post('/admin/v1/routes:simulate', {})).status).toBe(403);
    const wrong = await admin.post('/admin/v1/routes:simulate', {
      app_id: stage.app.id,
      date: 'yesterday',
      rules: [{ id: 'Capital' }],
    });
    expect(wrong.body.errors.map(({ pointer }: { pointer: string }) => pointer)).toEqual(['/date', '/rules/0/id']);
  });
});
