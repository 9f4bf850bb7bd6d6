import { cached } from '#platform/cached.ts';
import type { Database } from '#platform/database.ts';
import { log } from '#platform/log.ts';
import { rows } from '#platform/rows.ts';

import { Health, healthId } from './health.ts';

/** One row for each channel account, in the books table, whose changes nobody follows. */
export const healthStore = (db: Database, table: string) => rows(db, table, Health);
export type HealthStore = ReturnType<typeof healthStore>;

/** Long enough that a payment seldom waits for it, short enough that trouble is seen soon. */
const keptForSeconds = 10;

/** Health as payments ask for it. Where it cannot be read they are routed without: a choice is no reason to refuse one. */
export const healthReader = ({ find }: Pick<HealthStore, 'find'>, now: () => Date) => {
  const read = cached(find, now, keptForSeconds);
  return (accountId: string): Promise<Health | undefined> =>
    read(healthId(accountId)).catch((error: unknown) => {
      log.error('the health of an account could not be read', error, { channel_account_id: accountId });
      return undefined;
    });
};
