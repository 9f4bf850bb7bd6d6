import type { Payout } from '#payouts/payout.ts';
import type { Listing } from '#platform/listed.ts';

export const claimList = 'claims';

/** Where a claim stands in the books' list of them: from its beginning on, and for good. */
export const claimListing = ({ id, created_at }: Payout): Listing => ({
  id,
  list: claimList,
  place: `${created_at.toISOString()}#${id}`,
});
