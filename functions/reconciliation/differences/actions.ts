import * as z from 'zod';

import { bringsMoney } from '#channels/statement.ts';

import type { Difference } from './difference.ts';

/**
 * 认款 `keep`: the money is the merchant's. 退款 `refund`: it goes back by the way it came. 补单 `supplement`: the channel is
 * asked, and what it confirms is taken in; of a transfer, what the statement says. 核销 `write_off`: the platform bears it. 调账 `adjust`: the books follow the
 * statement, in the merchant's favour. 追款 `recover`: the merchant gives it back.
 */
export const Action = z.enum(['keep', 'refund', 'supplement', 'write_off', 'adjust', 'recover']);
export type Action = z.infer<typeof Action>;

/** Which way the money of a statement lies apart from ours: payments bring, refunds and payouts take. */
export const grossGap = ({ platform, channel }: Pick<Difference, 'platform' | 'channel'>): bigint => {
  const sign = bringsMoney((channel ?? platform)?.kind ?? 'payment') ? 1n : -1n;
  return sign * ((channel?.amount ?? 0n) - (platform?.amount ?? 0n));
};

/** Of a statement that has more money for us than our books: it is somebody's. Of one that has less: somebody owes it. */
const byGap = (difference: Difference): Action[] =>
  grossGap(difference) > 0n ? ['adjust', 'write_off'] : ['recover', 'write_off'];

const offered: Readonly<Record<Difference['kind'], (difference: Difference) => Action[]>> = {
  paid_late: () => ['keep', 'refund'],
  duplicate: ({ duplicate_of, platform }) => (duplicate_of === platform?.id ? ['refund'] : ['refund', 'keep']),
  amount_mismatch: (difference) =>
    // Money that came for an attempt and is not what it asked for waits in suspense; else only the statement differs.
    difference.platform?.status === 'unknown' ? ['keep', 'refund'] : byGap(difference),
  payout_late: () => ['recover', 'write_off'],
  fee_mismatch: () => ['adjust'],
  channel_only: (difference) => {
    if (difference.channel?.ours) return ['supplement', 'write_off'];
    return difference.channel?.kind === 'payment' ? ['supplement', ...byGap(difference)] : byGap(difference);
  },
  platform_only: byGap,
  status_mismatch: ({ platform }) =>
    // Of money in another currency, or with somebody else: only the first waits in suspense.
    platform?.kind === 'payment' && platform.status === 'unknown' ? ['refund', 'write_off'] : ['write_off'],
  duplicate_channel_line: () => ['write_off'],
  carried: () => [],
  carry_cleared: () => [],
  matched: () => [],
};

/** What can be done about an open difference, the likeliest first. Whether it can be done now is found by its preview. */
export const actionsOf = (difference: Difference): Action[] =>
  difference.status === 'open' ? offered[difference.kind](difference) : [];
