import * as z from 'zod';

import type { ChannelAccount } from '#channels/account.ts';
import type { Capabilities, Channel, ChannelKind, Outcome, RefundOutcome, RefundRef } from '#channels/channel.ts';
import type { WalletOrder, Wallets } from '#channels/wallets.ts';
import { invariant } from '#kernel/failure.ts';

const methods = ['balance', 'prepaid_card'] as const;

const capabilities: Capabilities = {
  methods,
  needs: { balance: ['account'], prepaid_card: ['account'] },
  currencies: ['CNY'],
  amountMin: 1n,
  amountMax: 10_000_000_000n,
  canClose: true,
  canHold: true,
  refund: { maxAgeDays: 3_650, partial: true, multiple: true },
  // Both sides are our own books: they are proved by comparing them, not by a file.
  statements: [],
};

const refusals = {
  account_unknown: 'there is no such account of this app',
  account_of_another_kind: 'the account cannot be charged by this method',
  insufficient_balance: 'the balance does not suffice',
  order_released: 'the order was let go before it was there',
} as const;

const outcomeOf = (order: WalletOrder | undefined, accountId: string): Outcome => {
  if (!order) return { kind: 'absent' };
  if (order.status === 'pending') return { kind: 'pending' };
  if (order.status !== 'posted') return { kind: 'closed' };
  return {
    kind: 'succeeded',
    receipt: {
      channelTradeNo: order.id,
      amount: order.posted,
      currency: order.currency,
      paidAt: order.at,
      merchantAtChannel: accountId,
      appAtChannel: 'internal',
    },
  };
};

const refundOutcomeOf = (order: WalletOrder | undefined, { channelRefundNo }: RefundRef): RefundOutcome => {
  const made = order?.refunds.find(({ no }) => no === channelRefundNo);
  return made ? { kind: 'succeeded', channelRefundNo, acceptedAt: made.at, succeededAt: made.at } : { kind: 'absent' };
};

const channelOf = ({ id, time_zone: timeZone }: ChannelAccount, wallets: Wallets): Channel => ({
  identity: { merchant: id, app: 'internal' },

  async place(order) {
    const hold = order.hold === true;
    const charged = await wallets.charge({
      ...order,
      account: order.payer.account,
      channelAccountId: id,
      timeZone,
      hold,
    });
    if ('refused' in charged)
      return { kind: 'refused', failure: { code: charged.refused, message: refusals[charged.refused] } };
    return charged.order.status === 'pending' ? { kind: 'placed', action: { type: 'none' } } : { kind: 'ask' };
  },

  query: async ({ channelOrderNo }) => outcomeOf(await wallets.find(channelOrderNo), id),

  async close({ channelOrderNo }) {
    const order = await wallets.release(channelOrderNo);
    if (!order) return { kind: 'absent' };
    return order.status === 'posted' ? { kind: 'ask' } : { kind: 'closed' };
  },

  capture: async ({ channelOrderNo }) => outcomeOf(await wallets.capture(channelOrderNo), id),

  async refund(refund) {
    const order = await wallets.giveBack(refund);
    if (order) return refundOutcomeOf(order, refund);
    return {
      kind: 'failed',
      failure: {
        code: 'exceeds_payment',
        message: 'more than the account has paid, or in more parts than one order is given back in',
      },
    };
  },

  queryRefund: async (refund) => refundOutcomeOf(await wallets.find(refund.channelOrderNo), refund),

  fetchStatement: async () => ({ kind: 'no_trades' }),

  readCallback: () => ({ about: 'nothing' }),
});

/** 内部渠道: balances 余额 and prepaid cards 预付卡 that users have with us, as payment methods like any other. */
export const internal: ChannelKind = {
  name: 'internal',
  capabilities,
  settings: z.strictObject({}),
  // It has none: there is nobody to prove anything to.
  secrets: z.strictObject({}).default({}),
  open(account, _secrets, _now, wallets) {
    invariant(wallets !== undefined, 'who opens an internal account brings the wallets');
    return channelOf(account, wallets);
  },
  acknowledge: () => ({ status: 404, body: '' }),
};
