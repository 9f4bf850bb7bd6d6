import type { Refusal, Write } from '#platform/commit.ts';

/** Whether a balance was too small, or a guard of it did not hold: balances are changed by updates, and by nothing else. */
export const isShort = (refusals: readonly Refusal[], writes: readonly Write[]): boolean =>
  refusals.some(({ index, reason }) => reason === 'condition' && writes[index]?.Update !== undefined);
