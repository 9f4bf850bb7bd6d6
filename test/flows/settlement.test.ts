import { describe, expect, test } from 'vitest';

import { changed, readBill, writeBill, yuanOf, type Bill } from './bill.ts';
import { feeOf, fresh, onMachine, type Machine } from './machine.ts';
import { bankAccount, filed, payingDesk } from './settled.ts';
import { dateInShanghai } from './shanghai.ts';

const sum = (amounts: readonly number[]) => amounts.reduce((total, amount) => total + amount, 0);
const netOf = (amount: number) => amount - feeOf(amount);

interface Payment {
  readonly id: string;
  readonly amount: number;
  readonly merchant_order_id: string;
  readonly attempts: readonly { readonly channel_order_no: string }[];
}

/** Payments of one day, at ten in the morning in Shanghai. */
const trade = async ({ moveTo, paid, now, quiet }: Machine, amounts: readonly number[]) => {
  await moveTo('10:00');
  const date = dateInShanghai(now());
  const payments: Payment[] = [];
  for (const amount of amounts) payments.push(await paid({ amount }));
  await quiet();
  return { date, payments };
};

/** The bill of a day arrives the next morning at eight. */
const billArrives = async ({ moveTo, upload, bill }: Machine, date: string, change = (bill_: Bill) => bill_) => {
  await moveTo('08:00');
  const [batch] = await upload(date, `${fresh('bill')}.csv`, writeBill(change(readBill(await bill(date)))));
  return batch;
};

const settlements = async ({ app }: Machine) => {
  const { status, body } = await app.get('/v1/settlements');
  expect(status).toBe(200);
  return body.data;
};

const runTo = async ({ maker, quiet }: Machine, date: string) => {
  const { status, body } = await maker.post('/admin/v1/settlements/runs', { business_date: date });
  expect([status, body.business_date]).toEqual([202, date]);
  await quiet();
};

const refund = async ({ app, until }: Machine, { id }: { readonly id: string }, amount: number) => {
  const asked = { payment_id: id, merchant_refund_id: fresh('refund'), amount };
  const { status, body } = await app.post('/v1/refunds', asked);
  expect([status, body.code]).toEqual([201, undefined]);
  return until(body.id, 'succeeded');
};

describe('a day that is reconciled', () => {
  test(
    'is released at two in the afternoon of the next day, once, and says what was released',
    onMachine(async (machine) => {
      const { app, other, stage, moveTo, balances, configure, configuration, receiver, spoil, place, until } = machine;
      const { order, pay } = machine;
      const [shop] = configuration.apps;
      await configure({ apps: [{ ...shop, notify_url: receiver.url('shop/settled') }] });
      const { date, payments } = await trade(machine, [10_000, 7_777, 333]);
      const [first, second] = payments as [Payment, Payment, Payment];
      const returned = await refund(machine, first, 4_000);
      // A late payment is on the bill too, and is nobody's yet.
      const late = await place();
      await spoil('paid_after_close');
      await app.post(`/v1/payments/${late.id}/close`);
      await until(late.id, 'paid_late');
      // Another app trades through the same account.
      const asked = order({ merchant_id: stage.other_app.merchant_id, amount: 6_000, notify_url: undefined });
      await pay((await other.post('/v1/payments', asked)).body.attempts[0].channel_order_no);

      expect(await billArrives(machine, date)).toMatchObject({ verdict: 'reconciled' });
      const pending = sum([10_000, 7_777, 333].map(netOf)) - (4_000 - returned.fee_returned);
      expect(await balances()).toMatchObject({ merchant_pending: pending, merchant_available: 0, suspense: 10_000 });
      expect(await settlements(machine)).toEqual([]);

      await moveTo('14:00');
      await machine.advance(5);
      const released = await balances();
      expect(released).toMatchObject({ merchant_pending: 0, merchant_available: pending, suspense: 10_000 });
      const [settlement, ...more] = await settlements(machine);
      expect(more).toEqual([]);
      const fees = sum([10_000, 7_777, 333].map(feeOf)) - returned.fee_returned;
      expect(settlement).toMatchObject({
        merchant_id: stage.merchant_id,
        channel_account_id: stage.channel_accounts.wechat,
        business_date: date,
        payments: { count: 3, amount: 18_110 },
        refunds: { count: 1, amount: 4_000 },
        fees: { amount: fees },
        net: pending,
        withheld: [],
        status: 'released',
      });

      const csv = await (await fetch(settlement.statement_url)).text();
      const lines = csv
        .trimEnd()
        .split('\r\n')
        .map((line) => line.split(','));
      const [names = [], ...items] = lines.slice(0, -1);
      expect(names).toEqual(['payment_id', 'merchant_order_id', 'currency', 'amount', 'refunded', 'fee', 'net']);
      expect(new Map(items.map(([id, ...cells]) => [id, cells]))).toEqual(
        new Map(
          payments.map(({ id, amount, merchant_order_id }) => {
            const back = id === first.id ? 4_000 : 0;
            const fee = feeOf(amount) - (back ? returned.fee_returned : 0);
            return [id, [merchant_order_id, 'CNY', amount, back, fee, amount - back - fee].map(String)];
          }),
        ),
      );
      expect(lines.at(-1)).toEqual(['total', '3 payments', 'CNY', '18110', '4000', String(fees), String(pending)]);

      expect(receiver.told(settlement.id)).toEqual(['settlement.released']);
      expect(receiver.deliveries(settlement.id)[0]?.data).toMatchObject({ net: pending, business_date: date });
      const theirs = (await other.get('/v1/settlements')).body.data;
      expect(theirs).toMatchObject([{ merchant_id: stage.other_app.merchant_id, net: netOf(6_000), withheld: [] }]);
      expect((await balances(other, stage.other_app.merchant_id)).merchant_available).toBe(netOf(6_000));
      // The link to a statement is of that statement alone.
      const theirCsv = await (await fetch(theirs[0].statement_url)).text();
      expect(theirCsv).toContain(String(asked['merchant_order_id']));
      for (const { id } of payments) expect(theirCsv).not.toContain(id);

      // Run again, by the clock and by hand: nothing is released twice, and nobody is told twice.
      await runTo(machine, date);
      await Promise.all([runTo(machine, date), runTo(machine, date)]);
      await moveTo('14:00');
      const { statement_url: _, ...unchanged } = settlement;
      expect(await settlements(machine)).toMatchObject([unchanged]);
      expect(await balances()).toEqual(released);
      expect(receiver.deliveries(settlement.id)).toHaveLength(1);

      // From now on a refund is paid out of what is available.
      const later = await refund(machine, second, 1_000);
      expect(await balances()).toMatchObject({
        merchant_pending: 0,
        merchant_available: pending - (1_000 - later.fee_returned),
        merchant_held: 0,
      });
    }),
  );
});

