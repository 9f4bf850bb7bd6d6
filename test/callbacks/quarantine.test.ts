import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';

import { findCallbacks, replayCallback } from '#callbacks/replay-callback.ts';
import { callbackView } from '#callbacks/view.ts';
import { derivedId, tail } from '#kernel/id.ts';
import { createRefund } from '#refunds/making/create-refund.ts';
import { payoutId, type Payout } from '#payouts/payout.ts';
import { payoutStore } from '#payouts/store.ts';
import { channelOrderNo, paymentId, statusOf } from '#payments/payment.ts';

import * as given from '../given.ts';
import { tables } from '../tables.ts';
import { callbackWorld } from './world.ts';

let engine: Awaited<ReturnType<typeof tables>>;
beforeAll(async () => {
  engine = await tables();
}, 30_000);
afterAll(() => engine.stop());

const seconds = (instant: Date) => Math.floor(instant.getTime() / 1_000);
const day = 86_400;

/** Money for an order of this number that the app has not placed yet. */
const early = (number = 'order-1') => {
  const the = callbackWorld(engine.db);
  const id = paymentId(the.app.id, number);
  const orderNo = channelOrderNo({ id }, { no: 1 });
  const receipt = given.money({ paidAt: the.clock.now });
  const success = { about: 'payment', channelOrderNo: orderNo, outcome: { kind: 'succeeded', receipt } };
  const paidBy = async () => (await the.deps.payments.get(id)).attempts.map((attempt) => attempt.receipt?.trade_no);
  const status = async () => statusOf(await the.deps.payments.get(id));
  return { ...the, id, orderNo, receipt, success, paidBy, status, place: () => the.place(number) };
};

describe('a callback that is kept before it is believed', () => {
  test('has a body, the headers of its signature and 180 days, by one write', async () => {
    const the = early();
    await the.place();
    const updates = vi.spyOn(engine.db, 'send');
    const callback = the.raw(the.success);
    expect((await the.take(callback)).status).toBe(200);
    // The raw bytes, then the payment: nothing more on the way of a genuine callback.
    const writes = updates.mock.calls.filter(([command]) => /Put|Update|Transact/.test(command.constructor.name));
    expect(writes.map(([command]) => command.constructor.name)).toEqual(['PutCommand', 'PutCommand']);
    updates.mockRestore();
    const kept = await the.kept(callback);
    expect(kept).toMatchObject({
      body: callback.body.toString(),
      ttl: seconds(the.clock.now) + 180 * day,
      headers: { 'paperpay-signature': 'genuine', 'paperpay-timestamp': the.clock.now.toISOString() },
    });
    expect(JSON.stringify(kept)).not.toMatch(/secret|authorization|Bearer/);
    expect(await the.status()).toBe('paid');
  });

  test('is forgotten after a week when it is refused, and nothing is applied', async () => {
    const the = early();
    await the.place();
    const forged = the.raw(the.success, { word: 'forged' });
    expect((await the.take(forged)).status).toBe(400);
    expect(await the.kept(forged)).toMatchObject({ status: 'refused', ttl: seconds(the.clock.now) + 7 * day });
    expect([await the.status(), the.noted.refused.length]).toEqual(['paying', 1]);
  });

  test('stays for its 180 days when somebody sends its very bytes with another signature', async () => {
    const the = early();
    await the.place();
    await the.take(the.raw(the.success, { nonce: 'same' }));
    const forged = the.raw(the.success, { nonce: 'same', word: 'forged' });
    expect((await the.take(forged)).status).toBe(400);
    const kept = await the.kept(forged);
    expect(kept).toMatchObject({
      ttl: seconds(the.clock.now) + 180 * day,
      headers: { 'paperpay-signature': 'genuine' },
    });
    expect(kept).not.toHaveProperty('status');
  });

  test('takes the place of a forgery of its bytes that was there first', async () => {
    const the = early();
    await the.place();
    await the.take(the.raw(the.success, { nonce: 'same', word: 'forged' }));
    const genuine = the.raw(the.success, { nonce: 'same' });
    expect((await the.take(genuine)).status).toBe(200);
    const kept = await the.kept(genuine);
    expect(kept).toMatchObject({
      ttl: seconds(the.clock.now) + 180 * day,
      headers: { 'paperpay-signature': 'genuine' },
    });
    expect(kept).not.toHaveProperty('status');
    expect(await the.status()).toBe('paid');
  });

  test('keeps bytes that are no text as bytes', async () => {
    const the = early();
    const body = Buffer.from([0xb6, 0xa9, 0xb5, 0xa5]);
    const refused = { headers: {}, body };
    await the.take(refused);
    expect(Buffer.from((await the.callbacks.find(the.keyOf(refused)))!.body)).toEqual(body);
  });
});

