import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { addAttempt } from '#payments/placing/add-attempt.ts';
import { applyOutcome } from '#payments/following/apply-outcome.ts';
import { closePayment } from '#payments/following/close-payment.ts';
import { finishStages } from '#payments/following/finish-stages.ts';
import { lookAgain } from '#payments/following/look-again.ts';
import { channelOrderNo, noRefunds, statusOf, type Payment } from '#payments/payment.ts';
import { paymentView } from '#payments/view.ts';
import { createRefund } from '#refunds/making/create-refund.ts';
import { applyRefundOutcome } from '#refunds/apply-refund-outcome.ts';
import { itemOf } from '#settlement/settlement.ts';
import { proveDay } from '#settlement/releasing/prove-day.ts';

import * as given from '../given.ts';
import { tables } from '../tables.ts';
import { walletShop } from '../wallets/wallet-shop.ts';

let the: Awaited<ReturnType<typeof tables>>;
beforeAll(async () => (the = await tables()));
afterAll(() => the.stop());

type At = ReturnType<typeof walletShop>;

/** ¥100, of which ¥30 are held on a card with ¥50. */
const placed = async (at: At, over: Parameters<At['place']>[1] = {}) => {
  const account = await at.wallet('u', 5_000n);
  const prepaid = { method: 'prepaid_card', account, amount: 3_000n } as const;
  return { account, payment: await at.place('a', { prepaid, ...over }) };
};

const statuses = (payment: Payment) => payment.attempts.map(({ status }) => status);

const fails = (at: At, payment: Payment, no: number) =>
  applyOutcome(at.deps, payment, {
    no,
    outcome: { kind: 'failed', failure: { code: 'PAYERROR', message: 'the bank said no' } },
    identity: given.identity,
  }).then((heard) => finishStages(at.deps, heard));

