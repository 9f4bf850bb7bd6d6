import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { derivedId } from '#kernel/id.ts';
import { closePayment } from '#payments/following/close-payment.ts';
import { applyOutcome } from '#payments/following/apply-outcome.ts';
import { paymentView } from '#payments/view.ts';
import { statusOf, type Payment } from '#payments/payment.ts';
import { createRefund } from '#refunds/making/create-refund.ts';
import { lookAtRefund } from '#refunds/making/send-refund.ts';
import { applyRefundOutcome } from '#refunds/apply-refund-outcome.ts';
import { lookAgain } from '#payments/following/look-again.ts';
import type { Subject } from '#ledger/account.ts';

import * as given from '../given.ts';
import { shop, type Shop } from '../shop.ts';
import { tables } from '../tables.ts';
import { checker, deskOf, maker, type Desk } from './desk.ts';

let the: Awaited<ReturnType<typeof tables>>;
beforeAll(async () => (the = await tables()));
afterAll(() => the.stop());

const opened = () => {
  const at = shop(the.db);
  return { at, desk: deskOf(the.db, at) };
};

const hear = (at: Shop, payment: Payment, over: Parameters<typeof given.money>[0] = {}) =>
  applyOutcome(at.deps, payment, {
    no: 1,
    outcome: { kind: 'succeeded', receipt: given.money({ amount: payment.amount, ...over }) },
    identity: given.identity,
  });

const late = async (at: Shop, desk: Desk, no = 'late', over: Parameters<typeof given.money>[0] = {}) => {
  const closed = await closePayment(at.deps, at.app, (await at.place(no)).id);
  const payment = await hear(at, closed, over);
  await desk.changed(payment.id);
  return payment;
};

const twice = async (at: Shop, desk: Desk) => {
  const paid = await at.pay(await at.place('twice'), { channelTradeNo: 'FIRST' });
  const payment = await hear(at, paid, { channelTradeNo: 'SECOND' });
  await desk.changed(payment.id);
  return payment;
};

const mismatched = async (at: Shop, desk: Desk, amount = 9_000n) => {
  const payment = await hear(at, await at.place('mismatch'), { amount, channelTradeNo: 'OTHER' });
  await desk.changed(payment.id);
  return payment;
};

const balances = async (at: Shop, ...subjects: Subject[]) =>
  Promise.all(subjects.map(async (subject) => at.balance(subject)));

const refundsOf = (at: Shop) => [...at.paper.refunds.values()].map(({ refund }) => refund);

const succeed = async (at: Shop, id: string) => {
  await applyRefundOutcome(at.deps, id, {
    kind: 'succeeded',
    channelRefundNo: id.slice(4),
    acceptedAt: at.clock.now,
    succeededAt: at.clock.now,
  });
  await at.fold(id);
};

/** Whatever is in the books is what the payments and refunds say, and nothing else. */
const proved = async (at: Shop, ...ids: string[]) => {
  const { kept, folded } = await at.proved(ids);
  expect(kept).toEqual(folded);
};

