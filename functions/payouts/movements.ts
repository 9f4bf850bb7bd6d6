import { businessDate, type BusinessDate } from '#kernel/business-date.ts';
import { shardOf } from '#kernel/id.ts';
import { flowKey } from '#payments/following/flow-key.ts';

import type { Payout } from './payout.ts';

/** Money of a payout that left its channel account, or came back there: what the fund statement of that day must show. */
export interface Movement {
  /** One movement's name within its payout, for ever. */
  readonly name: string;
  readonly kind: 'payout' | 'payout_return';
  readonly channelTradeNo: string;
  /** The channel's instant; of a return the instant at which we heard of it, where its channel says none. */
  readonly at: Date;
  readonly date: BusinessDate;
}

/** In the order in which they can become known, so that the first stays the first. */
export const movementsOf = ({ succeeded, returned, late = [], time_zone }: Payout): Movement[] => {
  const of = (
    name: string,
    kind: Movement['kind'],
    known: { readonly at: Date } | undefined,
    tradeNo: string | undefined,
  ): Movement[] =>
    known ? [{ name, kind, channelTradeNo: tradeNo ?? '', at: known.at, date: businessDate(known.at, time_zone) }] : [];
  return [
    ...of('sent', 'payout', succeeded, succeeded?.channel_trade_no),
    ...of('returned', 'payout_return', returned, succeeded?.channel_trade_no),
    ...late.flatMap((each, no) => [
      ...of(`late${no}`, 'payout', each, each.channel_trade_no),
      ...of(`late${no}-returned`, 'payout_return', each.returned, each.channel_trade_no),
    ]),
  ];
};

const keyOf = ({ id, channel_account_id }: Payout, { date }: Movement): string =>
  flowKey(channel_account_id, date, shardOf(id, 16));

/** A row carries one flow key: that of its first movement. */
export const flowOf = (payout: Payout): string | undefined => {
  const [first] = movementsOf(payout);
  return first && keyOf(payout, first);
};

/** Movements of other days get a marker row each. */
export const markersOf = (payout: Payout): { pk: string; flow: string }[] => {
  const own = flowOf(payout);
  return movementsOf(payout).flatMap((movement) => {
    const flow = keyOf(payout, movement);
    return flow === own ? [] : [{ pk: `flow#${payout.id}#${movement.name}`, flow }];
  });
};
