import type { ReadFlow } from '#reconciliation/entry.ts';

import { entriesOfPayment, entriesOfRefund } from './entries.ts';
import type { FlowStore } from './store.ts';

export const readFlow =
  (flow: Pick<FlowStore, 'read'>): ReadFlow =>
  async (channelAccountId, date, kind) => {
    const { payments, refunds } = await flow.read(channelAccountId, date);
    return [
      ...payments.flatMap((payment) => entriesOfPayment(payment, channelAccountId, date, kind)),
      ...refunds.flatMap(entriesOfRefund),
    ];
  };
