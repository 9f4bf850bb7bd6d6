import { sum } from '../books/arithmetic.ts';
import { Account, list } from '../wire/answers.ts';
import { expecting } from '../wire/http.ts';
import type { World } from '../world.ts';

/** What the merchant's accounts of one subject hold together; nothing where there are none yet. */
export const balanceOf = async ({ app, stage }: World, subject: string): Promise<bigint> => {
  const { data } = expecting(await app.get(`/v1/accounts?owner=${stage.merchant_id}&limit=100`), [200], list(Account));
  return sum(data.filter((account) => account.subject === subject).map(({ balance }) => balance));
};