describe('a payment of which a part is held first', () => {
  test('holds it, asks the payer for the rest alone, and is not paid by the hold', async () => {
    const at = walletShop(the.db);
    const { payment } = await placed(at);
    expect(statusOf(payment)).toBe('paying');
    expect(statuses(payment)).toEqual(['pending', 'pending']);
    expect(paymentView(payment).attempts).toMatchObject([
      { stage: 1, method: 'prepaid_card', amount: 3_000, action: { type: 'none' } },
      { stage: 2, method: 'wechat_native', amount: 7_000, action: { type: 'qr_code' } },
    ]);
    expect(at.paper.orders.get(channelOrderNo(payment, payment.attempts[1]!))?.order.amount).toBe(7_000n);
    expect([await at.has('u', 'prepaid_card'), await at.has('u', 'wallet_held')]).toEqual([2_000n, 3_000n]);
  });

  test('is paid once the rest is paid: then the hold is taken', async () => {
    const at = walletShop(the.db);
    const { payment } = await placed(at);
    const paid = await at.payRest(payment);
    expect(statusOf(paid)).toBe('paid');
    expect(statuses(paid)).toEqual(['succeeded', 'succeeded']);
    await at.fold(paid.id);
    expect([await at.has('u', 'prepaid_card'), await at.has('u', 'wallet_held')]).toEqual([2_000n, 0n]);
    // 1 % of each part, half up.
    expect(await at.balance('merchant_pending')).toBe(10_000n - 70n - 30n);
    expect(paymentView(paid)).toMatchObject({ status: 'paid', fee: 100, amount_refundable: 10_000 });
    expect(await at.clearing('u')).toBe(0n);
    await at.proved([paid.id]);
  });

  test('is not paid, and charges nothing, when the card does not suffice', async () => {
    const at = walletShop(the.db);
    const account = await at.wallet('u', 2_999n);
    const payment = await at.place('a', { prepaid: { method: 'prepaid_card', account, amount: 3_000n } });
    expect(statusOf(payment)).toBe('open');
    expect(payment.attempts.map(({ failure }) => failure?.code)).toEqual(['insufficient_balance', 'hold_refused']);
    expect(at.paper.orders.size).toBe(0);
    expect(await at.has('u', 'prepaid_card')).toBe(2_999n);
  });

  test('lets the hold go when the rest fails, and holds anew for another try', async () => {
    const at = walletShop(the.db);
    const { payment } = await placed(at);
    const failed = await fails(at, payment, 2);
    expect(statuses(failed)).toEqual(['closed', 'failed']);
    expect(statusOf(failed)).toBe('open');
    expect([await at.has('u', 'prepaid_card'), await at.has('u', 'wallet_held')]).toEqual([5_000n, 0n]);

    const again = await addAttempt(at.deps, at.app, { id: payment.id, method: 'wechat_native' });
    expect(statuses(again.payment)).toEqual(['closed', 'failed', 'pending', 'pending']);
    expect(await at.has('u', 'wallet_held')).toBe(3_000n);
    expect(statusOf(await at.payRest(again.payment))).toBe('paid');
    expect([await at.has('u', 'prepaid_card'), await at.has('u', 'wallet_held')]).toEqual([2_000n, 0n]);
  });

  test('keeps its hold when the payer takes another method for the rest', async () => {
    const at = walletShop(the.db);
    const { payment } = await placed(at);
    const other = await addAttempt(at.deps, at.app, {
      id: payment.id,
      method: 'wechat_jsapi',
      payer: { openid: 'o' },
    });
    expect(statuses(other.payment)).toEqual(['pending', 'closed', 'pending']);
    expect(await at.has('u', 'wallet_held')).toBe(3_000n);
    expect(statusOf(await at.payRest(other.payment))).toBe('paid');
  });

  test('lets the hold go when it expires or is closed, after the rest is closed at its channel', async () => {
    for (const end of ['expiry', 'app'] as const) {
      const at = walletShop(the.db);
      const { payment } = await placed(at, { expires_in_seconds: 60 });
      if (end === 'expiry') {
        at.clock.now = given.minutes(5);
        await lookAgain(at.deps, payment.id, { moveOn: true });
      } else await closePayment(at.deps, at.app, payment.id);
      const closed = await at.deps.payments.get(payment.id);
      expect(statusOf(closed)).toBe('closed');
      expect(closed.close_reason).toBe(end === 'expiry' ? 'expired' : 'by_app');
      expect([await at.has('u', 'prepaid_card'), await at.has('u', 'wallet_held')]).toEqual([5_000n, 0n]);
    }
  });

  test('holds nothing any more when the hold arrives after it was let go', async () => {
    const at = walletShop(the.db);
    const account = await at.wallet('u', 5_000n);
    const place = at.internal.channel.place;
    let slow: (() => ReturnType<typeof place>) | undefined;
    Object.assign(at.internal.channel, {
      place: (order: Parameters<typeof place>[0]) => {
        slow = () => place(order);
        return Promise.reject(new Error('timeout'));
      },
    });
    const payment = await at.place('a', { prepaid: { method: 'prepaid_card', account, amount: 3_000n } });
    at.clock.now = given.minutes(5);
    expect(statusOf(await closePayment(at.deps, at.app, payment.id))).toBe('closed');
    expect(await slow?.()).toMatchObject({ kind: 'refused', failure: { code: 'order_released' } });
    expect([await at.has('u', 'prepaid_card'), await at.has('u', 'wallet_held')]).toEqual([5_000n, 0n]);
  });

  test('does not let the hold go while it is not known whether the rest was paid', async () => {
    const at = walletShop(the.db);
    const { payment } = await placed(at);
    at.clock.now = given.minutes(500);
    const channel = (await at.deps.open(at.account.id)).channel;
    const silent = async () => Promise.reject(new Error('timeout'));
    const [close, query] = [channel.close, channel.query];
    Object.assign(channel, { close: silent, query: silent });
    await lookAgain(at.deps, payment.id, { moveOn: true });
    expect(statusOf(await at.deps.payments.get(payment.id))).toBe('paying');
    expect(await at.has('u', 'wallet_held')).toBe(3_000n);
    Object.assign(channel, { close, query });
    await lookAgain(at.deps, payment.id, { moveOn: true });
    expect(statusOf(await at.deps.payments.get(payment.id))).toBe('closed');
    expect(await at.has('u', 'wallet_held')).toBe(0n);
  });

  test('whose rest is paid after the hold was let go is late: the money waits, the app must not deliver', async () => {
    const at = walletShop(the.db);
    const { payment } = await placed(at);
    const failed = await fails(at, payment, 2);
    const late = await at.payRest(failed);
    expect(statusOf(late)).toBe('paid_late');
    await at.fold(late.id);
    expect(await at.balance('suspense')).toBe(7_000n);
    expect(await at.balance('merchant_pending')).toBe(0n);
    expect(await at.has('u', 'prepaid_card')).toBe(5_000n);
  });

  test('whose rest is paid after everything was closed is late too', async () => {
    const at = walletShop(the.db);
    const { payment } = await placed(at);
    const late = await at.payRest(await closePayment(at.deps, at.app, payment.id));
    expect(statusOf(late)).toBe('paid_late');
    expect(await at.has('u', 'prepaid_card')).toBe(5_000n);
  });

  test('whose rest is paid twice keeps the second as a duplicate', async () => {
    const at = walletShop(the.db);
    const { payment } = await placed(at);
    const receipt = (no: string) => given.money({ amount: 7_000n, channelTradeNo: no });
    const hear = (read: Payment, no: string) =>
      applyOutcome(at.deps, read, {
        no: 2,
        outcome: { kind: 'succeeded', receipt: receipt(no) },
        identity: given.identity,
      });
    const both = await finishStages(at.deps, await hear(await hear(payment, 'A'), 'B'));
    expect(statusOf(both)).toBe('paid');
    expect(both.attempts.filter(({ duplicate }) => duplicate)).toHaveLength(1);
    await at.fold(both.id);
    expect(await at.balance('suspense')).toBe(7_000n);
  });

  test('is finished by a repeated placement that met a crash between the two', async () => {
    const at = walletShop(the.db);
    const account = await at.wallet('u', 5_000n);
    const prepaid = { method: 'prepaid_card', account, amount: 3_000n } as const;
    const channel = (await at.deps.open(at.account.id)).channel;
    const place = channel.place;
    Object.assign(channel, { place: async () => Promise.reject(new Error('killed')) });
    await at.place('a', { prepaid });
    Object.assign(channel, { place });
    const again = await at.place('a', { prepaid });
    expect(statuses(again)).toEqual(['pending', 'pending']);
    expect(await at.has('u', 'wallet_held')).toBe(3_000n);
    expect(statusOf(await at.payRest(again))).toBe('paid');
  });

  test('cannot charge an account of another app, nor more than the payment', async () => {
    const [at, other] = [walletShop(the.db), walletShop(the.db)];
    const foreign = await other.wallet('u', 5_000n);
    const payment = await at.place('a', { prepaid: { method: 'prepaid_card', account: foreign, amount: 1n } });
    expect(payment.attempts[0]?.failure?.code).toBe('account_unknown');
    expect(await other.has('u', 'prepaid_card')).toBe(5_000n);
    const account = await at.wallet('u', 50_000n);
    await expect(at.place('b', { prepaid: { method: 'prepaid_card', account, amount: 10_000n } })).rejects.toThrow(
      'invalid_request',
    );
  });
});