describe('a genuine callback about an order that we do not know', () => {
  test('is kept for good, counted once and acknowledged', async () => {
    const the = early();
    const callback = the.raw(the.success);
    for (let times = 0; times < 2; times += 1) expect((await the.take(callback)).status).toBe(200);
    const kept = await the.kept(callback);
    expect(kept).toMatchObject({ status: 'quarantined', waits_for: the.id });
    expect(kept).not.toHaveProperty('ttl');
    expect(the.noted.quarantined).toHaveLength(1);
  });

  test('is applied when the order appears', async () => {
    const the = early();
    const callback = the.raw(the.success);
    await the.take(callback);
    the.clock.now = given.minutes(600);
    await the.appear(await the.place());
    expect(await the.status()).toBe('paid');
    expect(await the.kept(callback)).toMatchObject({
      status: 'attached',
      ttl: seconds(the.clock.now) + 180 * day,
      ended_at: the.clock.now.toISOString(),
    });
    expect(await the.callbacks.waiting(the.id)).toEqual([]);
  });

  test('that is told in other bytes each time is one receipt', async () => {
    const the = early();
    const told = [the.raw(the.success), the.raw(the.success), the.raw(the.success)];
    expect(new Set(told.map(({ body }) => body.toString())).size).toBe(3);
    await the.take(told[0]!);
    await the.take(told[1]!);
    await the.appear(await the.place());
    await the.take(told[2]!);
    expect(await the.paidBy()).toEqual([the.receipt.channelTradeNo]);
    expect((await the.deps.payments.get(the.id)).version).toBe(3);
    expect((await the.kept(told[1]!))?.['status']).toBe('attached');
  });

  test('of an attempt that there is not yet is applied when there is', async () => {
    const the = early();
    const first = await the.place();
    const second = { ...the.success, channelOrderNo: the.orderNo.replace(/01$/, '02') };
    await the.take(the.raw(second));
    await the.appear(first);
    expect(await the.status()).toBe('paying');
    const { payments } = the.deps;
    const read = await payments.get(the.id);
    await payments.save({ ...read, attempts: [...read.attempts, { ...read.attempts[0]!, no: 2 }] });
    await the.appear(first);
    expect(await the.paidBy()).toEqual([undefined, the.receipt.channelTradeNo]);
  });

  test('whose number cannot be ours waits for nobody', async () => {
    const the = early();
    const callback = the.raw({ ...the.success, channelOrderNo: 'SOMEBODYELSES1' });
    expect((await the.take(callback)).status).toBe(200);
    const kept = await the.kept(callback);
    expect(kept).toMatchObject({ status: 'quarantined' });
    expect(kept).not.toHaveProperty('waits_for');
  });

  test('about a refund is applied when the refund appears', async () => {
    const the = early();
    const payment = await the.paid('order-1');
    const no = { merchant_refund_id: 'refund-1', payment_id: payment.id, amount: 1_000n };
    const refundNo = tail(given.refund({ ...no }).id);
    const { refund } = await createRefund(the.deps, the.app, no);
    const outcome = {
      kind: 'succeeded',
      channelRefundNo: tail(refund.id),
      acceptedAt: the.clock.now,
      succeededAt: the.clock.now,
    };
    // What another refund is told of does not reach this one.
    const other = the.raw({ about: 'refund', channelOrderNo: the.orderNo, refundNo, outcome });
    await the.take(other);
    expect(await the.kept(other)).toMatchObject({ status: 'quarantined', waits_for: `rfd_${refundNo}` });

    const hidden = { ...the.taking, findRefund: async () => undefined };
    const callback = the.raw({ about: 'refund', channelOrderNo: the.orderNo, refundNo: tail(refund.id), outcome });
    await the.take(callback, hidden);
    expect((await the.deps.refunds.get(refund.id)).status).toBe('processing');
    await the.appear(refund);
    expect((await the.deps.refunds.get(refund.id)).status).toBe('succeeded');
    expect((await the.kept(callback))?.['status']).toBe('attached');
  });

  test('of another account than the refund was sent to is not about it', async () => {
    const the = early();
    const payment = await the.paid('order-1');
    const asked = { merchant_refund_id: 'refund-1', payment_id: payment.id, amount: 1_000n };
    const { refund } = await createRefund(the.deps, the.app, asked);
    const elsewhere = { ...refund, channel_account_id: given.channelAccount().id };
    const outcome = {
      kind: 'succeeded',
      channelRefundNo: tail(refund.id),
      acceptedAt: the.clock.now,
      succeededAt: the.clock.now,
    };
    const callback = the.raw({ about: 'refund', channelOrderNo: the.orderNo, refundNo: tail(refund.id), outcome });
    await the.take(callback, { ...the.taking, findRefund: async () => elsewhere });
    expect((await the.deps.refunds.get(refund.id)).status).toBe('processing');
    expect((await the.kept(callback))?.['status']).toBe('quarantined');
  });

  test('of another account than the agreement was signed at is not about it', async () => {
    const the = early();
    const applied = vi.fn(async () => undefined);
    const ours = given.agreement({ channel_account_id: the.account.id });
    const elsewhere = given.agreement({ channel_account_id: derivedId('chn', 'elsewhere') });
    const outcome = { kind: 'active', channelAgreementNo: 'C1', signedAt: the.clock.now };
    const takeAbout = async (agreement: typeof ours) => {
      const callback = the.raw({ about: 'agreement', agreementNo: tail(agreement.id), outcome });
      const findAgreement = async () => agreement;
      await the.take(callback, { ...the.taking, findAgreement, applyAgreementOutcome: applied });
      return (await the.kept(callback))?.['status'];
    };
    expect(await takeAbout(elsewhere)).toBe('quarantined');
    expect(applied).not.toHaveBeenCalled();
    expect(await takeAbout(ours)).not.toBe('quarantined');
    expect(applied).toHaveBeenCalledWith(ours.id, outcome);
  });
});