describe('late money', () => {
  test('is a difference at once, which says what can be done', async () => {
    const { at, desk } = opened();
    const payment = await late(at, desk);
    expect(await balances(at, 'suspense', 'merchant_pending', 'merchant_available')).toEqual([10_000n, 0n, 0n]);
    const difference = await desk.about(payment.id);
    expect(difference).toMatchObject({ kind: 'paid_late', amount: 10_000n, status: 'open', batch_id: null });
    expect(desk.actionsOf(difference)).toEqual(['keep', 'refund']);
    expect(desk.told.map(({ type }) => type)).toContain('payment.paid_late');
    await desk.changed(payment.id);
    expect((await desk.about(payment.id)).version).toBe(difference.version);
  });

  test('that is kept is the merchant’s less the fee, and can be refunded from what is available', async () => {
    const { at, desk } = opened();
    const payment = await late(at, desk);
    const difference = await desk.about(payment.id);
    const task = { kind: 'keep', difference_id: difference.id } as const;
    const preview = await desk.preview(task);
    expect(preview.journals).toMatchObject([
      {
        legs: [
          { subject: 'suspense', side: 'debit', amount: 10_000n },
          { subject: 'merchant_available', side: 'credit', amount: 9_900n },
          { subject: 'fee_income', side: 'credit', amount: 100n },
        ],
      },
    ]);
    expect(await at.balance('suspense')).toBe(10_000n);

    const { approval, isNew } = await desk.submit(task);
    expect([isNew, approval.preview]).toEqual([true, preview]);
    expect(await desk.difference(difference.id)).toMatchObject({ status: 'pending_review', approval_id: approval.id });
    expect(await at.balance('suspense')).toBe(10_000n);

    await desk.approve(approval.id);
    expect(await balances(at, 'suspense', 'merchant_available', 'fee_income')).toEqual([0n, 9_900n, 100n]);
    const kept = await at.deps.payments.get(payment.id);
    expect([statusOf(kept), paymentView(kept).fee]).toEqual(['paid_late', 100]);
    expect(await desk.difference(difference.id)).toMatchObject({
      status: 'resolved',
      resolution: { by: 'desk', action: 'keep', approval_id: approval.id },
    });

    const half = { payment_id: payment.id, merchant_refund_id: 'half', amount: 5_000n };
    const { refund } = await createRefund(at.deps, at.app, half);
    expect(refund).toMatchObject({ bucket: 'merchant_available', fee_returned: 50n });
    await succeed(at, refund.id);
    expect(await balances(at, 'merchant_available', 'fee_income', 'merchant_held')).toEqual([4_950n, 50n, 0n]);
    await expect(
      createRefund(at.deps, at.app, { ...half, merchant_refund_id: 'more', amount: 5_001n }),
    ).rejects.toMatchObject({ code: 'refund_exceeds_refundable' });
    await proved(at, payment.id, refund.id);
  });

  test('that goes back goes by the attempt that brought it, whole, with the channel’s cost, and once', async () => {
    const { at, desk } = opened();
    const payment = await late(at, desk);
    const difference = await desk.about(payment.id);
    await desk.done({ kind: 'refund', difference_id: difference.id });
    expect(refundsOf(at)).toMatchObject([
      { amount: 10_000n, paid: 10_000n, channelTradeNo: given.money().channelTradeNo },
    ]);
    expect(await balances(at, 'suspense', 'merchant_held', 'merchant_pending')).toEqual([0n, 10_000n, 0n]);
    const id = `rfd_${refundsOf(at)[0]!.channelRefundNo}`;
    await succeed(at, id);
    expect(await balances(at, 'suspense', 'merchant_held')).toEqual([0n, 0n]);
    expect(await at.balance('channel_cost', at.account.id)).toBe(0n);
    expect(await at.balance('channel_clearing', at.account.id)).toBe(0n);
    await expect(desk.submit({ kind: 'keep', difference_id: difference.id })).rejects.toMatchObject({
      code: 'action_not_possible',
    });
    await proved(at, payment.id, id);
  });

  test('that could not go back waits in suspense again, its difference is open, and it can be tried under another number', async () => {
    const { at, desk } = opened();
    const payment = await late(at, desk);
    const difference = await desk.about(payment.id);
    await desk.done({ kind: 'refund', difference_id: difference.id });
    const first = `rfd_${refundsOf(at)[0]!.channelRefundNo}`;
    const failure = { code: 'CLOSED', message: 'the card is closed' };
    await applyRefundOutcome(at.deps, first, { kind: 'failed', failure });
    expect(await balances(at, 'suspense', 'merchant_held', 'merchant_available')).toEqual([10_000n, 0n, 0n]);
    await desk.changed(first);
    const again = await desk.difference(difference.id);
    expect([again.status, again.resolution]).toEqual(['open', undefined]);

    await desk.done({ kind: 'refund', difference_id: difference.id });
    expect(refundsOf(at)).toHaveLength(2);
    const second = `rfd_${refundsOf(at)[1]!.channelRefundNo}`;
    await succeed(at, second);
    // The stream repeats itself: the second decision stands.
    await desk.changed(first, second);
    expect((await desk.difference(difference.id)).status).toBe('resolved');
    expect(await balances(at, 'suspense', 'merchant_held')).toEqual([0n, 0n]);
    await proved(at, payment.id, first, second);
  });

  test('goes back by itself where its app wants it so, and only while nobody is about to decide', async () => {
    const { at, desk } = opened();
    desk.refundsLateMoney();
    const payment = await late(at, desk);
    expect(desk.looks).toEqual([{ body: { id: payment.id, late: true } }]);
    await Promise.all([desk.refundLate(payment.id), desk.refundLate(payment.id), desk.refundLate(payment.id)]);
    expect(refundsOf(at)).toMatchObject([{ amount: 10_000n }]);
    expect(await balances(at, 'suspense', 'merchant_held')).toEqual([0n, 10_000n]);

    const other = await late(at, desk, 'submitted', { channelTradeNo: 'X2' });
    const { approval } = await desk.submit({ kind: 'keep', difference_id: (await desk.about(other.id)).id });
    await desk.refundLate(other.id);
    expect(refundsOf(at)).toHaveLength(1);
    await desk.approve(approval.id);
    expect(await at.balance('merchant_available')).toBe(9_900n);
  });

  test('that is too old for its channel stays a difference for a person', async () => {
    const { at, desk } = opened();
    const payment = await late(at, desk);
    at.clock.now = given.days(366);
    await desk.refundLate(payment.id);
    expect((await desk.about(payment.id)).status).toBe('open');
    expect(refundsOf(at)).toEqual([]);
  });
});

