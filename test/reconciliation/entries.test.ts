import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import * as z from 'zod';

import { ChannelAccount } from '#channels/account.ts';

import { account, billDate, day } from './given.ts';
import { world } from './world.ts';

/** WeChat's bill of a day without any trade. */
const emptyBill = Buffer.from(
  [
    '\uFEFF交易时间,商户号,微信订单号,商户订单号,交易状态,货币种类,手续费,订单金额,商户退款单号,退款状态,申请退款金额',
    '总交易单数,手续费总金额,订单总金额,申请退款总金额',
    '`0,`0.00,`0.00,`0.00',
    '',
  ].join('\r\n'),
);

const load = async () => ({
  intake: (await import('#reconciliation/intake.ts')).handler,
  steps: (await import('#reconciliation/steps.ts')).handler,
  http: (await import('#reconciliation/http.ts')).handler,
});

let entries: Awaited<ReturnType<typeof load>>;
let here: ReturnType<typeof world>;
const published: unknown[] = [];

beforeAll(async () => {
  for (const name of ['BOOKS_TABLE', 'CONFIG_TABLE', 'ORDERS_TABLE', 'STATEMENTS_BUCKET', 'BATCH_MACHINE', 'BUS'])
    vi.stubEnv(name, 'books');
  vi.stubEnv('ROLES_CLAIM', 'roles');
  vi.stubEnv('AWS_REGION', 'local');
  entries = await load();
});

beforeEach(() => {
  here = world();
  here.rows.set('channel_account', { row: z.encode(ChannelAccount, { ...account, channel: 'wechat' }) });
  published.length = 0;
  mockClient(EventBridgeClient)
    .on(PutEventsCommand)
    .callsFake(({ Entries }) => {
      published.push(...Entries.map(({ DetailType }: { DetailType: string }) => DetailType));
      return { Entries: [] };
    });
});

const call = async (role: string, method: string, path: string, { query = '', body = '' } = {}) => {
  const event = {
    version: '2.0',
    rawPath: path,
    rawQueryString: query,
    headers: {},
    body,
    requestContext: {
      requestId: 'trace',
      http: { method, path },
      authorizer: { jwt: { claims: { sub: 'somebody', roles: role } } },
    },
  };
  const result = await (
    entries.http as unknown as (event: unknown, context: unknown) => Promise<{ statusCode: number; body: string }>
  )(event, {
    getRemainingTimeInMillis: () => 10_000,
  });
  return { status: result.statusCode, body: JSON.parse(result.body) };
};

const batchesPath = '/admin/v1/reconciliation/batches';

describe('the functions of reconciliation', () => {
  test('take a statement from its arrival to its verdict, and tell it', async () => {
    const key = here.upload(emptyBill);
    await entries.intake({ detail: { bucket: { name: 'statements' }, object: { key, size: emptyBill.length } } });
    const [batch_id] = here.executions;
    expect(await entries.steps({ step: 'parse', batch_id })).toEqual({ outcome: 'parsed' });
    expect((await call('support', 'GET', `${batchesPath}/${batch_id}/records`)).body).toMatchObject({
      code: 'batch_running',
    });
    expect(await entries.steps({ step: 'match', batch_id })).toEqual({ outcome: 'matched' });
    expect(await entries.steps({ step: 'summarize', batch_id })).toEqual({
      outcome: 'completed',
      verdict: 'reconciled',
    });
    expect(published).toEqual(['reconciliation.completed']);
    expect((await call('support', 'GET', `${batchesPath}/${batch_id}`)).body).toMatchObject({
      ...day,
      version: 1,
      verdict: 'reconciled',
      statistics: { payments: { count: 0, amount: 0 }, bridge: { residual: 0 } },
    });
    expect((await call('support', 'GET', `${batchesPath}/${batch_id}/records`)).body).toEqual({
      data: [],
      next_cursor: null,
    });
  });

  test('refuse a torn statement with its line', async () => {
    await entries.intake({ detail: { object: { key: here.upload(emptyBill.subarray(0, 200)) } } });
    const [batch_id] = here.executions;
    expect(await entries.steps({ step: 'parse', batch_id })).toEqual({ outcome: 'abnormal' });
    const { body } = await call('admin', 'GET', batchesPath, { query: `bill_date=${billDate}` });
    expect(body.data).toMatchObject([
      { status: 'abnormal', verdict: 'incomplete', error: { line: expect.any(Number) } },
    ]);
    expect(published).toEqual(['reconciliation.abnormal']);
  });

  test('end a batch whose workflow has given up', async () => {
    await entries.intake({ detail: { object: { key: here.upload(emptyBill) } } });
    const [batch_id] = here.executions;
    expect(await entries.steps({ step: 'fail', batch_id })).toEqual({ outcome: 'abnormal' });
  });
});

describe('the console', () => {
  const body = JSON.stringify(day);

  test.each([
    ['finance_maker', 201],
    ['operations', 201],
    ['admin', 201],
    ['finance_checker', 403],
    ['support', 403],
    ['nobody', 403],
  ])('asks for a batch as %s: %i', async (role, status) => {
    here.upload(emptyBill);
    expect((await call(role, 'POST', batchesPath, { body })).status).toBe(status);
    expect(here.executions).toHaveLength(status === 201 ? 1 : 0);
  });

  test.each([
    ['an unknown field', { amount: 1 }],
    ['no such date', { bill_date: '2026-02-30' }],
    ['no such kind', { kind: 'gossip' }],
    ['what is no account', { channel_account_id: 'mch_00000000000000000000000001' }],
  ])('is told of %s', async (_, over) => {
    const answer = await call('admin', 'POST', batchesPath, { body: JSON.stringify({ ...day, ...over }) });
    expect([answer.status, answer.body.code]).toEqual([400, 'invalid_request']);
  });

  test('lists differences by status, and refuses a status that there is not', async () => {
    expect((await call('risk', 'GET', '/admin/v1/differences')).body).toEqual({ data: [], next_cursor: null });
    expect((await call('risk', 'GET', '/admin/v1/differences', { query: 'status=gone' })).status).toBe(400);
    expect((await call('risk', 'GET', '/admin/v1/differences', { query: 'cursor=nonsense' })).status).toBe(400);
  });

  test('finds no batch that is not there', async () => {
    expect((await call('admin', 'GET', `${batchesPath}/bat_00000000000000000000000001`)).status).toBe(404);
  });
});
