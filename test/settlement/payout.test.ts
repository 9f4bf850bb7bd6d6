import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { Failure } from '#kernel/failure.ts';
import { isPayoutUnconfirmed } from '#looks/at-risk.ts';
import { nextLook } from '#payouts/sending/next-look.ts';
import { createRefund } from '#refunds/making/create-refund.ts';
import { receivableBy } from '#settlement/settlement.ts';
import { settlementView } from '#settlement/view.ts';

import * as given from '../given.ts';
import { tables } from '../tables.ts';
import { arrived, failed, filed, payingMerchant, returned } from './paying.ts';

let the: Awaited<ReturnType<typeof tables>>;
beforeAll(async () => (the = await tables()));
afterAll(() => the.stop());

type Paying = Awaited<ReturnType<typeof payingMerchant>>;

const approved = async ({ pay, approve, payouts, tell }: Paying, id: string, no = 1) => {
  const payout = await pay(id, no);
  await tell(payout.id);
  await approve(payout.approval_id!);
  await tell(payout.id);
  return payouts.get(payout.id);
};

describe('a settlement that is payable', () => {
  test('is paid to the filed account once another has approved, and says so when the money has arrived', async () => {
    const paying = await payingMerchant(the.db);
    const { at, placed, told, released, settlement, hear, tell, tellAgain, statement, stands } = paying;
    const { id } = await released('a', 10_000n);
    const payout = await approved(paying, id);
    expect(placed).toMatchObject([{ channelTransferNo: payout.id.slice(4), amount: 9_900n, payee: filed }]);
    expect(await settlement(id)).toMatchObject({ status: 'paying', payout: { no: 1, status: 'processing' } });
    expect(await stands()).toEqual([0n, 9_900n, 0n]);

    await hear(payout.id, arrived(at.clock.now));
    await tell(payout.id);
    const paid = await settlement(id);
    expect(paid).toMatchObject({ status: 'paid', payout: { status: 'succeeded', reference: 'T1' } });
    expect(told.map(({ type }) => type)).toEqual(['settlement.paid']);
    expect(told[0]?.data).toEqual(settlementView(paid, null));
    expect(await stands()).toEqual([0n, 0n, 0n]);
    const rows = (await statement(id)).trimEnd().split('\r\n');
    expect(rows.at(-1)).toBe(`${payout.id},paper,CNY,9900,succeeded,${at.clock.now.toISOString()},T1`);
    // Heard again, from an older image: one event, one statement.
    await tellAgain(payout);
    expect(new Set(told.map((event) => event.id)).size).toBe(1);
    expect(await settlement(id)).toEqual(paid);
  });

  test('is never paid twice, however many ask, under whatever number', async () => {
    const paying = await payingMerchant(the.db);
    const { placed, released, pay, stands } = paying;
    const { id } = await released('a', 10_000n);
    const asked = await Promise.all(Array.from({ length: 6 }, () => pay(id)));
    expect(new Set(asked.map((payout) => payout.id)).size).toBe(1);
    for (const no of [2, 3]) await expect(pay(id, no)).rejects.toMatchObject({ code: 'action_not_possible' });
    await paying.approve(asked[0]!.approval_id!);
    await expect(pay(id, 2)).rejects.toMatchObject({ code: 'action_not_possible' });
    await paying.hear(asked[0]!.id, arrived(paying.at.clock.now));
    for (const no of [2, 3]) await expect(pay(id, no)).rejects.toMatchObject({ code: 'action_not_possible' });
    expect(placed).toHaveLength(1);
    expect(await stands()).toEqual([0n, 0n, 0n]);
  });

  test.each([
    ['failed', false],
    ['came back', true],
  ])('whose payout %s is payable again, by a person and under the next number', async (_, cameBack) => {
    const paying = await payingMerchant(the.db);
    const { at, placed, told, released, settlement, hear, tell, statement, stands } = paying;
    const { id } = await released('a', 10_000n);
    const first = await approved(paying, id);
    if (cameBack) {
      await hear(first.id, arrived(at.clock.now));
      await tell(first.id);
      expect((await settlement(id)).status).toBe('paid');
    }
    await hear(first.id, cameBack ? returned(at.clock.now) : failed);
    await tell(first.id);
    const status = cameBack ? 'returned' : 'failed';
    expect(await settlement(id)).toMatchObject({ status: 'released', payout: { no: 1, status } });
    expect(await statement(id)).toContain(`,${status},`);
    expect(await stands()).toEqual([9_900n, 0n, 0n]);
    // By no plan: what went wrong is looked at first.
    Object.assign(paying.plan, { payout: 'auto' });
    await paying.byPlan(await settlement(id));
    expect(placed).toHaveLength(1);
    await expect(paying.pay(id, 3)).rejects.toMatchObject({ code: 'action_not_possible' });

    const second = await approved(paying, id, 2);
    expect(second.id).not.toBe(first.id);
    await hear(second.id, arrived(at.clock.now));
    await tell(second.id);
    expect(await settlement(id)).toMatchObject({ status: 'paid', payout: { no: 2 } });
    // What is told of the first now is history.
    await paying.tellAgain(first);
    expect(await settlement(id)).toMatchObject({ status: 'paid', payout: { no: 2 } });
    const types = told.map(({ type }) => type);
    expect(types).toEqual(cameBack ? ['settlement.paid', 'payout.returned', 'settlement.paid'] : ['settlement.paid']);
    expect(new Set(told.map((event) => event.id)).size).toBe(types.length);
  });

  test('pays what is still available: refunds since, and days below nothing, are deducted and stated', async () => {
    const paying = await payingMerchant(the.db);
    const { at, released, settlement } = paying;
    const { id } = await released('a', 10_000n);
    const [payment] = (await at.flow.read(at.account.id, '2026-03-02')).payments;
    await createRefund(at.deps, at.app, { payment_id: payment!.id, merchant_refund_id: 'r', amount: 4_000n });
    const payout = await approved(paying, id);
    expect(payout.amount).toBe(5_940n);
    const view = settlementView(await settlement(id), null);
    expect(view.payout).toMatchObject({ amount: 5_940, deducted: 3_960 });
  });

  test('takes nothing that another takes at the same time: two that want what only one can have', async () => {
    const paying = await payingMerchant(the.db);
    const { at, released, pay, stands } = paying;
    const first = await released('a', 10_000n);
    const [payment] = (await at.flow.read(at.account.id, given.today)).payments;
    at.clock.now = given.days(1);
    const second = await released('b', 10_000n);
    await createRefund(at.deps, at.app, { payment_id: payment!.id, merchant_refund_id: 'r', amount: 10_000n });
    const asked = await Promise.allSettled([pay(first.id), pay(second.id)]);
    const refused = asked.flatMap((each) => (each.status === 'rejected' ? [String(each.reason.code)] : []));
    expect([refused, await stands()]).toEqual([['insufficient_balance'], [0n, 9_900n, 0n]]);
  });

  test('that nets to less than nothing is carried, says so, and is never paid', async () => {
    const paying = await payingMerchant(the.db, given.feePlan({ on_refund: 'kept' }));
    const { at, released, release, pay, files, stands } = paying;
    await released('a', 10_000n);
    at.clock.now = given.days(1);
    const [b, c] = [await at.paid('b'), await at.paid('c')];
    await createRefund(at.deps, at.app, { payment_id: b.id, merchant_refund_id: 'r', amount: 10_000n });
    const settlement = await release('2026-03-03', c.id);
    expect(settlement.net).toBe(-100n);
    expect(files.get(settlement.statement_key)).toContain('carried,to the next payout,CNY,,,,-100');
    expect(settlementView(settlement, null)).toMatchObject({ carried: 100, payout: null });
    await expect(pay(settlement.id)).rejects.toMatchObject({ code: 'action_not_possible' });
    expect((await stands())[0]).toBe(9_800n);
  });
});

