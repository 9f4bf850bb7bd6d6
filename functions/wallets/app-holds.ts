import type * as z from 'zod';

import { Failure, invariant } from '#kernel/failure.ts';
import type { App } from '#merchants/app.ts';

import { endHold, type Deps } from './end-hold.ts';
import { holdOfApp, isRunOut, type Hold, type Wallet } from './hold.ts';
import { makeHold, walletOf } from './make-hold.ts';
import type { HoldToMake } from './operations.ts';

/** Apps have no clock of their own in the books: the platform's. */
export const booksTimeZone = 'Asia/Shanghai';

/** The account of one of the app's users, of that currency; another app's does not exist. */
export const chargeable = async (deps: Deps, app: App, id: string, currency: string): Promise<Wallet> => {
  const account = await deps.ledger.findAccount(id);
  if (!account || account.app_id !== app.id)
    throw new Failure('not_found', { detail: 'there is no such account of a user' });
  const wallet = walletOf(account, app.id);
  if (!wallet || account.currency !== currency) throw new Failure('account_not_chargeable');
  return wallet;
};

/** Posted, voided and expired are ends of their own: whoever asks for another end is told which it was. */
const endedAs = { posted: 'hold_already_posted', voided: 'hold_already_voided', expired: 'hold_expired' } as const;

/** A hold that an app made; those of payments are ended by their payments alone. */
export const holdOf = async (deps: Deps, app: App, id: string): Promise<Hold> => {
  const hold = await deps.holds.find(id);
  if (!hold || hold.app_id !== app.id || hold.channel_account_id) throw new Failure('not_found');
  return hold;
};

export const holdForApp = async (
  deps: Deps,
  app: App,
  asked: z.output<typeof HoldToMake>,
): Promise<{ hold: Hold; isNew: boolean }> => {
  const { merchant_hold_id, account, amount, currency, expires_in_seconds } = asked;
  const id = holdOfApp(app.id, merchant_hold_id);
  const from = await chargeable(deps, app, account, currency);
  const found = await deps.holds.find(id);
  const made = found
    ? { hold: found, isNew: false }
    : await makeHold(deps, {
        id,
        appId: app.id,
        from,
        amount,
        currency,
        timeZone: booksTimeZone,
        expiresInSeconds: expires_in_seconds,
      });
  if ('refused' in made) throw new Failure('insufficient_balance');
  const { hold } = made;
  const life = hold.expires_at ? hold.expires_at.getTime() - hold.created_at.getTime() : 0;
  const same =
    hold.from.account_id === account &&
    hold.amount === amount &&
    hold.currency === currency &&
    life === expires_in_seconds * 1_000;
  if (!same) throw new Failure('idempotency_conflict');
  return made;
};

/** Posting again the same way answers the hold as it is; anything else is told how it ended. */
export const postForApp = async (
  deps: Deps,
  app: App,
  { id, to, amount }: { id: string; to: string; amount?: bigint | undefined },
): Promise<Hold> => {
  const hold = await holdOf(deps, app, id);
  const wallet = await chargeable(deps, app, to, hold.currency);
  const wanted = amount ?? hold.amount;
  if (wanted > hold.amount) throw new Failure('post_exceeds_hold');
  const after = await endHold(deps, id, () => ({ event: 'post', amount: wanted, to: wallet }));
  if (after.status === 'posted' && after.posted === wanted && after.to?.account_id === to) return after;
  invariant(after.status !== 'pending', `${id} did not end`);
  throw new Failure(endedAs[after.status]);
};

export const voidForApp = async (deps: Deps, app: App, id: string): Promise<Hold> => {
  await holdOf(deps, app, id);
  const after = await endHold(deps, id, () => ({ event: 'void' }));
  if (after.status === 'voided') return after;
  invariant(after.status !== 'pending', `${id} did not end`);
  throw new Failure(endedAs[after.status]);
};

/** As it stands: one whose time has come has run out, also before the sweep gets round to it. */
export const showHold = async (deps: Deps, app: App, id: string): Promise<Hold> => {
  const hold = await holdOf(deps, app, id);
  return isRunOut(hold, deps.now()) ? endHold(deps, id, () => ({ event: 'expire' })) : hold;
};