describe('a refund of a composite payment', () => {
  const refundOf = async (at: At, paid: Payment, no: string, amount: bigint) => {
    const { refund } = await createRefund(at.deps, at.app, { payment_id: paid.id, merchant_refund_id: no, amount });
    const done =
      refund.status === 'succeeded'
        ? refund
        : await applyRefundOutcome(at.deps, refund.id, {
            kind: 'succeeded',
            channelRefundNo: 'x',
            acceptedAt: at.clock.now,
            succeededAt: at.clock.now,
          });
    await at.fold(refund.id);
    return done;
  };

  test('goes back leg by leg: what was charged first, then to the card', async () => {
    const at = walletShop(the.db);
    const { payment } = await placed(at);
    const paid = await at.payRest(payment);
    await at.fold(paid.id);

    const first = await refundOf(at, paid, 'r1', 6_000n);
    expect([first.by_wallet, await at.has('u', 'prepaid_card')]).toEqual([undefined, 2_000n]);
    // ¥10 are left of the charge; ¥10 go to the card.
    const second = await refundOf(at, paid, 'r2', 2_000n);
    expect(second.by_wallet).toBe(1_000n);
    expect(at.paper.refunds.get(second.id.slice(4))?.refund.amount).toBe(1_000n);
    expect(await at.has('u', 'prepaid_card')).toBe(3_000n);
    const third = await refundOf(at, paid, 'r3', 2_000n);
    expect([third.by_wallet, third.channel_account_id]).toEqual([2_000n, at.internal.account.id]);
    expect(await at.has('u', 'prepaid_card')).toBe(5_000n);

    expect(await at.clearing('u')).toBe(0n);
    expect(await at.balance('merchant_pending')).toBe(0n);
    expect(await at.balance('fee_income')).toBe(0n);
    expect(await at.balance('merchant_held')).toBe(0n);
    await expect(refundOf(at, paid, 'r4', 1n)).rejects.toThrow('refund_exceeds_refundable');
  });

  test('counts what is still on its way by the channel: no part is asked of it twice', async () => {
    const at = walletShop(the.db);
    const { payment } = await placed(at);
    const paid = await at.payRest(payment);
    await at.fold(paid.id);
    const ask = (no: string, amount: bigint) =>
      createRefund(at.deps, at.app, { payment_id: paid.id, merchant_refund_id: no, amount });
    expect((await ask('r1', 6_000n)).refund).toMatchObject({ status: 'processing' });
    const { refund } = await ask('r2', 2_000n);
    expect(refund.by_wallet).toBe(1_000n);
    expect(at.paper.refunds.get(refund.id.slice(4))?.refund.amount).toBe(1_000n);
  });

  test('goes to the card when what was charged has been paid out late already', async () => {
    const at = walletShop(the.db);
    const { payment } = await placed(at);
    const paid = await at.payRest(payment);
    await at.fold(paid.id);
    await at.deps.payments.save({ ...paid, refunds: { ...noRefunds, paid_out_late: 7_000n } });
    const done = await refundOf(at, paid, 'r1', 3_000n);
    expect([done.by_wallet, await at.has('u', 'prepaid_card')]).toEqual([3_000n, 5_000n]);
  });

  test('releases what is left of both parts, once each', async () => {
    const at = walletShop(the.db);
    const { payment } = await placed(at);
    const paid = await at.payRest(payment);
    await at.fold(paid.id);
    await refundOf(at, paid, 'r1', 8_000n);
    const now = await at.deps.payments.get(paid.id);
    const day = (channelAccountId: string) => ({ channelAccountId, date: given.today });
    const nets = [at.account.id, at.internal.account.id].flatMap((id) => itemOf(now, day(id)).map(({ net }) => net));
    expect(nets).toHaveLength(2);
    expect(nets.reduce((total, net) => total + net, 0n)).toBe(await at.balance('merchant_pending'));
  });
});

describe('a day of the internal channel', () => {
  test('is proved by what the accounts show, and withholds what they do not', async () => {
    const at = walletShop(the.db);
    const account = await at.wallet('u', 50_000n, 'user_balance');
    const paid = await at.place('a', { method: 'balance', payer: { account } });
    expect(statusOf(paid)).toBe('paid');
    await at.fold(paid.id);
    expect(await at.has('u', 'user_balance')).toBe(40_000n);
    expect(await at.clearing('u')).toBe(0n);

    const prove = proveDay({
      flowOf: (id, date) => at.flow.read(id, date),
      holds: (ids) => at.wallets.holds.getMany(ids),
    });
    expect(await prove(at.internal.account.id, given.today)).toMatchObject({ withheld: new Set() });
    const lying = proveDay({ flowOf: (id, date) => at.flow.read(id, date), holds: async () => [] });
    expect(await lying(at.internal.account.id, given.today)).toMatchObject({ withheld: new Set([paid.id]) });
  });
});