/** Lets calls go through in a given order of their actors; an actor that has ended gives up its other turns. */
const turns = (order: readonly string[]) => {
  const left = [...order];
  const waiting = new Map<string, () => void>();
  const ended = new Set<string>();
  const next = () => {
    while (left[0] !== undefined && ended.has(left[0])) left.shift();
    const go = left[0] === undefined ? undefined : waiting.get(left[0]);
    if (!go || left[0] === undefined) return;
    waiting.delete(left[0]);
    go();
  };
  return {
    gated:
      <Args extends unknown[], Result>(actor: string, work: (...args: Args) => Promise<Result>) =>
      async (...args: Args): Promise<Result> => {
        if (left.includes(actor)) {
          await new Promise<void>((resolve) => {
            waiting.set(actor, resolve);
            next();
          });
        }
        try {
          return await work(...args);
        } finally {
          left.shift();
          next();
        }
      },
    end: (actor: string) => {
      ended.add(actor);
      next();
    },
  };
};

/** Every way of laying one list into another. */
const interleavings = (a: readonly string[], b: readonly string[]): string[][] => {
  if (a.length === 0 || b.length === 0) return [[...a, ...b]];
  return [
    ...interleavings(a.slice(1), b).map((rest) => [a[0]!, ...rest]),
    ...interleavings(a, b.slice(1)).map((rest) => [b[0]!, ...rest]),
  ];
};

describe('a callback and its order at the same moment', () => {
  // The callback looks, says that it waits, looks again; the order is written, and looks who waits.
  test.each(interleavings(['callback', 'callback', 'callback'], ['order', 'order']).map((order) => [order.join(', ')]))(
    'find each other: %s',
    async (order) => {
      const the = early();
      const gate = turns(order.split(', '));
      const taking = {
        ...the.taking,
        findPayment: gate.gated('callback', the.taking.findPayment),
        callbacks: { ...the.callbacks, quarantine: gate.gated('callback', the.callbacks.quarantine) },
      };
      const heard = the.take(the.raw(the.success), taking).finally(() => gate.end('callback'));
      const placed = (async () => {
        const payment = await gate.gated('order', the.place)();
        const awaited = await gate.gated('order', the.callbacks.awaited)([payment.id]);
        for (const id of awaited) await the.attach(id);
      })().finally(() => gate.end('order'));
      expect((await heard).status).toBe(200);
      await placed;
      expect(await the.status()).toBe('paid');
      expect(await the.paidBy()).toEqual([the.receipt.channelTradeNo]);
    },
  );
});

