import { describe, expect, test } from 'vitest';

import { makeAvailable } from './available.ts';
import { plainJson } from './client.ts';
import { eventually, fresh, useMachine } from './machine.ts';
import { dateInShanghai } from './shanghai.ts';

const machine = useMachine();

// What an answer holds is what each test asserts.
// oxlint-disable-next-line typescript/no-explicit-any
type Resource = any;

const configure = async (over: object) => {
  const { admin, stage, advance } = machine();
  const path = `/admin/v1/merchants/${stage.merchant_id}`;
  const { body } = await admin.get(path);
  const { id: _, ...merchant } = body;
  expect((await admin.call('PUT', path, { ...merchant, ...over })).status).toBe(200);
  await advance(31);
};

const someone = { kind: 'alipay_account', account: 'someone@example.com', name: '某人' };

const ask = (over: object = {}) =>
  machine().app.post('/v1/payouts', {
    merchant_id: machine().stage.merchant_id,
    merchant_payout_id: fresh('payout'),
    amount: 1_000,
    currency: 'CNY',
    payee: someone,
    notify_url: machine().receiver.url('shop'),
    ...over,
  });

const created = async (over: object = {}): Promise<Resource> => {
  const { status, body } = await ask(over);
  expect([status, body.code]).toEqual([201, undefined]);
  return body;
};

const read = async (id: string): Promise<Resource> => (await machine().app.get(`/v1/payouts/${id}`)).body;

const until = (id: string, status: string): Promise<Resource> =>
  eventually(`${id} to be ${status}`, async () => {
    const found = await read(id);
    return found.status === status && found;
  });

const atPayee = async (payout: Resource, what: 'arrive' | 'fail' | 'bounce') => {
  const path = `/payees/${payout.channel}/${payout.channel_transfer_no}/${what}`;
  expect((await plainJson('POST', new URL(path, machine().stage.sandbox))).status).toBe(200);
};

const approvalOf = async (id: string): Promise<Resource> => {
  const { body } = await machine().checker.get('/admin/v1/approvals?status=pending&limit=100');
  return body.data.find((each: Resource) => each.subject.id === id);
};

const moved = async (what: () => Promise<unknown>) => {
  const before = await machine().balances();
  await what();
  const after = await machine().balances();
  return [
    after.merchant_available - before.merchant_available,
    after.channel_clearing - before.channel_clearing,
    after.payout_in_transit - before.payout_in_transit,
  ];
};

