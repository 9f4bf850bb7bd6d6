import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { takeCallback } from '#callbacks/take-callback.ts';
import { callbackStore } from '#callbacks/store.ts';
import { Failure } from '#kernel/failure.ts';
import { applyOutcome } from '#payments/following/apply-outcome.ts';
import { channelOrderNo, statusOf } from '#payments/payment.ts';
import { placePayment } from '#payments/placing/place-payment.ts';
import { applyRefundOutcome } from '#refunds/apply-refund-outcome.ts';
import { createRefund } from '#refunds/making/create-refund.ts';

import * as given from '../given.ts';
import { patiently, shop, type Shop } from '../shop.ts';
import { tables } from '../tables.ts';
import { faulty, kinds, type Fault } from './faults.ts';

let the: Awaited<ReturnType<typeof tables>>;
let faults: ReturnType<typeof faulty>;
beforeAll(async () => {
  the = await tables();
  faults = faulty(the.another(), the.db);
});
afterAll(() => the.stop());

/** Whoever asked asks again until there is an answer: an app, a channel with its callback, a stream with its batch. */
const again = async <Result>(ask: () => Promise<Result>): Promise<Result> => {
  let last: unknown;
  for (let tries = 0; tries < 4; tries += 1) {
    try {
      return await ask();
    } catch (error) {
      if (error instanceof Failure && error.retry !== 'retry') throw error;
      last = error;
    }
  }
  throw last;
};

const callback = (at: Shop, no: string) => {
  const deps = {
    ...at.deps,
    callbacks: callbackStore(faults.db, 'orders'),
    findPayment: at.deps.find,
    findRefund: at.deps.refunds.find,
    findAgreement: async () => undefined,
    applyAgreementOutcome: async () => undefined,
    refundExists: async () => false,
    applyOutcome: applyOutcome.bind(undefined, at.deps),
    applyRefundOutcome: async () => undefined,
    findPayout: async () => undefined,
    applyPayoutOutcome: async () => undefined,
    noteRefusal: () => undefined,
    noteQuarantine: () => undefined,
  };
  return takeCallback(deps, at.account.id, { headers: {}, body: Buffer.from(no) });
};

/** Placed, paid, told by callback, booked, refunded in part, the refund done and booked: every write there is. */
const story = async (at: Shop) => {
  const asked = given.placement({ merchant_id: at.merchant.id });
  const { payment } = await again(() => placePayment(at.deps, at.app, asked));
  const no = channelOrderNo(payment, payment.attempts[0]!);
  at.paper.orders.get(no)!.outcome = { kind: 'succeeded', receipt: given.money({ channelTradeNo: no }) };
  expect(await again(() => callback(at, no))).toEqual({ status: 200, body: '' });
  await again(() => at.fold(payment.id));
  const input = { payment_id: payment.id, merchant_refund_id: 'r', amount: 3_000n };
  const { refund } = await again(() => createRefund(at.deps, at.app, input));
  const done = {
    kind: 'succeeded',
    channelRefundNo: 'x',
    acceptedAt: given.minutes(3),
    succeededAt: given.minutes(4),
  } as const;
  await again(() => applyRefundOutcome(at.deps, refund.id, done));
  await again(() => at.fold(refund.id));
  const second = await again(() =>
    createRefund(at.deps, at.app, { ...input, merchant_refund_id: 's', amount: 2_000n }),
  );
  const failed = { kind: 'failed', failure: { code: 'X', message: 'x' } } as const;
  await again(() => applyRefundOutcome(at.deps, second.refund.id, failed));
  return { payment, no, refund, second: second.refund };
};

