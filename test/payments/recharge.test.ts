import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { derivedId } from '#kernel/id.ts';
import { accountId } from '#ledger/account.ts';
import { closePayment } from '#payments/following/close-payment.ts';
import { statusOf, type Payment } from '#payments/payment.ts';
import { placeRecharge } from '#payments/placing/place-recharge.ts';
import { rechargeView } from '#payments/recharge.ts';
import { createRefund } from '#refunds/making/create-refund.ts';
import { accountOpener } from '#wallets/store.ts';

import * as given from '../given.ts';
import { tables } from '../tables.ts';
import { walletShop } from '../wallets/wallet-shop.ts';

let the: Awaited<ReturnType<typeof tables>>;
beforeAll(async () => (the = await tables()));
afterAll(() => the.stop());

/** A shop with a user who has nothing yet. */
const begun = async () => {
  const at = walletShop(the.db);
  const name = { owner: derivedId('usr', at.app.id, 'u'), subject: 'user_balance', currency: 'CNY' } as const;
  const { id: account } = await accountOpener(the.db, 'books')(name, at.app.id);
  const deps = { ...at.deps, findAccount: at.deps.ledger.findAccount };
  const ask = (over: Partial<Parameters<typeof placeRecharge>[2]> = {}, app = at.app) => {
    const { merchant_order_id, ...order } = given.placement({ merchant_id: at.merchant.id, merchant_order_id: 'r-1' });
    return placeRecharge(deps, app, { ...order, account, merchant_recharge_id: merchant_order_id, ...over });
  };
  return { ...at, account, ask, owned: () => at.has('u', 'user_balance') };
};

const codeOf = (asked: Promise<unknown>) =>
  asked.then(
    () => 'none',
    (error: unknown) => (error as { code?: string }).code,
  );
const shown = (payment: Payment) => rechargeView(payment, null).status;

describe('a recharge', () => {
  test('is the user’s to the fen: no fee is taken, and the merchant has no part in it', async () => {
    const at = await begun();
    const { payment, isNew } = await at.ask({ amount: 10_000n });
    expect([isNew, shown(payment)]).toEqual([true, 'processing']);
    const paid = await at.pay(payment);
    await at.fold(paid.id);
    expect([shown(paid), rechargeView(paid, null).payment.fee]).toEqual(['succeeded', 0]);
    expect(await at.owned()).toBe(10_000n);
    expect(await at.balance('merchant_pending')).toBe(0n);
    expect(await at.balance('fee_income')).toBe(0n);
  });

  test('asked for again under its number is the same one, and told again it adds nothing', async () => {
    const at = await begun();
    const { payment } = await at.ask();
    const asked = await Promise.all(Array.from({ length: 5 }, () => at.ask()));
    expect(asked.map((each) => [each.payment.id, each.isNew])).toEqual(asked.map(() => [payment.id, false]));
    for (let times = 0; times < 3; times += 1) {
      const paid = await at.pay(await at.deps.payments.get(payment.id));
      await Promise.all([at.fold(paid.id), at.fold(paid.id)]);
    }
    expect(await at.owned()).toBe(payment.amount);
    expect((await at.ask()).payment.attempts).toHaveLength(1);
    expect(await codeOf(at.ask({ amount: payment.amount + 1n }))).toBe('idempotency_conflict');
  });

  test('has numbers of its own: an order of that number is another payment', async () => {
    const at = await begun();
    const { payment } = await at.ask();
    expect((await at.place('r-1')).id).not.toBe(payment.id);
  });

  test('that is paid after it was closed does not reach the user until a person keeps it', async () => {
    const at = await begun();
    const { payment } = await at.ask();
    const closed = await closePayment(at.deps, at.app, payment.id);
    expect(shown(closed)).toBe('closed');
    const late = await at.pay(closed);
    await at.fold(late.id);
    expect([statusOf(late), shown(late)]).toEqual(['paid_late', 'closed']);
    expect([await at.owned(), await at.balance('suspense')]).toEqual([0n, payment.amount]);
  });

  test('cannot be refunded out of the merchant’s money', async () => {
    const at = await begun();
    const paid = await at.pay((await at.ask()).payment);
    await at.fold(paid.id);
    const refund = { payment_id: paid.id, merchant_refund_id: 'f-1', amount: 1n };
    expect(await codeOf(createRefund(at.deps, at.app, refund))).toBe('payment_not_refundable');
    expect(await at.owned()).toBe(paid.amount);
  });

  test('reaches nobody but a user of the app: not another app’s, not the merchant, not nobody', async () => {
    const at = await begun();
    const other = { ...at.app, id: derivedId('app', 'another') };
    const merchants = accountId({ owner: at.merchant.id, subject: 'merchant_pending', currency: 'CNY' });
    await at.fold((await at.pay(await at.place('sold'))).id);
    expect(await codeOf(at.ask({}, other))).toBe('not_found');
    expect(await codeOf(at.ask({ account: merchants }))).toBe('not_found');
    expect(await codeOf(at.ask({ account: derivedId('acc', 'nobody') }))).toBe('not_found');
    expect(at.paper.orders.size).toBe(1);
  });
});