describe('a day below nothing', () => {
  test('holds nothing up where nothing is available: it is owed, and the next release pays it off', async () => {
    const paying = await payingMerchant(the.db, given.feePlan({ on_refund: 'kept' }));
    const { at, release, pay, files, settlement: read } = paying;
    const first = await at.paid('a');
    at.clock.now = given.days(1);
    await at.paid('b');
    await createRefund(at.deps, at.app, { payment_id: first.id, merchant_refund_id: 'r', amount: 10_000n });
    const below = await release(given.today);
    expect(below).toMatchObject({ net: -100n, receivable: 100n });
    expect([await at.balance('merchant_available'), await at.balance('merchant_receivable')]).toEqual([0n, 100n]);
    await expect(pay(below.id)).rejects.toMatchObject({ code: 'action_not_possible' });

    const next = await release('2026-03-03');
    expect(next).toMatchObject({ net: 9_900n, receivable: -100n });
    expect(files.get(next.statement_key)).toContain('carried,paid off by this release,CNY,,,,-100');
    expect([await at.balance('merchant_available'), await at.balance('merchant_receivable')]).toEqual([9_800n, 0n]);
    expect(await at.balance('merchant_pending')).toBe(0n);
    expect((await pay(next.id)).amount).toBe(9_800n);
    expect(settlementView(await read(next.id), null)).toMatchObject({ receivable: -100, payout: { deducted: 100 } });
  });

  test.each([
    [-100n, { available: 500n, owed: 0n }, 0n],
    [-100n, { available: 40n, owed: 7n }, 60n],
    [300n, { available: 0n, owed: 100n }, -100n],
    [60n, { available: 0n, owed: 100n }, -60n],
    [0n, { available: 0n, owed: 100n }, 0n],
  ])('of net %d with %o makes %d of what is owed', (net, balances, owed) => {
    expect(receivableBy(net, balances)).toBe(owed);
  });
});