describe('a day with differences', () => {
  test(
    'releases what matched and withholds what did not, and only that',
    onMachine(async (machine) => {
      const { moveTo, balances, upload, bill } = machine;
      const { date, payments } = await trade(machine, [1_000, 2_000, 3_000]);
      const [, wrong] = payments as [Payment, Payment, Payment];
      const batch = await billArrives(machine, date, (true_) =>
        changed(
          true_,
          (row) => row['商户订单号'] === wrong.attempts[0]?.channel_order_no,
          (row) => [
            { ...row, 订单金额: yuanOf(2_001_000n, 2), 应结订单金额: yuanOf(2_001_000n, 2) },
            { ...row, 商户订单号: 'GHOST0000000001', 微信订单号: '4200000000000000001' },
          ],
        ),
      );
      expect(batch).toMatchObject({ verdict: 'breaks' });
      await moveTo('14:00');
      await machine.advance(5);
      const [settlement] = await settlements(machine);
      expect(settlement).toMatchObject({
        payments: { count: 2, amount: 4_000 },
        net: netOf(1_000) + netOf(3_000),
        withheld: [{ id: wrong.id, amount: netOf(2_000) }],
      });
      const after = await balances();
      expect(after).toMatchObject({ merchant_available: settlement.net, merchant_pending: netOf(2_000) });
      const csv = await (await fetch(settlement.statement_url)).text();
      expect(csv).not.toContain(wrong.id);

      // Once the day is explained what was withheld is released too, in a part of its own, and nothing a second time.
      const [again] = await upload(date, 'true.csv', await bill(date));
      expect(again).toMatchObject({ verdict: 'reconciled' });
      for (let times = 0; times < 2; times += 1) {
        await runTo(machine, date);
        const parts = await settlements(machine);
        expect(parts).toHaveLength(2);
        expect(parts.find(({ id }: { id: string }) => id === settlement.id)).toMatchObject({ net: settlement.net });
        expect(parts.find(({ id }: { id: string }) => id !== settlement.id)).toMatchObject({
          business_date: date,
          payments: { count: 1, amount: 2_000 },
          net: netOf(2_000),
          withheld: [],
        });
        expect(await balances()).toMatchObject({
          merchant_pending: 0,
          merchant_available: sum([1_000, 2_000, 3_000].map(netOf)),
        });
      }
    }),
  );

  test(
    'that stands at the cut is carried: the next day’s bill clears it, and the rest is released meanwhile',
    onMachine(async (machine) => {
      const { moveTo, paid, now, upload, bill, admin, balances, quiet, advance } = machine;
      await moveTo('23:50');
      await advance(6 * 60);
      const date = dateInShanghai(now());
      const [midday, atTheCut] = [await paid({ amount: 1_000 }), await paid({ amount: 2_000 })];
      await quiet();
      await moveTo('08:00');
      const next = dateInShanghai(now());
      const others = await paid({ amount: 4_000 });
      const whole = readBill(await bill(date));
      const isCut = (row: Readonly<Record<string, string>>) =>
        row['商户订单号'] === atTheCut.attempts[0].channel_order_no;
      const [batch] = await upload(date, 'cut.csv', writeBill(changed(whole, isCut, () => [])));
      expect(batch).toMatchObject({ verdict: 'reconciled_with_pending' });
      expect(batch?.statistics.results.carried).toEqual({ count: 1, amount: 2_000 });
      const carried = async (status: string) =>
        (await admin.get(`/admin/v1/differences?status=${status}&limit=100`)).body.data.filter(
          (row: { platform: { id: string } | null }) => row.platform?.id === atTheCut.id,
        );
      expect(await carried('carried')).toHaveLength(1);
      await filed(machine, 'merchant@example.com', { payout: 'auto' });
      await moveTo('14:00');
      await advance(5);
      await quiet();
      const [settlement] = await settlements(machine);
      // What is withheld is not paid; the rest is, without anybody's being asked.
      expect(settlement).toMatchObject({
        business_date: date,
        net: netOf(midday.amount),
        withheld: [{ id: atTheCut.id, amount: netOf(2_000) }],
        status: 'paid',
        payout: { no: 1, amount: netOf(midday.amount), channel: 'alipay', status: 'succeeded' },
      });

      await moveTo('08:00');
      const line = whole.rows.find(isCut) ?? {};
      const of = readBill(await bill(next));
      const withIt = { ...of, rows: [{ ...line, 交易时间: `${next} 00:00:05` }, ...of.rows] };
      const [cleared] = await upload(next, 'with-it.csv', writeBill(withIt));
      expect(cleared).toMatchObject({ verdict: 'reconciled' });
      expect(cleared?.statistics.results.carry_cleared).toEqual({ count: 1, amount: 2_000 });
      expect(cleared?.statistics.bridge.residual).toBe(0);
      expect(await carried('resolved')).toMatchObject([{ resolution: { by: 'carry_cleared', batch_id: cleared?.id } }]);
      expect((await balances()).merchant_pending).toBe(netOf(2_000) + netOf(others.amount));
    }),
  );
});

