import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import * as given from '../../given.ts';
import { tables } from '../../tables.ts';
import { arrived, bad, payingShop } from '../paying-shop.ts';

let the: Awaited<ReturnType<typeof tables>>;
beforeAll(async () => (the = await tables()));
afterAll(() => the.stop());

describe('a payout that is sent again', () => {
  test('is not while what was sent before may still arrive', async () => {
    const { at, says, placed, ask, look } = await payingShop(the.db);
    says.place = 'nothing';
    const payout = await ask('a');
    says.query = { kind: 'absent' };
    for (const seconds of [10, 60, 299]) {
      at.clock.now = new Date(given.noon.getTime() + seconds * 1_000);
      expect((await look(payout.id)).status).toBe('unknown');
      await ask('a');
    }
    expect(placed).toHaveLength(1);
    at.clock.now = given.minutes(5);
    // However many look at once, one sends.
    await Promise.all(Array.from({ length: 6 }, () => look(payout.id)));
    expect(placed).toHaveLength(2);
    // And that sending has its own time.
    await look(payout.id);
    expect(placed).toHaveLength(2);
  });

  test('and then refused has failed only if the channel has nothing of it: what was slow may have arrived', async () => {
    const { at, says, placed, payouts, ask, look, stands } = await payingShop(the.db);
    says.place = 'nothing';
    const payout = await ask('a');
    at.clock.now = given.minutes(5);
    says.place = { kind: 'failed', failure: bad };
    says.once = [{ kind: 'absent' }];
    says.query = arrived(at.clock.now);
    expect((await look(payout.id)).status).toBe('succeeded');
    expect([placed.length, await stands()]).toEqual([2, [6_000n, 0n, -4_000n]]);

    says.place = 'nothing';
    const other = await ask('b');
    at.clock.now = given.minutes(10);
    says.place = { kind: 'failed', failure: bad };
    says.once = [{ kind: 'absent' }];
    says.query = 'nothing';
    expect((await look(other.id)).status).toBe('unknown');
    at.clock.now = given.minutes(15);
    says.query = { kind: 'absent' };
    expect(await look(other.id)).toMatchObject({ status: 'failed', failure: bad });
    expect((await payouts.get(other.id)).late).toBeUndefined();
  });
});
