import { describe, expect, test } from 'vitest';

import { useMachine, type Batch } from './machine.ts';

const machine = useMachine();

const dayMs = 86_400_000;
const inShanghai = (instant: Date) => new Date(instant.getTime() + 8 * 3_600_000).toISOString();
const today = () => inShanghai(machine().now()).slice(0, 10);

/** Moves on to a time of the day after this one, there. */
const goToNext = async (date: string, time: string) => {
  const at = Date.parse(`${date}T${time}+08:00`) + dayMs;
  await machine().advance(Math.ceil((at - machine().now().getTime()) / 1_000));
  await machine().quiet();
};

const completed = (batch: Batch | undefined) => batch && [batch.version, batch.status, batch.verdict];

const counts = ({ statistics }: Batch) => {
  const { matched, fee_mismatch, amount_mismatch } = statistics.results;
  return [matched.count, fee_mismatch.count, amount_mismatch.count, statistics.bridge.residual];
};

const fundBatches = async (date: string): Promise<Batch[]> => {
  const { admin, stage } = machine();
  const query = new URLSearchParams({
    channel_account_id: stage.channel_accounts.wechat,
    bill_date: date,
    kind: 'fund',
  });
  const { status, body } = await admin.get(`/admin/v1/reconciliation/batches?${query.toString()}`);
  expect(status).toBe(200);
  return body.data;
};

describe('the statement of a day that was paid within WeChat, in a browser and by QR code', () => {
  test('is fetched by the platform at 10:30 of the next morning and reconciles to the fen', async () => {
    const { paid, batches } = machine();
    const date = today();
    await paid({ amount: 12_345 });
    await paid({ amount: 6_789, method: 'wechat_jsapi', payer: { openid: 'oPayerOfTheShop' } });
    await paid({
      amount: 1,
      method: 'wechat_h5',
      payer: { ip: '203.0.113.7' },
      return_url: 'https://shop.example/done',
    });
    await paid({ amount: 88_888, method: 'wechat_app' });
    await goToNext(date, '10:29:00');
    expect(await batches(date)).toEqual([]);
    await goToNext(date, '10:30:00');
    const [batch, ...more] = await batches(date);
    expect(completed(batch)).toEqual([1, 'completed', 'reconciled']);
    expect(more).toEqual([]);
    expect(batch!.statistics.payments).toEqual({ count: 4, amount: 108_023 });
    expect(batch!.statistics.bridge.residual).toBe(0);
    const [fund] = await fundBatches(date);
    expect(completed(fund)).toEqual([1, 'completed', 'reconciled']);
    expect(fund!.statistics.platform).toEqual(batch!.statistics.platform);
    await goToNext(date, '15:00:00');
    expect(await batches(date), 'what came is not fetched again').toHaveLength(1);
  });

  test.each([
    ['is down at the first try', 'server_error'],
    ['hands out a bill that is cut short', 'truncated_statement'],
  ] as const)('comes half an hour later where WeChat %s', async (_, fault) => {
    const { paid, batches, spoil, armed } = machine();
    const date = today();
    await paid({ amount: 12_345 });
    await goToNext(date, '10:29:00');
    await spoil(fault);
    await goToNext(date, '10:30:00');
    expect(await armed()).toEqual([]);
    expect(await batches(date)).toEqual([]);
    await goToNext(date, '11:00:00');
    expect(completed((await batches(date))[0])).toEqual([1, 'completed', 'reconciled']);
  });

  test('shows what was taken of a refund and what was kept by mistake, on the trade bill and in the money', async () => {
    const { app, paid, batches, spoil, quiet, armed } = machine();
    const date = today();
    const payment = await paid({ amount: 20_000 });
    await spoil('fee_drift');
    await paid({ amount: 10_000 });
    await spoil('wrong_amount');
    const placed = await machine().place({ amount: 5_000 });
    expect((await machine().pay(placed.attempts[0].channel_order_no)).status).toBe(200);
    const asked = { payment_id: payment.id, merchant_refund_id: `refund-${date}`, amount: 7_777 };
    expect((await app.post('/v1/refunds', asked)).status).toBe(201);
    await quiet();
    expect(await armed()).toEqual([]);
    await goToNext(date, '10:30:00');
    const [trade] = await batches(date);
    const [fund] = await fundBatches(date);
    expect([trade?.verdict, fund?.verdict]).toEqual(['breaks', 'breaks']);
    expect(counts(trade!)).toEqual([2, 1, 1, 0]);
    // What came is what was booked, though it is not what was asked for; the fee that was kept is missing in both.
    expect(counts(fund!)).toEqual([3, 1, 0, 0]);
  });

  test('is not expected of a day on which nothing was paid', async () => {
    const date = today();
    await goToNext(date, '15:00:00');
    expect(await machine().batches(date)).toEqual([]);
  });
});
