import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import type { Placing } from '#channels/channel.ts';
import { addAttempt } from '#payments/placing/add-attempt.ts';
import { statusOf, type Payment } from '#payments/payment.ts';

import * as given from '../given.ts';
import { shop } from '../shop.ts';
import { tables } from '../tables.ts';

let the: Awaited<ReturnType<typeof tables>>;
beforeAll(async () => (the = await tables()));
afterAll(() => the.stop());

/** A shop whose channel signs for one use, unless the test has it answer something else. */
const signing = () => {
  const at = shop(the.db);
  const signed: string[] = [];
  let answer = (): Placing => ({
    kind: 'placed',
    action: { type: 'sdk', params: { paySign: `signature ${signed.length}` } },
    goodUntil: at.clock.now,
  });
  at.paper.channel.place = async (order) => {
    signed.push(order.channelOrderNo);
    return answer();
  };
  return {
    at,
    signed,
    place: () => at.place('a', { method: 'wechat_jsapi', payer: { openid: 'o' } }),
    says: (placing: () => Placing) => {
      answer = placing;
    },
  };
};

const shown = (payment: Payment) => payment.attempts.map(({ status, action }) => [status, action]);
const once = (no: number) => [['pending', { type: 'sdk', params: { paySign: `signature ${no}` } }]];

describe('an action that was good for once', () => {
  test('is had anew by whoever places again or asks for the same method, under the same number', async () => {
    const { at, place, signed } = signing();
    const first = await place();
    expect(shown(first)).toEqual(once(1));
    expect(shown(await place())).toEqual(once(2));
    const asked = { id: first.id, method: 'wechat_jsapi' } as const;
    expect(shown((await addAttempt(at.deps, at.app, asked)).payment)).toEqual(once(3));
    expect(new Set(signed).size).toBe(1);
  });

  test.each<[string, () => Placing]>([
    ['is refused', () => ({ kind: 'refused', failure: { code: 'NO_AUTH', message: '' } })],
    [
      'meets an outage',
      () => {
        throw new Error('down');
      },
    ],
  ])('stays as it was where a further try %s: the order still stands there', async (_, answer) => {
    const { place, says, signed } = signing();
    await place();
    says(answer);
    expect(shown(await place())).toEqual(once(1));
    expect(signed).toHaveLength(2);
  });

  test('is not had anew when the channel says that it was paid meanwhile', async () => {
    const { at, place, says } = signing();
    await place();
    says(() => ({ kind: 'ask' }));
    at.paper.channel.query = async () => ({ kind: 'succeeded', receipt: given.money({ paidAt: at.clock.now }) });
    expect(statusOf(await place())).toBe('paid');
  });

  test('stays where the channel knows the number and then says nothing', async () => {
    const { at, place, says } = signing();
    await place();
    says(() => ({ kind: 'ask' }));
    at.paper.channel.query = async () => {
      throw new Error('down');
    };
    expect(shown(await place())).toEqual(once(1));
  });

  test('is not asked for again of a payment that has expired', async () => {
    const { at, place, signed } = signing();
    await place();
    at.clock.now = given.minutes(121);
    await place();
    expect(signed).toHaveLength(1);
  });
});

test('an action that is good for a while is answered again as it is, and renewed after it', async () => {
  const { at, place, says, signed } = signing();
  const code = (no: number) => ({ type: 'qr_code', content: `code ${no}` }) as const;
  says(() => ({ kind: 'placed', action: code(signed.length), goodUntil: given.minutes(4) }));
  await place();
  at.clock.now = given.minutes(3);
  expect(shown(await place())).toEqual([['pending', code(1)]]);
  at.clock.now = given.minutes(4);
  expect(shown(await place())).toEqual([['pending', code(2)]]);
});