describe('a settlement is not paid', () => {
  test.each(['suspended', 'closed'] as const)(
    'to a merchant that is %s, also when that came after it was submitted',
    async (status) => {
      const paying = await payingMerchant(the.db);
      const { at, placed, released, pay, approve, refuse, stands } = paying;
      const { id } = await released('a', 10_000n);
      const waiting = await pay(id);
      at.merchant.status = status;
      await expect(approve(waiting.approval_id!)).rejects.toMatchObject({ code: 'merchant_not_active' });
      await refuse(waiting.approval_id!);
      await paying.tell(waiting.id);
      await expect(pay(id, 2)).rejects.toMatchObject({ code: 'merchant_not_active' });
      expect([placed, await stands()]).toEqual([[], [9_900n, 0n, 0n]]);
    },
  );

  test('where no account is filed, or none pays to such an account', async () => {
    const { at, released, pay } = await payingMerchant(the.db);
    const { id } = await released('a', 10_000n);
    at.merchant.payout_account = undefined;
    await expect(pay(id)).rejects.toMatchObject({ code: 'payout_not_available' });
    at.merchant.payout_account = { kind: 'bank_account', account: '6222000011112222', name: '某', bank: 'ICBC' };
    await expect(pay(id)).rejects.toMatchObject({ code: 'payout_not_available' });
  });

  test('from what is no longer there', async () => {
    const paying = await payingMerchant(the.db);
    const { at, released, pay } = paying;
    const { id } = await released('a', 10_000n);
    const [payment] = (await at.flow.read(at.account.id, '2026-03-02')).payments;
    await createRefund(at.deps, at.app, { payment_id: payment!.id, merchant_refund_id: 'r', amount: 10_000n });
    await expect(pay(id)).rejects.toMatchObject({ code: 'insufficient_balance' });
  });
});

