import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { expect } from 'vitest';

import { readAssembly } from '../../local/runtime/assembly/assembly.ts';
import { physicalName } from '../../local/runtime/assembly/physical.ts';
import { synthesize } from '../../local/synthesize.ts';
import { makeAvailable } from './available.ts';
import { plainJson } from './client.ts';
import { eventually, fresh, type Machine } from './machine.ts';
import { dateInShanghai } from './shanghai.ts';

/** A function of the machine, by how its id begins. */
const invoke = async ({ platform: { runtime } }: Machine, like: string, payload: object) => {
  const [name] = readAssembly(await synthesize()).stacks.flatMap((stack) =>
    Object.entries(stack.template.Resources)
      .filter(([id, { Type }]) => Type === 'AWS::Lambda::Function' && id.startsWith(like))
      .map(([id, { Type }]) => physicalName(stack, id, Type, undefined)),
  );
  return runtime.invoke(name ?? like, payload);
};

/** Money that is nobody's, which two people have decided to send back, and which one of them is to transfer. */
const transferByHand = async (machine: Machine): Promise<void> => {
  const { s3, stage, maker, checker, now } = machine;
  const account = stage.channel_accounts.bank;
  const date = dateInShanghai(now());
  const columns = '交易日期,贷方金额,借方金额,余额,流水号,对方户名,对方账号,附言';
  const Body = `${columns}\n${date},88.00,,88.00,${fresh('bank')},某公司,6217000011112222,nobody’s\n`;
  await s3.send(
    new PutObjectCommand({
      Bucket: stage.statements_bucket,
      Key: `statements/${account}/${date}/trade/bank.csv`,
      Body,
    }),
  );
  const receipt = await eventually('the entry of the bank', async () => {
    const { data } = (await maker.get('/admin/v1/bank-receipts?limit=100')).body;
    return data.find(({ channel_account_id }: { channel_account_id: string }) => channel_account_id === account);
  });
  const payee = { kind: 'bank_account', account: '6217000011112222', name: '某公司', bank: 'ICBC' };
  const task = { kind: 'send_back', receipt_id: receipt.id, payee };
  const { body } = await maker.post('/admin/v1/approvals', { task });
  expect((await checker.post(`/admin/v1/approvals/${body.id}/approve`, {})).status, JSON.stringify(body)).toBe(200);
};

const signedAbout = ({ wechat }: Machine, orderNo: string, amount: number) =>
  wechat.send(wechat.notification(wechat.success(orderNo, amount)));

