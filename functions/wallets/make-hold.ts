import { businessDate } from '#kernel/business-date.ts';
import type { Account } from '#ledger/account.ts';
import { contend, lost } from '#platform/contend.ts';

import type { Deps } from './end-hold.ts';
import { Wallet, type Hold } from './hold.ts';
import { endJournals, holdJournal } from './journals.ts';

export type MakeRefusal = 'insufficient_balance' | 'order_released';

/** The user's account that an app may charge, or nothing: another app's is not there. */
export const walletOf = (account: Account | undefined, appId: string): Wallet | undefined => {
  if (!account || account.app_id !== appId) return undefined;
  const wallet = Wallet.safeParse({ account_id: account.id, owner: account.owner, subject: account.subject });
  return wallet.success ? wallet.data : undefined;
};

interface ToHold {
  readonly id: Hold['id'];
  readonly appId: Hold['app_id'];
  readonly from: Wallet;
  readonly amount: bigint;
  readonly currency: string;
  readonly timeZone: string;
  readonly channelAccountId?: Hold['channel_account_id'];
  readonly expiresInSeconds?: number;
  /** Taken at once. */
  readonly post?: true;
}

const made = (asked: ToHold, now: Date): Hold => {
  const today = businessDate(now, asked.timeZone);
  return {
    id: asked.id,
    version: 0,
    app_id: asked.appId,
    from: asked.from,
    amount: asked.amount,
    currency: asked.currency,
    channel_account_id: asked.channelAccountId,
    status: asked.post ? 'posted' : 'pending',
    posted: asked.post ? asked.amount : 0n,
    time_zone: asked.timeZone,
    created_at: now,
    held_on: today,
    expires_at:
      asked.expiresInSeconds === undefined ? undefined : new Date(now.getTime() + asked.expiresInSeconds * 1_000),
    ...(asked.post && { ended: { at: now, booked_on: today } }),
    refunds: [],
  };
};

/**
 * Sets money aside, or takes it at once: the hold, its journals and the balances in one transaction, under the condition
 * that the balance suffices. The same number finds the same hold, whatever has become of it.
 */
export const makeHold = (
  deps: Deps,
  asked: ToHold,
): Promise<{ hold: Hold; isNew: boolean } | { refused: MakeRefusal }> =>
  contend(async () => {
    const hold = made(asked, deps.now());
    const { owner, subject } = asked.from;
    const guard = { account: { owner, subject, currency: asked.currency }, atLeast: asked.amount };
    const journals = [...holdJournal(hold), ...endJournals(hold)];
    // Of an app's own hold nobody lets go before it is there.
    const claims = hold.channel_account_id ? [deps.claim(hold.id)] : [];
    const refusals = await deps.commit([deps.holds.write(hold), ...claims, ...deps.ledger.writes(journals, [guard])]);
    if (refusals.length === 0) return { hold: { ...hold, version: 1 }, isNew: true };
    const byCondition = refusals.filter(({ reason }) => reason === 'condition');
    const existing = byCondition.find(({ index }) => index === 0);
    if (existing?.row) return { hold: deps.holds.parse(existing.row), isNew: false };
    if (claims.length > 0 && byCondition.some(({ index }) => index === 1))
      return { refused: 'order_released' } as const;
    return byCondition.length > 0 ? ({ refused: 'insufficient_balance' } as const) : lost;
  });
