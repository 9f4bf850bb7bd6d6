import { createHash } from 'node:crypto';

import { invariant } from '#kernel/failure.ts';
import { eventId, type BusinessEvent } from '#notifications/event.ts';
import type { Payout } from '#payouts/payout.ts';
import type { Commit } from '#platform/commit.ts';
import { contend, lost } from '#platform/contend.ts';

import { paidBy, type Settlement } from '../settlement.ts';
import { withPayment } from '../statement.ts';
import type { SettlementStore } from '../store.ts';
import { settlementView } from '../view.ts';

export interface Deps {
  readonly settlements: Pick<SettlementStore, 'get' | 'writes'>;
  readonly payoutsOf: (ids: readonly string[]) => Promise<readonly Payout[]>;
  readonly readStatement: (key: string) => Promise<string>;
  readonly keepStatement: (key: string, csv: string) => Promise<void>;
  readonly commit: Commit;
}

/** Beside the one that it was released with, so that two who write at once write two files. */
const keyOf = ({ statement_key }: Settlement, csv: string): string => {
  const digest = createHash('sha256').update(csv).digest('hex').slice(0, 16);
  return statement_key.replace(/-[0-9a-f]{16}\.csv$/, `-${digest}.csv`);
};

const paid = (settlement: Settlement): BusinessEvent => ({
  id: eventId('settlement.paid', settlement.id, String(settlement.payout?.no)),
  type: 'settlement.paid',
  at: settlement.payout?.at ?? settlement.released_at,
  appId: settlement.app_id,
  data: settlementView(settlement, null),
});

/**
 * A settlement is told what has become of its payout, as that stands now, and its statement says so. The same told again changes
 * nothing; an older try says nothing of what came after it. Answers what there is to tell.
 */
export const followPayout =
  (deps: Deps) =>
  async ({ id, settlement_id }: Payout): Promise<BusinessEvent[]> => {
    invariant(settlement_id !== undefined, `${id} is of no settlement`);
    const settlement = await contend(async () => {
      const read = await deps.settlements.get(settlement_id);
      const [payout] = await deps.payoutsOf([id]);
      if (!payout || read.payout?.payout_id !== id) return read;
      const heard = paidBy(read, read.payout.no, payout);
      if (heard === read) return read;
      const csv = withPayment(await deps.readStatement(read.statement_key), heard);
      const after = { ...heard, statement_key: keyOf(read, csv) };
      await deps.keepStatement(after.statement_key, csv);
      const refusals = await deps.commit(deps.settlements.writes(after));
      return refusals.length === 0 ? { ...after, version: after.version + 1 } : lost;
    });
    return settlement.status === 'paid' && settlement.payout?.payout_id === id ? [paid(settlement)] : [];
  };
