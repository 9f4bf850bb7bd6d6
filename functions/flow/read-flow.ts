import type { ReadFlow, ReadNamedPayouts } from '#reconciliation/entry.ts';

import { entriesOfPayment, entriesOfPayout, entriesOfRefund, namedPayout } from './entries.ts';
import type { FlowStore } from './store.ts';

export const readFlow =
  (flow: Pick<FlowStore, 'read' | 'payoutsOn'>): ReadFlow =>
  async (channelAccountId, date, kind) => {
    const { payments, refunds } = await flow.read(channelAccountId, date);
    const payouts = kind === 'fund' ? await flow.payoutsOn(channelAccountId, date) : [];
    return [
      ...payments.flatMap((payment) => entriesOfPayment(payment, channelAccountId, date, kind)),
      ...refunds.flatMap(entriesOfRefund),
      ...payouts.flatMap((payout) => entriesOfPayout(payout, date)),
    ];
  };

/** What a file says may be anything: only what has the form of a number of ours is looked for. */
const isNumber = (text: string) => /^[0-9A-Z]{26}$/.test(text);

export const readNamedPayouts =
  (flow: FlowStore): ReadNamedPayouts =>
  async (channelAccountId, numbers) => {
    const ids = numbers.filter(isNumber).map((number) => `pyt_${number}`);
    const payouts = await flow.payouts([...new Set(ids)]);
    return payouts.filter(({ channel_account_id }) => channel_account_id === channelAccountId).map(namedPayout);
  };
