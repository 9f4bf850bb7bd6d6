import type { Merchant } from '#merchants/merchant.ts';
import { post } from '#ledger/post.ts';
import { journalsOf } from '#payments/journals.ts';
import { contend, lost } from '#platform/contend.ts';

import {
  balancesOf,
  draft,
  guardsBeside,
  nameOf,
  releaseDay,
  type Day,
  type Deps as ReleaseDeps,
} from './release-day.ts';
import { releaseJournal, settlementId, type Settlement } from '../settlement.ts';
import { releasedIn } from '../statement.ts';

export type Deps = ReleaseDeps & {
  readonly readStatement: (key: string) => Promise<string>;
};

/** A day has as many parts as things were released after others; there is an end to what a person lets pass. */
const partsAtMost = 50;

const partsOf = async (deps: Deps, day: Day, merchant: Merchant, currency: string): Promise<Settlement[]> => {
  const parts: Settlement[] = [];
  for (let part = 0; part < partsAtMost; part += 1) {
    const found = await deps.settlements.find(settlementId({ ...nameOf(day, merchant, currency), part }));
    if (!found) return parts;
    parts.push(found);
  }
  throw new Error(`${merchant.id} has ${partsAtMost} settlements of ${day.date}: somebody must look at it`);
};

/**
 * Releases what the settlements of a day have left: payments whose difference was resolved, and money that was heard of
 * only after the day had been released. What was released is read from the statements, payment by payment, so nothing is
 * released twice. The watermark stands already: refunds of these payments debit the available balance, whatever happens here.
 */
export const releaseRest = async (
  deps: Deps,
  day: Day,
  merchant: Merchant,
  currency: string,
): Promise<Settlement | undefined> => {
  const account = { owner: merchant.id, subject: 'merchant_pending', currency } as const;
  const { releasedThrough } = await deps.ledger.pendingState(account, day.channelAccountId);
  // The day brought this merchant nothing when it was settled: it is released like any other.
  if (releasedThrough === undefined || releasedThrough < day.date)
    return (await releaseDay(deps, day, merchant, currency)).settlement;
  let caughtUp = false;
  return contend(async () => {
    const parts = await partsOf(deps, day, merchant, currency);
    const statements = await Promise.all(parts.map(({ statement_key }) => deps.readStatement(statement_key)));
    const released = new Set(statements.flatMap(releasedIn));
    const payments = (await deps.paymentsOf(day.channelAccountId, day.date)).filter(({ id }) => !released.has(id));
    const balances = await balancesOf(deps, merchant.id, currency);
    const { settlement, csv } = draft(deps, day, merchant, payments, { currency, part: parts.length, ...balances });
    if (settlement.payments.count === 0) return undefined;
    await deps.keepStatement(settlement.statement_key, csv);
    const guard = { account, atLeast: settlement.net };
    const refusals = await deps.commit([
      ...deps.settlements.writes(settlement),
      ...deps.ledger.writes(releaseJournal(settlement), [guard, ...guardsBeside(settlement)]),
    ]);
    if (refusals.length === 0) return { ...settlement, version: 1 };
    if (!caughtUp) await post(deps, payments.flatMap(journalsOf));
    caughtUp = true;
    return lost;
  });
};