describe('a plan that pays by itself', () => {
  test('pays what was released, once, and asks a person only above what merchant or app have said', async () => {
    const paying = await payingMerchant(the.db);
    const { at, placed, released, byPlan, settlement } = paying;
    Object.assign(paying.plan, { payout: 'auto' });
    at.merchant.payout_approval_above = 9_900n;
    const first = await released('a', 10_000n);
    await Promise.all([byPlan(first), byPlan(first)]);
    expect(placed).toHaveLength(1);
    expect(await settlement(first.id)).toMatchObject({ status: 'paying', payout: { status: 'processing' } });
    const { payout_id } = (await settlement(first.id)).payout!;
    // Refused, it is asked about all the same: it may have been sent after all, and then nobody pays it again.
    const refused = await paying.hear(payout_id, failed);
    expect(nextLook(refused, at.clock.now)).toBeDefined();
    await paying.tell(payout_id);
    await paying.hear(payout_id, arrived(at.clock.now));
    await expect(paying.pay(first.id, 2)).rejects.toMatchObject({ code: 'action_not_possible' });
    at.clock.now = new Date(at.clock.now.getTime() + 86_400_000);
    const second = await released('b', 20_000n);
    await byPlan(second);
    expect(placed).toHaveLength(1);
    expect((await settlement(second.id)).payout).toMatchObject({ status: 'pending_approval' });
  });

  test('leaves payable what it cannot pay, and says why', async () => {
    const paying = await payingMerchant(the.db);
    const { at, notPaid, released, byPlan, settlement } = paying;
    const made = await released('a', 10_000n);
    await byPlan(made);
    Object.assign(paying.plan, { payout: 'auto' });
    at.merchant.status = 'suspended';
    await byPlan(made);
    expect(notPaid).toEqual(['merchant_not_active']);
    expect(await settlement(made.id)).toEqual(made);
  });
});

describe('a transfer that finance makes at the bank', () => {
  const offline = async () => {
    const paying = await payingMerchant(the.db);
    Object.assign(paying.plan, { payout_route: 'offline', payout_account_id: paying.bank.id });
    const { id } = await paying.released('a', 10_000n);
    return { ...paying, id, payout: await approved(paying, id) };
  };

  test('is reserved, sent to no channel, and paid when two people say what the bank says', async () => {
    const paying = await offline();
    const { at, id, payout, placed, submit, approve, settlement, tell, statement, stands, look } = paying;
    expect(placed).toEqual([]);
    // Looked at once a day, and missed from the third day on.
    const daysLater = (days: number) => new Date(at.clock.now.getTime() + days * 86_400_000);
    expect(nextLook(payout, at.clock.now)).toEqual(daysLater(1));
    expect(nextLook(payout, daysLater(1.5))).toEqual(daysLater(2));
    expect([2.9, 3].map((days) => isPayoutUnconfirmed(payout, daysLater(days)))).toEqual([false, true]);
    expect((await look(payout.id)).status).toBe('processing');
    expect(await stands()).toEqual([0n, 9_900n, 0n]);
    const said = { payout_id: payout.id, result: 'arrived', reference: 'ICBC-20260303-7' } as const;
    const confirmation = await submit(said);
    expect(confirmation.preview.journals[0]?.legs).toMatchObject([
      { subject: 'payout_in_transit', side: 'debit', amount: 9_900n },
      { subject: 'channel_clearing', side: 'credit', amount: 9_900n, channel_account_id: paying.bank.id },
    ]);
    await expect(submit({ ...said, reference: 'another' })).rejects.toMatchObject({ code: 'action_not_possible' });
    await approve(confirmation.id);
    await tell(payout.id);
    expect(await stands()).toEqual([0n, 0n, -9_900n]);
    expect(await settlement(id)).toMatchObject({
      status: 'paid',
      payout: { by_hand: true, reference: 'ICBC-20260303-7' },
    });
    expect(await statement(id)).toContain('bank (transferred by hand),CNY,9900,succeeded');
    await expect(submit(said)).rejects.toMatchObject({ code: 'action_not_possible' });
    const paid = await look(payout.id);
    expect([nextLook(paid, at.clock.now), isPayoutUnconfirmed(paid, daysLater(9))]).toEqual([undefined, false]);
  });

  test('that the bank sends back is payable again; what never went cannot come back', async () => {
    const { at, id, payout, submit, approve, settlement, tell, stands } = await offline();
    const of = { payout_id: payout.id, reference: 'B1' };
    await expect(submit({ ...of, result: 'returned' })).rejects.toMatchObject({ code: 'action_not_possible' });
    const later = new Date(at.clock.now.getTime() + 1_000);
    await expect(submit({ ...of, result: 'arrived', at: later })).rejects.toMatchObject({
      code: 'action_not_possible',
    });
    await approve((await submit({ ...of, result: 'arrived' })).id);
    await approve((await submit({ ...of, result: 'returned', reference: 'B2' })).id);
    await tell(payout.id);
    expect(await settlement(id)).toMatchObject({ status: 'released', payout: { status: 'returned' } });
    expect(await stands()).toEqual([9_900n, 0n, 0n]);
  });

  test('is not confirmed while it waits for its own checker, and not for what a channel pays', async () => {
    const paying = await payingMerchant(the.db);
    const { released, pay, submit } = paying;
    const online = await approved(paying, (await released('a', 10_000n)).id);
    const said = { result: 'arrived', reference: 'B1' } as const;
    await expect(submit({ ...said, payout_id: online.id })).rejects.toMatchObject({ code: 'action_not_possible' });
    Object.assign(paying.plan, { payout_route: 'offline', payout_account_id: paying.bank.id });
    paying.at.clock.now = new Date(paying.at.clock.now.getTime() + 86_400_000);
    const waiting = await pay((await released('b', 10_000n)).id);
    await expect(submit({ ...said, payout_id: waiting.id })).rejects.toMatchObject({ code: 'action_not_possible' });
  });
});

