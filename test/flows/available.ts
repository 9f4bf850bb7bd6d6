import { expect } from 'vitest';

import { eventually, type Machine } from './machine.ts';

/** Makes money available to the merchant by hand: it came late by Alipay, and two people of finance let the merchant keep it. */
export const makeAvailable = async (machine: Machine, amount: number): Promise<void> => {
  const { place, app, spoil, pay, until, quiet, maker, checker } = machine;
  const payment = await place({ method: 'alipay_qr', amount });
  await spoil('paid_after_close', 1, 'alipay');
  expect((await app.post(`/v1/payments/${payment.id}/close`)).status).toBe(200);
  await pay(payment.attempts[0].channel_order_no, 'alipay');
  await until(payment.id, 'paid_late');
  await quiet();
  const difference = await eventually('the difference of the late money', async () => {
    const { body } = await maker.get('/admin/v1/differences?status=open&limit=100');
    return body.data.find((each: { platform: { id: string } | null }) => each.platform?.id === payment.id);
  });
  const task = { kind: 'keep', difference_id: difference.id };
  const submitted = await maker.post('/admin/v1/approvals', { task });
  expect(submitted.status).toBe(201);
  expect((await checker.post(`/admin/v1/approvals/${submitted.body.id}/approve`, {})).status).toBe(200);
};