describe('a replay', () => {
  const replaying = (the: ReturnType<typeof early>) => {
    const asked: string[] = [];
    const audit = async ({ id }: { id: string }) => asked.push(id);
    return { asked, replay: (id: string) => replayCallback({ ...the.again, audit }, id) };
  };
  const idOf = async (the: ReturnType<typeof early>, key: string) => (await the.callbacks.find(key))!.id;

  test('verifies as of when it was received, however long ago that is', async () => {
    const the = early();
    const callback = the.raw(the.success);
    await the.take(callback);
    await the.list(callback);
    await the.place();
    the.clock.now = given.days(30);
    const { asked, replay } = replaying(the);
    const id = await idOf(the, the.keyOf(callback));
    expect(await replay(id)).toMatchObject({ status: 'replayed' });
    expect(asked).toEqual([id]);
    expect(await the.paidBy()).toEqual([the.receipt.channelTradeNo]);
    // Once more is once.
    expect(await replay(id)).toMatchObject({ status: 'replayed' });
    expect(await the.paidBy()).toEqual([the.receipt.channelTradeNo]);
  });

  test('of what is still about nothing that we know leaves it in quarantine', async () => {
    const the = early();
    const callback = the.raw(the.success);
    await the.take(callback);
    await the.list(callback);
    const { replay } = replaying(the);
    expect(await replay(await idOf(the, the.keyOf(callback)))).toMatchObject({ status: 'quarantined' });
    expect(await the.callbacks.waiting(the.id)).toEqual([the.keyOf(callback)]);
  });

  test('of what does not hold any more is rejected and applied nowhere, until the keys are put right', async () => {
    const the = early();
    const callback = the.raw(the.success);
    await the.take(callback);
    await the.list(callback);
    await the.place();
    const id = await idOf(the, the.keyOf(callback));
    const { replay } = replaying(the);
    the.keys.word = 'rotated';
    expect(await replay(id)).toMatchObject({ status: 'rejected' });
    expect(await the.status()).toBe('paying');
    expect(await the.kept(callback)).not.toHaveProperty('ttl');
    the.keys.word = 'genuine';
    expect(await replay(id)).toMatchObject({ status: 'replayed' });
    expect(await the.status()).toBe('paid');
  });

  test('of bytes that were changed in the table is rejected', async () => {
    const the = early();
    const callback = the.raw(the.success);
    await the.take(callback);
    await the.place();
    await engine.db.send(
      new UpdateCommand({
        TableName: 'orders',
        Key: { pk: the.keyOf(callback) },
        UpdateExpression: 'SET headers.#signature = :forged',
        ExpressionAttributeNames: { '#signature': 'paperpay-signature' },
        ExpressionAttributeValues: { ':forged': 'forged' },
      }),
    );
    await the.replay(the.keyOf(callback));
    expect([await the.status(), (await the.kept(callback))?.['status']]).toEqual(['paying', 'rejected']);
  });

  test('of what was never in quarantine is not found', async () => {
    const the = early();
    const forged = the.raw(the.success, { word: 'forged' });
    await the.take(forged);
    await the.list(forged);
    await expect(replaying(the).replay(await idOf(the, the.keyOf(forged)))).rejects.toThrow('not_found');
  });
});

