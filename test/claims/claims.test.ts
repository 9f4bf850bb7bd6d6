import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { approve } from '#approvals/decide.ts';
import { submit } from '#approvals/submit.ts';
import { consequencesOf } from '#changes/change.ts';
import { makeClaim } from '#claims/make-claim.ts';
import { claimView } from '#claims/view.ts';
import { accountId } from '#ledger/account.ts';

import { checker, maker } from '../desks/desk.ts';
import { encode } from '../rows.ts';
import { arrived, failed, filed, payingMerchant, returned } from '../settlement/paying.ts';
import { tables } from '../tables.ts';

let the: Awaited<ReturnType<typeof tables>>;
beforeAll(async () => (the = await tables()));
afterAll(() => the.stop());

/** An app whose claims fund holds ¥100, and a payment of ¥50 of one of its payers. */
const fundedApp = async () => {
  const paying = await payingMerchant(the.db);
  const { at, deciding } = paying;
  const payment = await at.paid('broken', { amount: 5_000n });
  const fund = async (reference: string, amount = 10_000n) => {
    const money = { amount, currency: 'CNY', reference };
    const task = { kind: 'fund_claims', app_id: at.app.id, channel_account_id: at.account.id, ...money } as const;
    return (await submit(deciding, maker, { task })).approval;
  };
  const funding = await fund('BANK-1');
  await approve(deciding, checker, funding.id);
  const asked = { payment_id: payment.id, amount: 6_000n, payee: filed, reason: '运输破损' };
  const of = (subject: 'claims_fund' | 'payout_in_transit', owner: string = at.app.id) =>
    at.deps.ledger.findAccount(accountId({ owner, subject, currency: 'CNY' }));
  return {
    ...paying,
    payment,
    fund,
    claim: (claim_no: string, over: object = {}) => makeClaim(deciding, maker, { claim_no, ...asked, ...over }),
    /** The fund, what is on its way out of it, and what our clearing with the channel comes to for it. */
    fundStands: async () => {
      const clearing = {
        owner: at.app.id,
        subject: 'channel_clearing',
        currency: 'CNY',
        channelAccountId: at.account.id,
      };
      const found = [
        await of('claims_fund'),
        await of('payout_in_transit'),
        await at.deps.ledger.findAccount(accountId({ ...clearing, subject: 'channel_clearing' })),
      ];
      return found.map((account) => account?.balance ?? 0n);
    },
  };
};

describe('a claim', () => {
  test('pays more than the order was, out of the fund, once another has approved; no merchant pays for it', async () => {
    const { at, claim, placed, approve: approves, hear, payouts, fundStands, payment } = await fundedApp();
    const merchant = await Promise.all(
      (['merchant_pending', 'merchant_available'] as const).map((each) => at.balance(each)),
    );
    const { payout, isNew } = await claim('c1');
    expect([isNew, payout.status, placed, await fundStands()]).toEqual([
      true,
      'pending_approval',
      [],
      [4_000n, 6_000n, 10_000n],
    ]);
    expect((await claim('c1')).isNew).toBe(false);
    await expect(claim('c1', { amount: 6_001n })).rejects.toMatchObject({ code: 'idempotency_conflict' });
    await approves(payout.approval_id!);
    await hear(payout.id, arrived(at.clock.now));
    expect(placed).toMatchObject([{ amount: 6_000n, payee: filed, title: '运输破损' }]);
    expect(await fundStands()).toEqual([4_000n, 0n, 4_000n]);
    expect(
      await Promise.all((['merchant_pending', 'merchant_available'] as const).map((each) => at.balance(each))),
    ).toEqual(merchant);
    const arrivedAt = await payouts.get(payout.id);
    expect(claimView(arrivedAt)).toMatchObject({ claim_no: 'c1', payment_id: payment.id, made_by: 'maker' });
    const before = encode(payout.id, payout);
    expect(consequencesOf({ pk: payout.id, before: undefined, after: before }).listings).toMatchObject([
      { list: 'claims' },
    ]);
    const then = consequencesOf({ pk: payout.id, before, after: encode(payout.id, arrivedAt) });
    expect(then.events).toMatchObject([{ type: 'payout.succeeded', data: { payment_id: payment.id } }]);
  });

  test('is not approved by whoever has made it', async () => {
    const { claim, deciding } = await fundedApp();
    const { payout } = await claim('c1');
    const both = { id: 'maker', roles: ['finance_maker', 'finance_checker'] as const };
    await expect(approve(deciding, both, payout.approval_id!)).rejects.toMatchObject({ code: 'same_person' });
  });

  test('never takes more than the fund holds, however many are made at once', async () => {
    const { claim, fundStands } = await fundedApp();
    const made = await Promise.allSettled([1, 2, 3, 4].map((no) => claim(`c${no}`)));
    const refused = made.flatMap((each) => (each.status === 'rejected' ? [String(each.reason.code)] : []));
    expect(refused).toEqual(['insufficient_balance', 'insufficient_balance', 'insufficient_balance']);
    expect(await fundStands()).toEqual([4_000n, 6_000n, 10_000n]);
  });

  test.each([
    ['is refused by its checker', 'refuse'],
    ['fails', 'fail'],
    ['comes back', 'return'],
  ])('that %s is the fund’s money again', async (_, how) => {
    const { at, claim, approve: approves, refuse, hear, fundStands } = await fundedApp();
    const { payout } = await claim('c1');
    if (how === 'refuse') await refuse(payout.approval_id!);
    else await approves(payout.approval_id!);
    if (how === 'fail') await hear(payout.id, failed);
    if (how === 'return') {
      await hear(payout.id, arrived(at.clock.now));
      await hear(payout.id, returned(at.clock.now));
    }
    expect(await fundStands()).toEqual([10_000n, 0n, 10_000n]);
  });

  test('is about a payment that somebody has paid, whatever its merchant is by now', async () => {
    const { at, claim } = await fundedApp();
    at.merchant.status = 'closed';
    expect((await claim('c1')).isNew).toBe(true);
    at.merchant.status = 'active';
    const unpaid = await at.place('unpaid');
    await expect(claim('c2', { payment_id: unpaid.id })).rejects.toMatchObject({ code: 'action_not_possible' });
    await expect(claim('c3', { payment_id: `${unpaid.id.slice(0, -1)}0` })).rejects.toMatchObject({
      code: 'not_found',
    });
  });
});

describe('the claims fund', () => {
  test('is given what stands under one number once, whoever says it again', async () => {
    const { fund, deciding, fundStands } = await fundedApp();
    await expect(fund('BANK-1')).rejects.toMatchObject({ code: 'action_not_possible' });
    const [one, other] = [await fund('BANK-2', 500n), await fund('BANK-2', 500n)];
    await approve(deciding, checker, one.id);
    await expect(approve(deciding, checker, other.id)).rejects.toMatchObject({ code: 'approval_stale' });
    expect(await fundStands()).toEqual([10_500n, 0n, 10_500n]);
  });
});