/** What alarms ring for, each as it would come about. Those that take a day go on together. */
export const causes: Readonly<Record<string, (machine: Machine) => Promise<unknown>>> = {
  'a callback that somebody forged': ({ wechat }) =>
    wechat.send(wechat.notification(wechat.success(fresh('forged'), 1)), { forged: true }),
  'money for an order that nobody placed': (machine) => signedAbout(machine, 'FOREIGN00000001', 188),
  'another amount than was asked for': async (machine) => {
    const payment = await machine.place();
    return signedAbout(machine, payment.attempts[0].channel_order_no, 10_001);
  },
  'a statement where none belongs': ({ s3, stage }) =>
    s3.send(new PutObjectCommand({ Bucket: stage.statements_bucket, Key: 'statements/nowhere.csv', Body: 'x' })),
  'money that leaves after its payout has failed': async (machine) => {
    const { app, checker, stage } = machine;
    await makeAvailable(machine, 5_000);
    const { body } = await app.post('/v1/payouts', {
      merchant_id: stage.merchant_id,
      merchant_payout_id: fresh('payout'),
      amount: 1_000,
      currency: 'CNY',
      // Of whom Alipay's sandbox decides when it is told.
      payee: { kind: 'alipay_account', account: '13800010003', name: '某人' },
    });
    const approvals = (await checker.get('/admin/v1/approvals?status=pending&limit=100')).body.data;
    const { id } = approvals.find(({ subject }: { subject: { id: string } }) => subject.id === body.id);
    expect((await checker.post(`/admin/v1/approvals/${id}/approve`, {})).status).toBe(200);
    for (const [what, status] of [
      ['fail', 'failed'],
      ['arrive', 'failed'],
    ]) {
      const path = `/payees/alipay/${body.channel_transfer_no}/${what}`;
      expect((await plainJson('POST', new URL(path, stage.sandbox))).status).toBe(200);
      await eventually(status ?? '', async () => (await app.get(`/v1/payouts/${body.id}`)).body.status === status);
    }
  },
  'a code that its app does not take': async (machine) => {
    const { admin, stage, advance, place, receiver } = machine;
    const rules = [{ id: 'new_device', verdict: 'challenge', list: { of: 'device', values: ['new'] } }];
    const reply = await admin.post('/admin/v1/risk-rules', { name: 'Of the shop', app_id: stage.app.id, rules });
    expect(reply.status, JSON.stringify(reply.body)).toBe(201);
    await advance(31);
    const asked = await place({ payer: { device: 'new' }, notify_url: receiver.url('shop/500/code') });
    expect(asked.status).toBe('challenged');
    await eventually('the code to be refused', () => receiver.deliveries(asked.id).length > 0);
    await advance(3_600);
  },
  'a sweep that comes after an hour': async (machine) => {
    const { paid, place, receiver, now } = machine;
    await paid({ notify_url: receiver.url('shop/500/again') });
    await place();
    const later = new Date(now().getTime() + 10 * 3_600_000).toISOString();
    await invoke(machine, 'PaymentDeskSweep', { scheduled_at: later });
  },
  'an app that takes no notice for days, a channel that is down as long, and a transfer that nobody confirms': async (
    machine,
  ) => {
    await transferByHand(machine);
    const { app, paid, spoil, place, receiver, advance, stage } = machine;
    await paid({ notify_url: receiver.url('shop/500/always') });
    const payment = await paid();
    const { attempts } = await place({ expires_in_seconds: 60 });
    expect(attempts[0].status).toBe('pending');
    const agreement = await app.post('/v1/agreements', {
      merchant_id: stage.merchant_id,
      merchant_agreement_id: fresh('agreement'),
      method: 'alipay_wap',
      subject: '会员',
      currency: 'CNY',
      limits: { amount_max: 2_000, period: { unit: 'month', count: 1 } },
      expires_in_seconds: 60,
    });
    expect(agreement.body.status, JSON.stringify(agreement.body)).toBe('pending');
    await spoil('server_error', 10_000, 'alipay');
    await spoil('server_error', 10_000);
    const refund = await app.post('/v1/refunds', {
      payment_id: payment.id,
      merchant_refund_id: fresh('refund'),
      amount: 100,
    });
    expect(refund.body.status).toBe('unknown');
    // Past 14:30 of a later day, past the last of the sixteen deliveries, and past the third day of a transfer by hand.
    await advance(3 * 86_400 + 7_200);
  },
  'a difference that nobody has cleared up for days': async (machine) => {
    const later = new Date(machine.now().getTime() + 4 * 86_400_000).toISOString();
    const plan = { step: 'plan', scheduled_at: later, business_date: null };
    await invoke(machine, 'SettlementSteps', plan);
  },
  'a row that nobody can read': async ({ platform: { runtime } }) => {
    const [, TableName] =
      Object.entries(runtime.outputs).find(([name]) => name.startsWith('ExportsOutputRefOrders')) ?? [];
    const dynamodb = new DynamoDBClient({
      endpoint: runtime.endpoints['AWS_ENDPOINT_URL_DYNAMODB'] ?? '',
      region: runtime.region,
      credentials: { accessKeyId: 'anybody', secretAccessKey: 'anybody' },
    });
    await dynamodb.send(new PutCommand({ TableName, Item: { pk: 'pay_broken', id: 'pay_broken' } }));
    dynamodb.destroy();
  },
};