describe('the list of callbacks', () => {
  test('shows those of one status, the latest first, page by page, and follows what becomes of them', async () => {
    const the = early();
    const told = [];
    for (const minute of [1, 2, 3]) {
      the.clock.now = given.minutes(minute, new Date('2031-01-01T00:00:00.000Z'));
      const callback = the.raw({ ...the.success, channelOrderNo: `FOREIGN000${minute}` });
      await the.take(callback);
      await the.list(callback);
      told.push(the.keyOf(callback));
    }
    const page = (limit: number, cursor?: string) => findCallbacks(the.again, { status: 'quarantined', limit, cursor });
    const first = await page(2);
    const second = await page(1, first.next!);
    expect([...first.found, ...second.found].map(({ pk }) => pk)).toEqual(told.toReversed());
    await the.callbacks.end((await the.callbacks.find(told[2]!))!, 'rejected', the.clock.now);
    // Its list has not been folded yet: what a person sees is true all the same.
    expect((await page(2)).found.map(({ pk }) => pk)).toEqual([told[1]]);
  });

  test('shows what came to those who may see it, and to others what it is about', async () => {
    const the = early();
    const callback = the.raw(the.success);
    await the.take(callback);
    const kept = await the.callbacks.find(the.keyOf(callback));
    const shown = { ...kept!, status: 'quarantined' } as const;
    expect(callbackView(shown, { withRaw: false })).toEqual({
      id: kept!.id,
      channel_account_id: the.account.id,
      status: 'quarantined',
      received_at: the.clock.now.toISOString(),
      ended_at: null,
      waits_for: the.id,
      about: {
        kind: 'payment',
        order_no: the.orderNo,
        outcome: 'succeeded',
        amount: 10_000,
        currency: 'CNY',
        channel_trade_no: the.receipt.channelTradeNo,
      },
      raw: null,
    });
    const { raw } = callbackView(shown, { withRaw: true });
    expect(raw).toMatchObject({ body: callback.body.toString(), encoding: 'utf8' });
    expect(JSON.stringify(raw)).not.toMatch(/secret|authorization|Bearer/);
  });
});

describe('a callback about a payout', () => {
  const told = async () => {
    const the = callbackWorld(engine.db);
    const no = tail(payoutId(the.app.id, 'p'));
    const outcome = { kind: 'succeeded', channelTradeNo: 'T1', at: the.clock.now };
    const payout = {
      id: `pyt_${no}`,
      version: 0,
      app_id: the.app.id,
      merchant_id: the.merchant.id,
      merchant_payout_id: 'p',
      amount: 4_000n,
      currency: 'CNY',
      payee: { kind: 'alipay_account', account: 'someone@example.com', name: '某人' },
      status: 'processing',
      channel: 'paper',
      channel_account_id: the.account.id,
      time_zone: 'Asia/Shanghai',
      created_at: the.clock.now,
      sent_at: the.clock.now,
      reserved_on: given.today,
    } as const satisfies Payout;
    const payouts = payoutStore(engine.db, 'orders', the.deps.now);
    const about = (more: object = {}) => ({ about: 'payout', payoutNo: no, amount: 4_000n, outcome, ...more });
    return { ...the, no, payout, payouts, about };
  };

  test('is applied, once; before its payout it waits, and is attached when that appears', async () => {
    const { take, raw, kept, appear, payout, payouts, about } = await told();
    const first = raw(about());
    expect((await take(first)).status).toBe(200);
    expect(await kept(first)).toMatchObject({
      status: 'quarantined',
      waits_for: payout.id,
      about: { kind: 'payout', outcome: 'succeeded', amount: 4_000, channel_trade_no: 'T1' },
    });
    await payouts.save(payout);
    await appear(payout);
    expect(await kept(first)).toMatchObject({ status: 'attached' });
    expect(await payouts.get(payout.id)).toMatchObject({ status: 'succeeded', version: 2 });
    await Promise.all([take(first), take(raw(about())), take(raw(about()))]);
    expect((await payouts.get(payout.id)).version).toBe(2);
  });

  test('by another amount is not believed of it: a person sees it', async () => {
    const { take, raw, kept, payout, payouts, about } = await told();
    await payouts.save(payout);
    const wrong = raw(about({ amount: 4_001n }));
    expect((await take(wrong)).status).toBe(200);
    expect(await kept(wrong)).toMatchObject({ status: 'quarantined', about: { amount: 4_001 } });
    await payouts.save({ ...payout, version: 1, channel_account_id: derivedId('chn', 'elsewhere') });
    const foreign = raw(about());
    await take(foreign);
    expect(await kept(foreign)).toMatchObject({ status: 'quarantined' });
    expect((await payouts.get(payout.id)).status).toBe('processing');
  });
});
