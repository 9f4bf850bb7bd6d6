import { describe, expect, test } from 'vitest';

import { useMachine } from './machine.ts';

const machine = useMachine();

describe('a webhook', () => {
  test('is JSON of a type, a time and the resource, under an id of its event', async () => {
    const { paid, receiver, quiet } = machine();
    const payment = await paid();
    await quiet();
    const [delivery] = receiver.deliveries(payment.id);
    expect(delivery?.headers['content-type']).toMatch(/^application\/json/);
    expect(delivery?.id).toMatch(/^evt_[0-9A-HJKMNP-TV-Z]{26}$/);
    expect(Object.keys(JSON.parse(delivery?.text ?? '{}')).toSorted()).toEqual(['data', 'timestamp', 'type']);
  });

  test('follows no redirect', async () => {
    const { paid, receiver, quiet } = machine();
    const payment = await paid({ notify_url: receiver.url('shop/redirect') });
    await quiet();
    const paths = receiver.deliveries(payment.id).map(({ path }) => path);
    expect(paths).toEqual(['/shop/redirect']);
  });

  test('of an app without an address for a payment goes where the app says, else nowhere', async () => {
    const { paid, receiver, quiet, configure, configuration, stage, advance } = machine();
    const silent = await paid({ notify_url: undefined });
    await quiet();
    expect(receiver.deliveries(silent.id)).toEqual([]);
    const [shop] = configuration.apps;
    await configure({ apps: [{ ...shop, notify_url: receiver.url('shop/default') }] });
    await advance(31);
    const told = await paid({ notify_url: undefined });
    await quiet();
    expect(receiver.deliveries(told.id).map(({ path }) => path)).toEqual(['/shop/default']);
    await configure({ apps: [{ ...shop, id: stage.app.id }] });
    await advance(31);
  });

  test('is signed for each app by its own secret, and tells no app of another’s', async () => {
    const { other, order, receiver, pay, stage, quiet } = machine();
    const mine = await machine().paid();
    const { status, body } = await other.post(
      '/v1/payments',
      order({ merchant_id: stage.other_app.merchant_id, notify_url: receiver.url('other') }),
    );
    expect(status).toBe(201);
    await pay(body.attempts[0].channel_order_no);
    await quiet();
    expect(receiver.deliveries(body.id).map(({ path, type }) => [path, type])).toEqual([['/other', 'payment.paid']]);
    expect(receiver.deliveries(mine.id).map(({ path }) => path)).toEqual(['/shop']);
  });
});