describe('a payout to an account at Alipay', () => {
  test('waits for a checker where nobody says otherwise, and then arrives; the app is told', async () => {
    const { checker, maker, receiver, app } = machine();
    await makeAvailable(machine(), 20_000);
    let payout: Resource;
    const change = await moved(async () => {
      const asked = { merchant_payout_id: fresh('payout'), reason: '货款' };
      payout = await created(asked);
      expect(payout).toMatchObject({ status: 'pending_approval', channel: 'alipay', channel_trade_no: null });
      const again = await ask(asked);
      expect([again.status, again.body.id, again.body.status]).toEqual([200, payout.id, 'pending_approval']);
      expect((await app.get(`/v1/payouts?merchant_payout_id=${asked.merchant_payout_id}`)).body.data).toEqual([payout]);
      const approval = await approvalOf(payout.id);
      expect(approval).toMatchObject({ kind: 'send_payout', made_by: machine().stage.app.id, note: '货款' });
      expect((await maker.post(`/admin/v1/approvals/${approval.id}/approve`, {})).status).toBe(403);
      expect((await checker.post(`/admin/v1/approvals/${approval.id}/approve`, {})).status).toBe(200);
      expect(await until(payout.id, 'succeeded')).toMatchObject({ amount: 1_000, failure: null });
    });
    expect(change).toEqual([-1_000, -1_000, 0]);
    expect(receiver.told(payout.id)).toEqual(['payout.succeeded']);
    expect(receiver.deliveries(payout.id)[0]?.data).toEqual(await read(payout.id));
  });

  test('that is refused by the checker is the merchant’s money again, and the app reads why', async () => {
    const { checker, receiver } = machine();
    await makeAvailable(machine(), 5_000);
    let payout: Resource;
    const change = await moved(async () => {
      payout = await created();
      const { id } = await approvalOf(payout.id);
      const refused = await checker.post(`/admin/v1/approvals/${id}/refuse`, { reason: 'who is that?' });
      expect(refused.status).toBe(200);
      expect((await until(payout.id, 'failed')).failure).toEqual({
        code: 'approval_refused',
        message: 'who is that?',
      });
    });
    expect(change).toEqual([0, 0, 0]);
    expect(receiver.told(payout.id)).toEqual(['payout.failed']);
  });

  test('up to the merchant’s threshold needs nobody; what Alipay will not pay has failed', async () => {
    await makeAvailable(machine(), 5_000);
    await configure({ payout_approval_above: 2_000 });
    expect((await created()).status).toBe('succeeded');
    const change = await moved(async () => {
      const payee = { kind: 'alipay_account', account: '13800040004', name: '某人' };
      expect(await created({ payee })).toMatchObject({ status: 'failed', failure: { code: 'PAYEE_NOT_EXIST' } });
    });
    expect(change).toEqual([0, 0, 0]);
    const waits = await created({ amount: 2_001 });
    expect(waits.status).toBe('pending_approval');
    // The whole of what is left cannot be had twice.
    expect((await ask({ amount: 9_999_999 })).body.code).toBe('insufficient_balance');
  });

  test.each(['duplicate_callback', 'late_callback', 'forged_signature'] as const)(
    'that takes its time is told of by Alipay itself, by %s too: once',
    async (fault) => {
      const { receiver, spoil, advance, quiet } = machine();
      await makeAvailable(machine(), 5_000);
      await configure({ payout_approval_above: 2_000 });
      const change = await moved(async () => {
        const payout = await created({ payee: { ...someone, account: '13800010003' } });
        expect(payout.status).toBe('processing');
        await spoil(fault, 1, 'alipay');
        await atPayee(payout, 'arrive');
        // What is late is overtaken by our own asking, and of a forgery nothing is believed: neither changes what is true.
        if (fault !== 'duplicate_callback') await advance(660);
        await until(payout.id, 'succeeded');
        await quiet();
        expect(receiver.told(payout.id)).toEqual(['payout.succeeded']);
      });
      expect(change).toEqual([-1_000, -1_000, 0]);
    },
  );

  test('that failed and is paid all the same is a difference, which two people have the merchant bear', async () => {
    const { receiver, quiet, maker, checker } = machine();
    await makeAvailable(machine(), 5_000);
    await configure({ payout_approval_above: 2_000 });
    let payout: Resource;
    const change = await moved(async () => {
      payout = await created({ payee: { ...someone, account: '13800010003' } });
      await atPayee(payout, 'fail');
      await until(payout.id, 'failed');
      await atPayee(payout, 'arrive');
      await eventually('the late money to be told', () => receiver.told(payout.id).includes('payout.succeeded_late'));
      await quiet();
    });
    expect(change).toEqual([0, -1_000, 0]);
    expect(await read(payout.id)).toMatchObject({ status: 'failed', late: [{ returned_at: null }] });
    const { body } = await maker.get('/admin/v1/differences?status=open&limit=100');
    const difference = body.data.find(({ platform }: Resource) => platform?.id === payout.id);
    expect(difference).toMatchObject({ kind: 'payout_late', amount: 1_000, actions: ['recover', 'write_off'] });
    const borne = await moved(async () => {
      const task = { kind: 'recover', difference_id: difference.id };
      const { id } = (await maker.post('/admin/v1/approvals', { task })).body;
      expect((await checker.post(`/admin/v1/approvals/${id}/approve`, {})).status).toBe(200);
    });
    expect(borne).toEqual([-1_000, 0, 0]);
  });

  test('whose answer is lost is unknown until Alipay is asked: nothing is paid twice', async () => {
    const { spoil, receiver } = machine();
    await makeAvailable(machine(), 5_000);
    await configure({ payout_approval_above: 2_000 });
    await spoil('lose_callback', 1, 'alipay');
    await spoil('timeout_but_paid', 1, 'alipay');
    let payout: Resource;
    const change = await moved(async () => {
      payout = await created();
      expect(payout.status).toBe('unknown');
      await machine().advance(61);
      await until(payout.id, 'succeeded');
    });
    expect(change).toEqual([-1_000, -1_000, 0]);
    expect(receiver.told(payout.id)).toEqual(['payout.succeeded']);
  });

  test('that comes back later is heard of within a day: the money is the merchant’s again', async () => {
    const { advance, quiet, receiver, spoil } = machine();
    await makeAvailable(machine(), 5_000);
    await configure({ payout_approval_above: 2_000 });
    let payout: Resource;
    const change = await moved(async () => {
      payout = await created();
      expect(payout.status).toBe('succeeded');
      await spoil('lose_callback', 1, 'alipay');
      await atPayee(payout, 'bounce');
      await advance(26 * 3_600);
      await quiet();
      expect((await until(payout.id, 'returned')).returned_at).not.toBeNull();
    });
    expect(change).toEqual([0, 0, 0]);
    expect(receiver.told(payout.id)).toEqual(['payout.succeeded', 'payout.returned']);
  });

  test('is refused with a clear answer where it cannot be', async () => {
    const payee = { kind: 'bank_account', account: '6222000011112222', name: '某人', bank: 'ICBC' };
    expect((await ask({ payee })).body.code).toBe('payout_not_available');
    expect((await ask({ payee: { kind: 'alipay_account', account: 'a@b.c' } })).status).toBe(400);
    expect((await ask({ amount: 0 })).status).toBe(400);
    expect((await ask({ merchant_id: machine().stage.other_app.merchant_id })).body.code).toBe('not_found');
  });
});

