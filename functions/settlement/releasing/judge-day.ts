import type { BusinessDate } from '#kernel/business-date.ts';
import type { Payment } from '#payments/payment.ts';
import type { Batch } from '#reconciliation/batch.ts';

import type { Judgement } from './settle-account.ts';
import type { SettledDay } from '../store.ts';

interface Deps {
  readonly latestBatch: (
    channelAccountId: Batch['channel_account_id'],
    date: BusinessDate,
  ) => Promise<Batch | undefined>;
  readonly openDifferences: (batch: Batch) => Promise<readonly string[]>;
  readonly paymentsOf: (channelAccountId: string, date: BusinessDate) => Promise<readonly Payment[]>;
}

/**
 * Only reconciled money is released. A day with breaks releases what matched and withholds the rest; a day whose batch is
 * missing, incomplete, abnormal or still running is blocked, unless nothing happened on it. What was heard of only after such a
 * day was settled waits for a statement that shows it.
 */
export const judgeDay =
  ({ latestBatch, openDifferences, paymentsOf }: Deps) =>
  async (
    channelAccountId: Batch['channel_account_id'],
    date: BusinessDate,
    before?: SettledDay,
  ): Promise<Judgement> => {
    const batch = await latestBatch(channelAccountId, date);
    if (batch?.status === 'completed' && batch.verdict && batch.verdict !== 'incomplete')
      return { kind: 'released', batchId: batch.id, withheld: new Set(await openDifferences(batch)) };
    if (!batch && (before?.batch_id === null || (await paymentsOf(channelAccountId, date)).length === 0))
      return { kind: 'released', batchId: null, withheld: new Set() };
    return { kind: 'blocked' };
  };