/** What must be so whatever AWS did. */
const check = async (at: Shop, { payment, no, refund, second }: Awaited<ReturnType<typeof story>>) => {
  const stored = await at.deps.payments.get(payment.id);
  expect(statusOf(stored)).toBe('paid');
  expect(stored.attempts).toHaveLength(1);
  expect(stored.attempts[0]?.receipt?.trade_no).toBe(no);
  expect(stored.refunds).toMatchObject({ succeeded: 3_000n, in_flight: 0n, fee_returned: 30n, from_pending: 2_970n });
  expect([...at.paper.orders.keys()]).toEqual([no]);
  expect(at.paper.refunds.size).toBe(2);
  expect((await at.deps.refunds.get(refund.id)).status).toBe('succeeded');
  expect((await at.deps.refunds.get(second.id)).status).toBe('failed');
  const { kept, folded } = await at.proved([payment.id, refund.id, second.id]);
  const moved = Object.fromEntries(Object.entries(folded).filter(([id]) => kept[id] !== undefined));
  expect(kept).toEqual(moved);
  expect(Object.values(folded).length).toBe(Object.values(kept).length);
  expect(await at.balance('merchant_pending')).toBe(6_930n);
  expect(await at.balance('merchant_held')).toBe(0n);
};

describe.each(kinds)('a write that is %s', (kind: Fault) => {
  test('at whichever of them it happens, nothing is doubled and nothing is lost', async () => {
    let writes = 1;
    for (let nth = 1; nth <= writes; nth += 1) {
      faults.plan((write) => (write === nth ? kind : undefined));
      const at = shop(faults.db);
      const told = await story(at);
      writes = faults.asked.writes;
      faults.plan(() => undefined);
      await check(at, told);
    }
    expect(writes).toBeGreaterThan(9);
  }, 30_000);

  test('every third time, all the same', async () => {
    faults.plan((write) => (write % 3 === 1 ? kind : undefined));
    const at = shop(faults.db);
    const told = await story(at);
    faults.plan(() => undefined);
    await check(at, told);
  }, 30_000);
});

const conflictOnce = () => faults.plan((write) => (write === 1 ? 'conflict' : undefined));

describe('a placement that meets another write of its payment', () => {
  test('answers the payment as it stands, and orders nothing again at the channel', async () => {
    faults.plan(() => undefined);
    const at = shop(faults.db);
    const payment = await at.pay(await at.place('a'));
    at.paper.orders.clear();
    conflictOnce();
    const repeated = await placePayment(
      at.deps,
      at.app,
      given.placement({ merchant_id: at.merchant.id, merchant_order_id: 'a' }),
    );
    expect(repeated).toEqual({ payment, isNew: false });
    expect(at.paper.orders.size).toBe(0);
  });

  test('is refused when its content is another', async () => {
    faults.plan(() => undefined);
    const at = shop(faults.db);
    await at.place('a');
    conflictOnce();
    await expect(at.place('a', { amount: 1n })).rejects.toMatchObject({ code: 'idempotency_conflict' });
  });
});

test('fifty placements of one number at once are one payment and one order', async () => {
  faults.plan(() => undefined);
  const at = shop(the.db);
  const asked = given.placement({ merchant_id: at.merchant.id });
  const placed = await Promise.all(Array.from({ length: 50 }, () => placePayment(at.deps, at.app, asked)));
  expect(placed.filter(({ isNew }) => isNew)).toHaveLength(1);
  expect(new Set(placed.map(({ payment }) => payment.id)).size).toBe(1);
  expect(at.paper.orders.size).toBe(1);
}, 40_000);

test('forty refunds at once take all that can be refunded and not a fen more', async () => {
  const at = shop(the.db);
  const payment = await at.paid('a');
  const asked = Array.from({ length: 40 }, (_, n) =>
    patiently(() =>
      createRefund(at.deps, at.app, { payment_id: payment.id, merchant_refund_id: `r${n}`, amount: 400n }),
    ).then(
      ({ refund }) => refund.id,
      (error: unknown) => (error instanceof Failure ? error.code : error),
    ),
  );
  const answers = await Promise.all(asked);
  const made = answers.filter((answer) => String(answer).startsWith('rfd_')).map(String);
  expect(made).toHaveLength(25);
  expect(answers.filter((answer) => answer === 'refund_exceeds_refundable')).toHaveLength(15);
  const { kept, folded } = await at.proved([payment.id, ...made]);
  expect(kept).toEqual(folded);
  expect(await at.balance('merchant_pending')).toBe(0n);
  expect(await at.balance('merchant_held')).toBe(9_900n);
}, 40_000);