describe('what came a second time', () => {
  test('goes back alone: the totals of what paid the order do not change', async () => {
    const { at, desk } = opened();
    const payment = await twice(at, desk);
    const { found } = await desk.store.listDuplicates(given.today, undefined, 100);
    const difference = found.find(({ platform }) => platform?.id === payment.id)!;
    expect(difference).toMatchObject({ kind: 'duplicate', duplicate_of: payment.id });
    expect(desk.actionsOf(difference)).toEqual(['refund']);
    await desk.done({ kind: 'refund', difference_id: difference.id });
    expect(refundsOf(at)).toMatchObject([{ channelTradeNo: 'SECOND', amount: 10_000n }]);
    const after = await at.deps.payments.get(payment.id);
    expect([after.refunds, statusOf(after), paymentView(after).amount_refundable]).toEqual([undefined, 'paid', 10_000]);
    const id = `rfd_${refundsOf(at)[0]!.channelRefundNo}`;
    await succeed(at, id);
    expect(await balances(at, 'suspense', 'merchant_pending', 'fee_income')).toEqual([0n, 9_900n, 100n]);
    // The order's own money is refunded like any other, to the fen.
    const all = { payment_id: payment.id, merchant_refund_id: 'all', amount: 10_000n };
    const { refund } = await createRefund(at.deps, at.app, all);
    await succeed(at, refund.id);
    expect(await at.balance('channel_clearing', at.account.id)).toBe(0n);
    await proved(at, payment.id, id, refund.id);
  });

  test('is never kept: the order is paid', async () => {
    const { at, desk } = opened();
    const { id } = await desk.about((await twice(at, desk)).id);
    await expect(desk.preview({ kind: 'keep', difference_id: id })).rejects.toMatchObject({
      code: 'action_not_possible',
    });
  });

  test('is refunded once by twenty checkers at the same time', async () => {
    const { at, desk } = opened();
    const payment = await twice(at, desk);
    const { approval } = await desk.submit({ kind: 'refund', difference_id: (await desk.about(payment.id)).id });
    const checkers = Array.from({ length: 20 }, (_, no) => ({ id: `checker ${no % 10}`, roles: checker.roles }));
    const ended = await Promise.allSettled(checkers.map((by) => desk.approve(approval.id, by)));
    const codes = ended.map((each) =>
      each.status === 'fulfilled' ? 'approved' : (each.reason as { code: string }).code,
    );
    // Two requests of the one checker who won are one approval.
    expect(codes.filter((code) => code === 'approved')).toHaveLength(2);
    expect(new Set(codes)).toEqual(new Set(['approved', 'approval_decided']));
    expect(refundsOf(at)).toHaveLength(1);
    expect(await balances(at, 'suspense', 'merchant_held')).toEqual([0n, 10_000n]);
  });
});