describe('a payout to a user of WeChat', () => {
  const user = { kind: 'wechat_user', account: 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o', name: '某用户' };
  const toUser = async (over: object = {}) => {
    await makeAvailable(machine(), 5_000);
    await configure({ payout_approval_above: 2_000 });
    return created({ payee: user, ...over });
  };

  test('is taken by the user, who is given what their device needs for it; WeChat tells, and the app is told', async () => {
    const { receiver, quiet } = machine();
    await makeAvailable(machine(), 5_000);
    await configure({ payout_approval_above: 2_000 });
    let payout: Resource;
    const change = await moved(async () => {
      payout = await created({ payee: user, reason: '提现' });
      expect(payout).toMatchObject({ status: 'processing', channel: 'wechat', channel_trade_no: null });
      const params = { mchId: expect.any(String), appId: expect.stringMatching(/^wx/), package: expect.any(String) };
      expect(payout.action).toEqual({ type: 'sdk', params });
      await atPayee(payout, 'arrive');
      const arrived = await until(payout.id, 'succeeded');
      expect([arrived.action, arrived.channel_trade_no]).toEqual([null, expect.stringMatching(/^1330/)]);
      await quiet();
    });
    expect(change).toEqual([-1_000, -1_000, 0]);
    expect(receiver.told(payout.id)).toEqual(['payout.succeeded']);
  });

  test('whose answer is lost is sent once more, under its one number, for what only a sending tells', async () => {
    const { spoil, advance, quiet } = machine();
    await spoil('timeout_but_paid', 1, 'wechat');
    const lost = await toUser();
    expect(lost).toMatchObject({ status: 'unknown', action: null });
    await advance(660);
    await quiet();
    const found = await until(lost.id, 'processing');
    expect(found.action).toMatchObject({ type: 'sdk' });
    await atPayee(found, 'arrive');
    await until(lost.id, 'succeeded');
  });

  test('that is not taken within a day has failed, and is the merchant’s money again', async () => {
    const { advance, quiet, receiver } = machine();
    let payout: Resource;
    await makeAvailable(machine(), 5_000);
    await configure({ payout_approval_above: 2_000 });
    const change = await moved(async () => {
      payout = await created({ payee: user });
      await advance(26 * 3_600);
      await quiet();
      expect(await until(payout.id, 'failed')).toMatchObject({ action: null, failure: { code: 'OVERDUE_CLOSE' } });
    });
    expect(change).toEqual([0, 0, 0]);
    expect(receiver.told(payout.id)).toEqual(['payout.failed']);
  });

  test('that WeChat refuses, and has nothing of, has failed at once', async () => {
    const payout = await toUser({ payee: { ...user, account: 'oUpF8uMuAJO_40004' } });
    expect(payout).toMatchObject({ status: 'failed', failure: { code: 'NOT_ENOUGH' } });
  });
});

describe('a refund above the merchant’s threshold', () => {
  test('waits for a checker; approved, it goes back as any other', async () => {
    const { paid, app, checker, read: shown, until: becomes, receiver } = machine();
    const payment = await paid();
    await configure({ refund_approval_above: 3_000 });
    const asked = { payment_id: payment.id, merchant_refund_id: fresh('refund'), amount: 3_001 };
    const { body: refund } = await app.post('/v1/refunds', asked);
    expect(refund.status).toBe('pending_approval');
    expect((await shown(payment.id)).amount_refundable).toBe(6_999);
    const { id } = await approvalOf(refund.id);
    expect((await checker.post(`/admin/v1/approvals/${id}/approve`, {})).status).toBe(200);
    await becomes(refund.id, 'succeeded');
    await machine().quiet();
    expect(receiver.told(refund.id)).toEqual(['refund.succeeded']);
    await configure({ refund_approval_above: undefined });
  });
});

describe('Alipay’s bill of money', () => {
  /** The payout that its payee's bank takes its time for, so that it can be made to fail or to arrive. */
  const slow = () => created({ payee: { ...someone, account: '13800010003' } });

  const dayIsOver = async () => {
    await machine().moveTo('08:00');
    await machine().moveTo('10:31');
    await machine().quiet();
  };

  const aboutStatement = async (status: string, date: string): Promise<Resource[]> => {
    const { body } = await machine().maker.get(`/admin/v1/differences?status=${status}&limit=100`);
    return body.data.filter(
      ({ bill_date, statement, batch_id }: Resource) => bill_date === date && statement === 'fund' && batch_id !== null,
    );
  };

  test('proves a day with a payment, a payout, one that came back, and one that failed; the trade bill is not asked', async () => {
    const { batches, moveTo, now, quiet } = machine();
    await configure({ payout_approval_above: 2_000 });
    await moveTo('23:59');
    await moveTo('09:00');
    const date = dateInShanghai(now());
    await makeAvailable(machine(), 20_000);
    await created();
    const bounced = await created({ amount: 1_500 });
    await atPayee(bounced, 'bounce');
    await until(bounced.id, 'returned');
    const failed = await slow();
    await atPayee(failed, 'fail');
    await until(failed.id, 'failed');
    await quiet();
    await dayIsOver();
    const [fund] = await batches(date, 'alipay', 'fund');
    expect(fund).toMatchObject({ status: 'completed', verdict: 'reconciled', error: null });
    expect(fund!.statistics).toMatchObject({
      payments: { count: 1, amount: 20_000 },
      payouts: { count: 3, amount: 3_500 },
      payout_returns: { count: 2, amount: 2_500 },
      platform: { payouts: { count: 2, amount: 2_500 }, payout_returns: { count: 1, amount: 1_500 } },
      bridge: { residual: 0 },
    });
    expect(await batches(date, 'alipay')).toMatchObject([{ verdict: 'reconciled', error: null }]);
    expect(await aboutStatement('open', date)).toEqual([]);
  });

  test('finds what left although the payout has failed, and what nobody knows of; what nobody has heard of yet waits a day', async () => {
    const { batches, spoil, now, forgetLooks } = machine();
    const date = dateInShanghai(now());
    const failed = await slow();
    await atPayee(failed, 'fail');
    await until(failed.id, 'failed');
    // That it arrived, that the other one has gone, and that it is back: nobody is told, and nobody asks.
    await forgetLooks();
    await spoil('lose_callback', 3, 'alipay');
    await atPayee(failed, 'arrive');
    const bounced = await created({ amount: 1_500 });
    await forgetLooks();
    await atPayee(bounced, 'bounce');
    await spoil('extra_transfer', 1, 'alipay');
    await dayIsOver();
    const [fund] = await batches(date, 'alipay', 'fund');
    expect(fund).toMatchObject({ verdict: 'breaks', statistics: { bridge: { residual: 0 } } });
    const open = await aboutStatement('open', date);
    expect(open.map(({ kind, amount, channel }) => [kind, amount, channel.kind, channel.channel_order_no])).toEqual(
      expect.arrayContaining([
        ['channel_only', 1_000, 'payout', failed.channel_transfer_no],
        ['channel_only', 188, 'payout', expect.stringContaining('GHOST')],
      ]),
    );
    expect(open).toHaveLength(2);
    expect(await aboutStatement('carried', date)).toMatchObject([
      { channel: { kind: 'payout_return', channel_order_no: bounced.channel_transfer_no } },
    ]);
    // What the bill says of a payout of ours is taken in by two people: then it is late money, and told.
    const known = open.find(({ channel }) => channel.channel_order_no === failed.channel_transfer_no);
    const task = { kind: 'supplement', difference_id: known.id };
    const { body } = await machine().maker.post('/admin/v1/approvals', { task });
    expect((await machine().checker.post(`/admin/v1/approvals/${body.id}/approve`, {})).status).toBe(200);
    await machine().quiet();
    expect(await read(failed.id)).toMatchObject({ status: 'failed', late: [{ returned_at: null }] });
    expect(machine().receiver.told(failed.id)).toEqual(['payout.failed', 'payout.succeeded_late']);
  });

  test('has what Alipay takes for a transfer, which two people book as our cost, once; also of one that is taken in', async () => {
    const { admin, stage, batches, spoil, now, maker, checker, balances, trialBalance, quiet } = machine();
    const date = dateInShanghai(now());
    const before = await balances();
    await spoil('transfer_fee', 2, 'alipay');
    await created();
    const failed = await slow();
    await atPayee(failed, 'fail');
    await until(failed.id, 'failed');
    await spoil('lose_callback', 1, 'alipay');
    await atPayee(failed, 'arrive');
    await dayIsOver();
    const [fund] = await batches(date, 'alipay', 'fund');
    expect(fund).toMatchObject({ verdict: 'breaks', error: null, statistics: { bridge: { residual: 0 } } });
    expect(fund!.statistics.fees).toEqual({ amount: 20 });
    const cost = async () => (await balances()).channel_cost - before.channel_cost;
    const decideAll = async (): Promise<string[]> => {
      const open = await aboutStatement('open', date);
      for (const { id, actions } of open) {
        const { body } = await maker.post('/admin/v1/approvals', { task: { kind: actions[0], difference_id: id } });
        expect((await checker.post(`/admin/v1/approvals/${body.id}/approve`, {})).status).toBe(200);
      }
      await quiet();
      return open.map(({ kind, actions }) => `${kind}: ${actions[0]}`);
    };
    expect((await decideAll()).toSorted()).toEqual(['channel_only: supplement', 'fee_mismatch: adjust']);
    expect(await cost()).toBe(20);
    // Read again, the day has nothing more to decide, and nothing is booked a second time.
    const again = { channel_account_id: stage.channel_accounts.alipay, bill_date: date, kind: 'fund' };
    expect((await admin.post('/admin/v1/reconciliation/batches', again)).status).toBe(201);
    await quiet();
    expect(await decideAll()).toEqual([]);
    expect(await cost()).toBe(20);
    expect((await trialBalance()).difference).toBe(0);
  });
});
