import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { entriesOfPayout } from '#flow/entries.ts';
import { derivedId, tail } from '#kernel/id.ts';
import { refundable } from '#payments/payment.ts';
import type { Payout } from '#payouts/payout.ts';
import type { Difference } from '#reconciliation/differences/difference.ts';
import type { ChannelSide } from '#reconciliation/match.ts';
import { amountOf, differenceIdOf } from '#reconciliation/record.ts';
import { createRefund } from '#refunds/making/create-refund.ts';

import { deskOf } from '../desks/desk.ts';
import * as given from '../given.ts';
import { tables } from '../tables.ts';
import { arrived, bad, payee, payingShop } from './paying-shop.ts';

let the: Awaited<ReturnType<typeof tables>>;
beforeAll(async () => (the = await tables()));
afterAll(() => the.stop());

describe('a difference of a fund statement about a payout', () => {
  type Sides = Pick<Difference, 'platform' | 'channel'>;

  const opened = async () => {
    const shop = await payingShop(the.db);
    const desk = deskOf(the.db, shop.at);
    const open = async (kind: 'channel_only' | 'platform_only', { platform, channel }: Sides): Promise<Difference> => {
      const of = { channel_account_id: shop.at.account.id, bill_date: given.today, kind: 'fund' } as const;
      const pair = { result: kind, kind: (channel ?? platform)!.kind, platform, channel };
      const id = differenceIdOf(of, pair, 0);
      const about = { kind, amount: amountOf(pair), currency: 'CNY', day: of, platform, channel } as const;
      const seen = { batch_id: null, seen_on: given.today, record_id: null, opened_on: given.today };
      await desk.deps.differences.save({
        id,
        version: 0,
        status: 'open',
        time_zone: 'Asia/Shanghai',
        ...about,
        ...seen,
      });
      return desk.difference(id);
    };
    const owed = () => shop.at.balance('payout_receivable');
    return { ...shop, desk, open, owed };
  };

  const lineOf = ({ id, amount }: Payout, over: Partial<ChannelSide> = {}): ChannelSide => ({
    line: 6,
    kind: 'payout',
    channelOrderNo: tail(id),
    // Of the two numbers that Alipay gives a transfer, the one that it does not tell us by.
    channelTradeNo: 'FUND1',
    amount,
    currency: 'CNY',
    fee: 0n,
    status: 'SUCCESS',
    at: given.noon,
    ours: 'ended',
    ...over,
  });

  test('that left although it has failed is taken in as late money, once, whoever tells of it afterwards', async () => {
    const { at, says, ask, look, payouts, desk, open, owed, stands } = await opened();
    says.place = { kind: 'failed', failure: bad };
    const payout = await ask('a');
    await desk.changed(payout.id);
    const difference = await open('channel_only', { platform: null, channel: lineOf(payout) });
    expect(desk.actionsOf(difference)).toEqual(['supplement', 'write_off']);
    await expect(desk.submit({ kind: 'write_off', difference_id: difference.id })).rejects.toMatchObject({
      code: 'action_not_possible',
    });
    await desk.done({ kind: 'supplement', difference_id: difference.id });
    await desk.changed(payout.id);
    expect([await stands(), await owed()]).toEqual([[10_000n, 0n, -4_000n], 4_000n]);
    expect(desk.told.map(({ type }) => type)).toEqual(['payout.failed', 'payout.succeeded_late']);
    says.query = arrived(at.clock.now);
    await look(payout.id);
    await desk.changed(payout.id);
    expect((await payouts.get(payout.id)).late).toMatchObject([{ channel_trade_no: 'T1' }]);
    expect([await stands(), await owed()]).toEqual([[10_000n, 0n, -4_000n], 4_000n]);
    const late = await desk.about(payout.id);
    expect(late.kind).toBe('payout_late');
    await desk.done({ kind: 'recover', difference_id: late.id });
    expect([await stands(), await owed()]).toEqual([[6_000n, 0n, -4_000n], 0n]);
  });

  test('that came back without anybody’s hearing of it is the merchant’s again, once', async () => {
    const { says, at, ask, look, desk, open, stands } = await opened();
    says.place = arrived(at.clock.now);
    const payout = await ask('a');
    const channel = lineOf(payout, { kind: 'payout_return' });
    const { id } = await open('channel_only', { platform: null, channel });
    await desk.done({ kind: 'supplement', difference_id: id });
    expect(await stands()).toEqual([10_000n, 0n, 0n]);
    says.query = { kind: 'returned', failure: bad, at: at.clock.now };
    await look(payout.id);
    expect(await stands()).toEqual([10_000n, 0n, 0n]);
  });

  test('that left for a refund which has failed takes so much from what its payment can give back', async () => {
    const { at, says, approve: approved, payouts, desk, open } = await opened();
    const paid = await at.pay(await at.place('old'));
    await at.fold(paid.id);
    at.clock.now = given.days(400);
    says.place = { kind: 'failed', failure: bad };
    const asked = { payment_id: paid.id, merchant_refund_id: 'r', amount: 4_000n, payee };
    const { refund } = await createRefund(at.deps, at.app, asked);
    await approved(refund.approval_id!);
    const payout = await payouts.get(derivedId('pyt', refund.id));
    const { id } = await open('channel_only', { platform: null, channel: lineOf(payout) });
    await desk.done({ kind: 'supplement', difference_id: id });
    expect(refundable(await at.deps.payments.get(paid.id))).toBe(6_000n);
  });

  test('of another amount, or of nobody, is not taken in: it is borne', async () => {
    const { says, ask, desk, open, at } = await opened();
    says.place = { kind: 'failed', failure: bad };
    const payout = await ask('a');
    const other = await open('channel_only', { platform: null, channel: lineOf(payout, { amount: 3_999n }) });
    await expect(desk.submit({ kind: 'supplement', difference_id: other.id })).rejects.toMatchObject({
      code: 'action_not_possible',
    });
    await desk.done({ kind: 'write_off', difference_id: other.id, merchant_id: at.merchant.id });
    expect(await at.balance('write_off')).toBe(3_999n);
    const { ours: _, ...stranger } = lineOf(payout, { channelOrderNo: 'GHOST' });
    const unknown = await open('channel_only', { platform: null, channel: stranger });
    expect(desk.actionsOf(unknown)).toEqual(['recover', 'write_off']);
  });

  test('that never left is given back to what it was taken from: a user’s balance where it was a withdrawal', async () => {
    const { at, says, withdraw: out, desk, open } = await opened();
    const account = await at.wallet('u', 5_000n, 'user_balance');
    says.place = arrived(at.clock.now);
    const payout = await out('w', account);
    const [platform] = entriesOfPayout(payout, given.today);
    const difference = await open('platform_only', { platform: platform!, channel: null });
    expect(desk.actionsOf(difference)).toEqual(['adjust', 'write_off']);
    await desk.done({ kind: 'adjust', difference_id: difference.id });
    expect([await at.has('u', 'user_balance'), await at.balance('merchant_available')]).toEqual([5_000n, 10_000n]);
  });
});
