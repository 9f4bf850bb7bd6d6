import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { closePayment } from '#payments/following/close-payment.ts';
import { statusOf } from '#payments/payment.ts';
import { applyRefundOutcome } from '#refunds/apply-refund-outcome.ts';
import { cancelPayment } from '#refunds/making/cancel-payment.ts';
import { createRefund } from '#refunds/making/create-refund.ts';

import * as given from '../given.ts';
import { shop, type Shop } from '../shop.ts';
import { tables } from '../tables.ts';

let the: Awaited<ReturnType<typeof tables>>;
beforeAll(async () => (the = await tables()));
afterAll(() => the.stop());

const cancel = (at: Shop, id: string) => cancelPayment({ payments: at.deps, refunds: at.deps }, at.app, id);
const refundsOf = (at: Shop) => [...at.paper.refunds.values()].map(({ refund }) => refund);

describe('to cancel a payment', () => {
  test('that is not paid closes it, as often as it is asked', async () => {
    const at = shop(the.db);
    const { id } = await at.place('open');
    const first = await cancel(at, id);
    expect([statusOf(first.payment), first.isDone]).toEqual(['closed', true]);
    expect(statusOf((await cancel(at, id)).payment)).toBe('closed');
    expect(refundsOf(at)).toEqual([]);
  });

  test('that is paid gives back all that is left of it, once, however many ask', async () => {
    const at = shop(the.db);
    const { id } = await at.paid('paid');
    await createRefund(at.deps, at.app, { payment_id: id, merchant_refund_id: 'part', amount: 3_000n });
    const all = await Promise.all(Array.from({ length: 10 }, () => cancel(at, id)));
    expect(all.map(({ isDone }) => isDone)).toEqual(all.map(() => false));
    expect(refundsOf(at).map(({ amount }) => amount)).toEqual([3_000n, 7_000n]);
    for (const { channelRefundNo } of refundsOf(at))
      await applyRefundOutcome(at.deps, `rfd_${channelRefundNo}`, {
        kind: 'succeeded',
        channelRefundNo,
        acceptedAt: at.clock.now,
        succeededAt: at.clock.now,
      });
    const after = await cancel(at, id);
    expect([after.isDone, after.payment.refunds]).toMatchObject([true, { succeeded: 10_000n, in_flight: 0n }]);
    expect(refundsOf(at)).toHaveLength(2);
  });

  test('whose payer pays while it is being closed gives the money back', async () => {
    const at = shop(the.db);
    const placed = await at.place('race');
    const close = at.paper.channel.close;
    at.paper.channel.close = async (order) => {
      await at.pay(placed);
      return close(order);
    };
    const { payment, isDone } = await cancel(at, placed.id);
    expect([statusOf(payment), isDone]).toEqual(['paid', false]);
    expect(refundsOf(at)).toMatchObject([{ amount: 10_000n }]);
  });

  test('that was paid late is refused: its money is not the app’s to give back', async () => {
    const at = shop(the.db);
    const placed = await at.place('late');
    const closed = await closePayment(at.deps, at.app, placed.id);
    await at.pay(closed);
    await expect(cancel(at, placed.id)).rejects.toMatchObject({ code: 'payment_not_open' });
    expect(refundsOf(at)).toEqual([]);
  });

  test('whose reversal has failed says so, and can still be refunded under another number', async () => {
    const at = shop(the.db);
    const { id } = await at.paid('failed');
    await cancel(at, id);
    const failure = { code: 'CLOSED', message: 'the card is closed' };
    await applyRefundOutcome(at.deps, `rfd_${refundsOf(at)[0]!.channelRefundNo}`, { kind: 'failed', failure });
    await expect(cancel(at, id)).rejects.toMatchObject({ code: 'payment_not_refundable' });
    const again = { payment_id: id, merchant_refund_id: 'again', amount: 10_000n };
    expect((await createRefund(at.deps, at.app, again)).refund.amount).toBe(10_000n);
  });

  test('of another app does not exist', async () => {
    const at = shop(the.db);
    const { id } = await at.paid('theirs');
    const stranger = { ...at.app, id: given.app().id };
    await expect(cancelPayment({ payments: at.deps, refunds: at.deps }, stranger, id)).rejects.toMatchObject({
      code: 'not_found',
    });
  });
});
