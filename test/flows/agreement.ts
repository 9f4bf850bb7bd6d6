import { expect } from 'vitest';

import { plainJson, type Reply } from './client.ts';
import { eventually, fresh, type Machine } from './machine.ts';

// What an answer holds is what each test asserts.
// oxlint-disable-next-line typescript/no-explicit-any
type Resource = any;

export interface Side {
  readonly channel: 'alipay' | 'wechat';
  readonly method: string;
}

/** The payer's device follows the address to sign at: from then on the channel can be told what the payer does. */
export const openAddress = async ({ url }: Resource): Promise<void> => {
  const gate = await fetch(url, { redirect: 'manual' });
  expect([gate.status, gate.status === 302 || (await gate.text())]).toEqual([302, true]);
};

/** Agreements with payers of a channel: as an app asks for them, and as their payers sign and end them. */
export const agreementsAt = (machine: () => Machine, { channel, method }: Side) => {
  const asked = (over: Record<string, unknown> = {}) => ({
    merchant_id: machine().stage.merchant_id,
    merchant_agreement_id: fresh('agreement'),
    method,
    subject: '会员连续包月',
    currency: 'CNY',
    limits: { amount_max: 20_000, period: { unit: 'month', count: 1 } },
    notify_url: machine().receiver.url('shop'),
    ...over,
  });
  const read = async (id: string): Promise<Resource> => (await machine().app.get(`/v1/agreements/${id}`)).body;
  const until = (id: string, status: string) =>
    eventually(
      `${id} to be ${status}`,
      async () => {
        const found = await read(id);
        return found.status === status && found;
      },
      { seen: () => read(id) },
    );
  const gesture = (agreement: Resource, verb: 'sign' | 'refuse' | 'unsign'): Promise<Reply> => {
    const path = `/payer/${channel}/agreements/${agreement.agreement_no}/${verb}`;
    return plainJson('POST', new URL(path, machine().stage.sandbox));
  };
  /** Asked for, and opened by its payer. */
  const begin = async (over: Record<string, unknown> = {}): Promise<Resource> => {
    const reply = await machine().app.post('/v1/agreements', asked(over));
    expect(reply.status, JSON.stringify(reply.body)).toBe(201);
    expect(reply.body).toMatchObject({ status: 'pending', channel });
    await openAddress(reply.body.action);
    return reply.body;
  };
  const signed = async (over: Record<string, unknown> = {}): Promise<Resource> => {
    const agreement = await begin(over);
    expect((await gesture(agreement, 'sign')).status).toBe(200);
    return until(agreement.id, 'active');
  };
  const deduct = (agreement: Resource, over: Record<string, unknown> = {}): Promise<Reply> =>
    machine().app.post(`/v1/agreements/${agreement.id}/payments`, {
      merchant_order_id: fresh(),
      amount: 10_000,
      currency: 'CNY',
      subject: '十一月会费',
      notify_url: machine().receiver.url('shop'),
      ...over,
    });
  return { asked, begin, deduct, gesture, read, signed, until };
};