/** 结算出款, of two days that were released: by the channel, which refuses, pays and gives back; then by hand at the bank. */
const isPaid = async (machine: Machine) => {
  const { admin, checker, app, balances, advance, quiet, configuration, configure, receiver } = machine;
  const desk = payingDesk(machine);
  const [shop] = configuration.apps;
  await configure({ apps: [{ ...shop, notify_url: receiver.url('shop/settled') }] });
  await filed(machine, '13800040004');
  const [first, second, ...others] = await desk.standing('payable');
  expect([first.net, second.net, others]).toEqual([netOf(1_000), netOf(2_000), []]);
  for (const who of [admin, checker]) expect((await desk.ask(first.id, 1, who)).status).toBe(403);

  // Nobody by that account: it failed, is payable again, and only by the next number.
  const failed = await desk.paid(first.id, 1, 'failed');
  expect(failed).toMatchObject({ status: 'released', payout: { no: 1, failure: { code: 'PAYEE_NOT_EXIST' } } });
  expect((await balances()).merchant_available).toBe(first.net + second.net);
  expect((await desk.standing('payable')).map(({ id }) => id)).toContain(first.id);
  const again = await desk.ask(first.id, 1);
  expect([again.status, again.body.payout.status]).toEqual([200, 'failed']);

  await filed(machine, 'merchant@example.com');
  const paid = await desk.paid(first.id, 2, 'succeeded');
  expect(paid).toMatchObject({ status: 'paid', payout: { no: 2, amount: first.net, deducted: 0 } });
  const row = [paid.payout.payout_id, 'alipay', 'CNY', first.net, 'succeeded', paid.payout.at, paid.payout.reference];
  expect(await desk.statementOf(paid)).toContain(row.join(','));
  await quiet();
  expect(receiver.told(first.id)).toEqual(['settlement.paid']);
  expect(receiver.deliveries(first.id)[0]?.data).toEqual({ ...paid, statement_url: null });
  expect((await balances()).merchant_available).toBe(second.net);
  expect((await desk.ask(first.id, 3)).body.code).toBe('action_not_possible');

  // 退票: a day later it is back, and payable again.
  await desk.bounce(paid.payout.payout_id.slice(4));
  await advance(26 * 3_600);
  await quiet();
  expect(await desk.read(first.id)).toMatchObject({ status: 'released', payout: { no: 2, status: 'returned' } });
  expect((await balances()).merchant_available).toBe(first.net + second.net);

  // Finance transfers at the bank, and two people say what the bank says.
  const bank = await bankAccount(machine);
  await filed(machine, 'merchant@example.com', { payout_route: 'offline', payout_account_id: bank });
  const transferred = await desk.paid(second.id, 1, 'processing');
  expect(transferred.payout).toMatchObject({ by_hand: true, channel: 'bank' });
  await desk.confirmed(transferred.payout.payout_id, { result: 'arrived', reference: 'ICBC-1' });
  const confirmed = await desk.read(second.id);
  expect(confirmed).toMatchObject({ status: 'paid', payout: { status: 'succeeded', reference: 'ICBC-1' } });
  expect(await desk.statementOf(confirmed)).toContain('bank (transferred by hand)');
  const accounts = (await app.get(`/v1/accounts?owner=${machine.stage.merchant_id}&limit=100`)).body.data;
  const clearing = accounts.find((each: { channel_account_id?: string }) => each.channel_account_id === bank);
  expect(clearing).toMatchObject({ subject: 'channel_clearing', balance: -second.net });
  expect((await balances()).merchant_available).toBe(first.net);
  const { body } = await admin.get(`/admin/v1/audit?subject_id=${second.id}`);
  expect(body.data.map(({ action, by }: { action: string; by: string }) => [action, by])).toEqual([
    ['submit', 'maker'],
  ]);

  const suspended = `/admin/v1/merchants/${machine.stage.merchant_id}`;
  await admin.post(`${suspended}/status`, { status: 'suspended', reason: 'a story' });
  await advance(31);
  const refused = await desk.ask(first.id, 3);
  expect([refused.status, refused.body.code]).toEqual([403, 'merchant_not_active']);
};