/** One thing that may happen to the settlement of that place. */
const happenings = fc.array(
  fc.record({
    of: fc.nat(2),
    what: fc.constantFrom('pay', 'approve', 'refuse', 'arrive', 'fail', 'return', 'tell', 'refund'),
  }),
  { minLength: 10, maxLength: 18 },
);

describe('whatever happens in whatever order', () => {
  test('what is paid, or on its way, is never more than was released, and the books say where each fen is', async () => {
    await fc.assert(
      fc.asyncProperty(happenings, async (all) => {
        const paying = await payingMerchant(the.db);
        const { at, payouts, settlement, hear, tell, stands } = paying;
        const made: string[] = [];
        for (const index of [0, 1, 2]) {
          at.clock.now = given.days(index);
          made.push((await paying.released(`o${index}`, 10_000n + BigInt(index))).id);
        }
        let refunded = 0n;
        const acts: Record<string, (id: string, no: number, payout: string | undefined) => Promise<unknown>> = {
          pay: (id, no) => paying.pay(id, no + 1),
          approve: async (_, __, payout) => payout && paying.approve((await payouts.get(payout)).approval_id!),
          refuse: async (_, __, payout) => payout && paying.refuse((await payouts.get(payout)).approval_id!),
          arrive: async (_, __, payout) => payout && hear(payout, arrived(at.clock.now)),
          fail: async (_, __, payout) => payout && hear(payout, failed),
          return: async (_, __, payout) => payout && hear(payout, returned(at.clock.now)),
          tell: async (_, __, payout) => payout && tell(payout),
          refund: async () => {
            const [payment] = (await at.flow.read(at.account.id, given.today)).payments;
            const asked = { payment_id: payment!.id, merchant_refund_id: `r${refunded}`, amount: 1_000n };
            const { refund } = await createRefund(at.deps, at.app, asked);
            refunded += refund.amount - refund.fee_returned;
          },
        };
        const tries = new Set<string>();
        for (const { of, what } of all) {
          const { id, payout } = await settlement(made[of]!);
          // What may not be is refused, and changes nothing.
          await acts[what]!(id, payout?.no ?? 0, payout?.payout_id).catch((error: unknown) => {
            if (!(error instanceof Failure)) throw error;
          });
          const latest = (await settlement(made[of]!)).payout?.payout_id;
          if (latest) tries.add(latest);
          const standing = await Promise.all([...tries].map((each) => payouts.get(each)));
          const live = standing.filter(({ status }) => status !== 'failed' && status !== 'returned');
          expect(new Set(live.map(({ settlement_id }) => settlement_id)).size).toBe(live.length);
          const out = live.reduce((total, { amount }) => total + amount, 0n);
          const [available] = await stands();
          expect(available! + out + refunded).toBe(9_900n + 9_901n + 9_902n);
          for (const each of live) expect(each.amount).toBeLessThanOrEqual((await settlement(each.settlement_id!)).net);
        }
      }),
      { numRuns: 5 },
    );
  }, 60_000);
});