describe('a mismatch', () => {
  test('that is kept pays its order with what came', async () => {
    const { at, desk } = opened();
    const payment = await mismatched(at, desk);
    const difference = await desk.about(payment.id);
    expect(desk.actionsOf(difference)).toEqual(['keep', 'refund']);
    expect(statusOf(payment)).toBe('paying');
    await desk.done({ kind: 'keep', difference_id: difference.id });
    await desk.changed(payment.id);
    const kept = await at.deps.payments.get(payment.id);
    expect(statusOf(kept)).toBe('paid');
    expect(desk.told.map(({ type }) => type)).toEqual(['payment.paid']);
    expect(paymentView(kept)).toMatchObject({
      amount: 10_000,
      amount_refundable: 9_000,
      fee: 90,
      attempts: [{ amount: 9_000, status: 'succeeded' }],
    });
    expect(await balances(at, 'suspense', 'merchant_available')).toEqual([0n, 8_910n]);
    const all = { payment_id: payment.id, merchant_refund_id: 'all', amount: 9_000n };
    const { refund } = await createRefund(at.deps, at.app, all);
    expect(refund.fee_returned).toBe(90n);
    await succeed(at, refund.id);
    expect(await at.balance('channel_clearing', at.account.id)).toBe(0n);
    expect(await at.balance('merchant_available')).toBe(0n);
    await proved(at, payment.id, refund.id);
  });

  test('that goes back leaves its payment open, to be paid otherwise or to run out', async () => {
    const { at, desk } = opened();
    const payment = await mismatched(at, desk);
    await desk.done({ kind: 'refund', difference_id: (await desk.about(payment.id)).id });
    const open = await at.deps.payments.get(payment.id);
    expect([statusOf(open), open.attempts[0]?.status]).toEqual(['open', 'closed']);
    expect(refundsOf(at)).toMatchObject([{ amount: 9_000n, paid: 9_000n, channelTradeNo: 'OTHER' }]);
    at.clock.now = given.minutes(121);
    expect(statusOf(await lookAgain(at.deps, payment.id, { moveOn: true }))).toBe('closed');
    await proved(at, payment.id, `rfd_${refundsOf(at)[0]!.channelRefundNo}`);
  });

  test('of another currency is not kept', async () => {
    const { at, desk } = opened();
    const payment = await hear(at, await at.place('currency'), { currency: 'USD' });
    await desk.changed(payment.id);
    const { id } = await desk.about(payment.id);
    await expect(desk.preview({ kind: 'keep', difference_id: id })).rejects.toMatchObject({
      code: 'action_not_possible',
    });
    await expect(desk.preview({ kind: 'write_off', difference_id: id })).rejects.toMatchObject({
      code: 'action_not_possible',
    });
    await desk.done({ kind: 'refund', difference_id: id });
    expect(refundsOf(at)).toMatchObject([{ currency: 'USD' }]);
  });

  test('of money that went to somebody else is written off without a journal, and its payment goes on', async () => {
    const { at, desk } = opened();
    const payment = await hear(at, await at.place('foreign'), { merchantAtChannel: 'somebody else' });
    await desk.changed(payment.id);
    const difference = await desk.about(payment.id);
    await expect(desk.preview({ kind: 'refund', difference_id: difference.id })).rejects.toMatchObject({
      code: 'action_not_possible',
    });
    const task = { kind: 'write_off', difference_id: difference.id } as const;
    expect((await desk.preview(task)).journals).toEqual([]);
    await desk.done(task);
    expect(statusOf(await at.deps.payments.get(payment.id))).toBe('open');
    expect(await at.balance('suspense')).toBe(0n);
  });
});

