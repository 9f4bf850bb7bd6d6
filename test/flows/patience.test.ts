import { Webhook } from 'standardwebhooks';
import { describe, expect, test } from 'vitest';

import { eventually, fresh, onMachine } from './machine.ts';

/** The library of the standard compares with the real time. */
const atTheRealTime = { beginsAt: new Date(0) };

/** Delays of queues keep real time: these stories wait together, each on a machine of its own. */
describe('in real time', () => {
  test.concurrent(
    'a payment without an answer but paid all the same is unknown, then found by the look ten seconds later',
    onMachine(async ({ app, order, spoil, read, receiver, quiet }) => {
      await spoil('lose_callback');
      await spoil('timeout_but_paid');
      const start = performance.now();
      const { status, body } = await app.post('/v1/payments', order());
      const answered = performance.now();
      expect(status).toBe(201);
      // A call of the channel is given up after 8 s; the gateway itself would give up after 30.
      expect(answered - start).toBeLessThan(20_000);
      expect(body).toMatchObject({ status: 'paying' });
      expect(body.attempts[0]).toMatchObject({ status: 'unknown', action: null });
      await eventually('the look to find it', async () => (await read(body.id)).status === 'paid', { seconds: 25 });
      expect(performance.now() - answered).toBeGreaterThan(8_000);
      await quiet();
      expect(receiver.told(body.id)).toEqual(['payment.paid']);
    }),
  );

  test.concurrent(
    'a refund without an answer is looked at ten seconds later',
    onMachine(async ({ app, paid, spoil, read }) => {
      const payment = await paid();
      await spoil('server_error');
      const asked = { payment_id: payment.id, merchant_refund_id: fresh('refund'), amount: 100 };
      const { status, body: refund } = await app.post('/v1/refunds', asked);
      expect([status, refund.status]).toEqual([201, 'unknown']);
      const start = performance.now();
      await eventually('the look', async () => (await read(refund.id)).status === 'succeeded', { seconds: 25 });
      expect(performance.now() - start).toBeGreaterThan(8_000);
    }),
  );

  test.concurrent(
    'a webhook that an endpoint refuses comes again fifteen seconds later, the same; others do not wait for it',
    onMachine(async ({ paid, receiver, stage, place, pay, until }) => {
      const payment = await paid({ notify_url: receiver.url('shop/refuse-once') });
      const hanging = await place({ notify_url: receiver.url('shop/500') });
      await pay(hanging.attempts[0].channel_order_no);
      await until(hanging.id, 'paid');
      const [first] = await eventually('the first delivery', () => {
        const found = receiver.deliveries(payment.id);
        return found.length > 0 && found;
      });
      expect(first?.answered).toBe(503);
      // Meanwhile another endpoint of the same app is told at once.
      const start = performance.now();
      const another = await paid();
      await eventually('another endpoint to be told', () => receiver.deliveries(another.id).length > 0, {
        seconds: 12,
      });
      expect(performance.now() - start).toBeLessThan(12_000);

      const [, second] = await eventually(
        'the second delivery',
        () => {
          const found = receiver.deliveries(payment.id);
          return found.length > 1 && found;
        },
        { seconds: 40 },
      );
      if (!first || !second) throw new Error('there were two deliveries');
      expect(second.at - first.at).toBeGreaterThan(14_000);
      expect(second.at - first.at).toBeLessThan(30_000);
      expect(second).toMatchObject({ answered: 204, id: first.id, text: first.text });
      expect(second.timestamp - first.timestamp).toBeGreaterThanOrEqual(14);
      // As an app would check it, with the library of the standard.
      for (const delivery of [first, second])
        expect(new Webhook(stage.app.webhook_secret).verify(delivery.text, { ...delivery.headers })).toEqual({
          type: 'payment.paid',
          timestamp: payment.paid_at,
          data: payment,
        });
      const wrong = () => new Webhook(stage.other_app.webhook_secret).verify(first.text, { ...first.headers });
      expect(wrong).toThrow();
      await eventually('the endpoint that fails to be told again', () => receiver.deliveries(hanging.id).length > 1, {
        seconds: 30,
      });
      expect(receiver.deliveries(hanging.id).map(({ answered }) => answered)).toEqual([500, 500]);
    }, atTheRealTime),
  );
});
