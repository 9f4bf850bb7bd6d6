import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { createRefund } from '#refunds/making/create-refund.ts';
import { lookAtRefund } from '#refunds/making/send-refund.ts';

import { shop } from '../../shop.ts';
import { tables } from '../../tables.ts';

let the: Awaited<ReturnType<typeof tables>>;
beforeAll(async () => (the = await tables()));
afterAll(() => the.stop());

const refused = { kind: 'failed', failure: { code: 'NOT_ENOUGH', message: '余额不足' } } as const;

describe('a refund of which the channel had nothing when it was asked', () => {
  /** Its answer was lost; asked, the channel has nothing of it; sent again, it is refused. Then `standing` is what it says. */
  const sentTwice = async (standing: 'arrived' | 'nothing' | 'no answer') => {
    const at = shop(the.db);
    const paid = await at.pay(await at.place('a'));
    await at.fold(paid.id);
    const { channel } = await at.deps.open(at.account.id);
    let sendings = 0;
    channel.refund = async () => {
      sendings += 1;
      if (sendings === 1) throw new Error('timeout');
      return refused;
    };
    const { refund } = await createRefund(at.deps, at.app, {
      payment_id: paid.id,
      merchant_refund_id: 'r',
      amount: 3_000n,
    });
    expect(refund.status).toBe('unknown');
    let asked = 0;
    channel.queryRefund = async ({ channelRefundNo }) => {
      asked += 1;
      if (asked === 1 || standing === 'nothing') return { kind: 'absent' };
      if (standing === 'no answer') throw new Error('timeout');
      return { kind: 'succeeded', channelRefundNo, acceptedAt: at.clock.now, succeededAt: at.clock.now };
    };
    const after = await lookAtRefund(at.deps, refund.id, { moveOn: true });
    return { at, after, sendings, inFlight: (await at.deps.payments.get(paid.id)).refunds?.in_flight };
  };

  test('and that is refused when it is sent again, has succeeded if the slow sending has arrived meanwhile', async () => {
    const { at, after, sendings } = await sentTwice('arrived');
    expect([after.status, sendings]).toEqual(['succeeded', 2]);
    expect(await at.balance('merchant_held')).toBe(3_000n - after.fee_returned);
  });

  test('has failed if the channel still has nothing of it: everything is given back', async () => {
    const { at, after, inFlight } = await sentTwice('nothing');
    expect(after).toMatchObject({ status: 'failed', failure: refused.failure });
    expect([await at.balance('merchant_held'), inFlight]).toEqual([0n, 0n]);
  });

  test('and of which it does not say more stays unknown, and holds its money', async () => {
    const { after, inFlight } = await sentTwice('no answer');
    expect([after.status, inFlight]).toEqual(['unknown', 3_000n]);
  });
});