describe('maker and checker', () => {
  test('are two: the row itself refuses whoever made it, to approve as to refuse', async () => {
    const { at, desk } = opened();
    const { approval } = await desk.submit({
      kind: 'keep',
      difference_id: (await desk.about((await late(at, desk)).id)).id,
    });
    const both = { id: maker.id, roles: ['finance_maker', 'finance_checker'] } as const;
    await expect(desk.approve(approval.id, both)).rejects.toMatchObject({ code: 'same_person' });
    await expect(desk.refuse(approval.id, both)).rejects.toMatchObject({ code: 'same_person' });
    expect(await balances(at, 'suspense', 'merchant_available')).toEqual([10_000n, 0n]);
    expect((await desk.deps.approvals.get(approval.id)).status).toBe('pending');
  });

  test('the same submission is the same approval; another’s waits for its decision', async () => {
    const { at, desk } = opened();
    const { id } = await desk.about((await late(at, desk)).id);
    const task = { kind: 'keep', difference_id: id } as const;
    const [first, ...others] = await Promise.all([1, 2, 3, 4].map(() => desk.submit(task)));
    expect(others.map(({ approval }) => approval.id)).toEqual(others.map(() => first!.approval.id));
    expect([first, ...others].filter((each) => each?.isNew)).toHaveLength(1);
    await expect(desk.submit({ kind: 'refund', difference_id: id })).rejects.toMatchObject({
      code: 'action_not_possible',
    });
    await expect(desk.submit(task, { id: 'another', roles: maker.roles })).rejects.toMatchObject({
      code: 'action_not_possible',
    });
  });

  test('what is refused moves nothing, says why, and lets its difference go', async () => {
    const { at, desk } = opened();
    const { id } = await desk.about((await late(at, desk)).id);
    const { approval } = await desk.submit({ kind: 'keep', difference_id: id });
    await desk.refuse(approval.id, checker, 'the goods were sold to another');
    expect(await desk.refuse(approval.id)).toMatchObject({
      status: 'refused',
      reason: 'the goods were sold to another',
    });
    await expect(desk.approve(approval.id)).rejects.toMatchObject({ code: 'approval_decided' });
    const open = await desk.difference(id);
    expect([open.status, open.approval_id]).toEqual(['open', undefined]);
    expect(await at.balance('suspense')).toBe(10_000n);
    await desk.done({ kind: 'refund', difference_id: id });
  });

  test('what is no longer what would happen is stale: nobody approves it, and it is submitted again', async () => {
    const { at, desk } = opened();
    const payment = await mismatched(at, desk);
    const { id } = await desk.about(payment.id);
    const { approval } = await desk.submit({ kind: 'keep', difference_id: id });
    // Meanwhile the order was paid by another attempt: this money cannot pay it any more.
    const { attempts } = await at.deps.payments.get(payment.id);
    const winner = given.paid().attempts[0]!;
    await at.deps.payments.save({
      ...(await at.deps.payments.get(payment.id)),
      attempts: [...attempts, { ...winner, no: 2, channel_account_id: at.account.id }],
    });
    await expect(desk.approve(approval.id)).rejects.toMatchObject({ code: 'approval_stale' });
    await expect(desk.approve(approval.id)).rejects.toMatchObject({ code: 'approval_stale' });
    expect((await desk.deps.approvals.get(approval.id)).status).toBe('stale');
    expect((await desk.difference(id)).status).toBe('open');
    expect(await at.balance('suspense')).toBe(9_000n);
    await desk.done({ kind: 'refund', difference_id: id });
  });

  test('an approval on the next day is not stale for that, and books on its own day', async () => {
    const { at, desk } = opened();
    const payment = await late(at, desk);
    const { approval } = await desk.submit({ kind: 'keep', difference_id: (await desk.about(payment.id)).id });
    at.clock.now = given.days(1);
    expect((await desk.approve(approval.id)).status).toBe('approved');
    const { attempts } = await at.deps.payments.get(payment.id);
    expect(attempts[0]?.decided?.booked_on).toBe('2026-03-03');
  });

  test('money that the stream has not brought into suspense yet is brought there first', async () => {
    const { at, desk } = opened();
    const closed = await closePayment(at.deps, at.app, (await at.place('lagging')).id);
    const payment = await hear(at, closed);
    const lagging = derivedId('dif', payment.id);
    const difference = await desk.about((await late(at, desk, 'known', { channelTradeNo: 'K' })).id);
    await desk.deps.differences.save({
      ...difference,
      id: lagging,
      version: 0,
      platform: {
        ...difference.platform!,
        id: payment.id,
        channelOrderNo: `${payment.id.slice(4)}01`,
        channelTradeNo: given.money().channelTradeNo,
      },
    });
    // Only the other's money is there: it would not do to take that.
    expect(await at.balance('suspense')).toBe(10_000n);
    await desk.done({ kind: 'keep', difference_id: difference.id });
    expect(await at.balance('suspense')).toBe(0n);
    await desk.done({ kind: 'keep', difference_id: lagging });
    expect(await balances(at, 'suspense', 'merchant_available')).toEqual([0n, 19_800n]);
  });

  test('everything is audited beside what it does', async () => {
    const { at, desk } = opened();
    const { id } = await desk.about((await late(at, desk)).id);
    const refused = await desk.submit({ kind: 'refund', difference_id: id });
    await desk.refuse(refused.approval.id);
    await desk.done({ kind: 'refund', difference_id: id });
    const { found } = await desk.audits.page({ subjectId: id, limit: 10, cursor: undefined });
    expect(found.map(({ action, by }) => `${action} ${by}`).toSorted()).toEqual([
      'approve checker',
      'refuse checker',
      'submit maker',
      'submit maker',
    ]);
  });

  test('a refund that was approved and not sent is sent by its due instant', async () => {
    const { at, desk } = opened();
    const payment = await late(at, desk);
    const { approval } = await desk.submit({ kind: 'refund', difference_id: (await desk.about(payment.id)).id });
    at.paper.channel.refund = async () => Promise.reject(new Error('the channel is away'));
    await desk.approve(approval.id);
    const { resolution } = await desk.difference(approval.subject.id);
    expect((await at.deps.refunds.get(resolution!.refund_id!)).status).toBe('unknown');
    at.paper.channel.refund = async ({ channelRefundNo }) => ({
      kind: 'succeeded',
      channelRefundNo,
      acceptedAt: at.clock.now,
      succeededAt: at.clock.now,
    });
    const sent = await lookAtRefund(at.deps, resolution!.refund_id!, { moveOn: true });
    expect(sent.status).toBe('succeeded');
  });
});