describe('a day without a statement that can be believed', () => {
  test(
    'is not released, nor any day after it; once it is reconciled all are, in order',
    onMachine(async (machine) => {
      const { moveTo, balances, upload, bill, advance, configure, configuration, now, paid, maker } = machine;
      const first = await trade(machine, [1_000]);
      await moveTo('08:00');
      const second = dateInShanghai(now());
      await paid({ amount: 2_000 });

      // Nobody uploads anything, and the channel cannot be reached for its bills.
      const [account] = configuration.channel_accounts;
      const unreachable = { ...Object(account?.['settings']), base_url: 'http://127.0.0.1:9' };
      await configure({ channel_accounts: [{ ...account, settings: unreachable }] });
      await moveTo('14:00');
      await advance(5);
      expect(await settlements(machine)).toEqual([]);

      await moveTo('08:00');
      const [reconciled] = await upload(second, 'true.csv', await bill(second));
      expect(reconciled).toMatchObject({ verdict: 'reconciled' });
      // What has come of the first day is no bill.
      const [abnormal] = await upload(first.date, 'page.csv', Buffer.from('<html>'));
      expect(abnormal).toMatchObject({ status: 'abnormal' });
      await moveTo('14:00');
      await advance(5);
      await runTo(machine, second);
      expect(await settlements(machine)).toEqual([]);
      expect(await balances()).toMatchObject({ merchant_available: 0 });

      const [batch] = await upload(first.date, 'true.csv', await bill(first.date));
      expect(batch).toMatchObject({ verdict: 'reconciled' });
      // A run is of a day, and of nothing else.
      for (const wrong of [{}, { business_date: '2026-02-30' }, { business_date: second, force: true }])
        expect(await maker.post('/admin/v1/settlements/runs', wrong)).toMatchObject({ status: 400 });
      await runTo(machine, first.date);
      expect(await settlements(machine)).toMatchObject([{ business_date: first.date, net: netOf(1_000) }]);
      await runTo(machine, second);
      expect(await settlements(machine)).toMatchObject([
        { business_date: second, net: netOf(2_000) },
        { business_date: first.date, net: netOf(1_000) },
      ]);
      expect(await balances()).toMatchObject({ merchant_pending: 0, merchant_available: netOf(1_000) + netOf(2_000) });
      await isPaid(machine);
    }),
  );
});
