import type { WalletCharge, WalletOrder, Wallets } from '#channels/wallets.ts';
import { businessDate } from '#kernel/business-date.ts';
import { IdOf } from '#kernel/id.ts';
import { contend, lost } from '#platform/contend.ts';

import { endHold, type Deps } from './end-hold.ts';
import { holdOfOrder, refundsAtMost, type Hold, type WalletSubject } from './hold.ts';
import { giveBackJournal, netTaken } from './journals.ts';
import { makeHold, walletOf } from './make-hold.ts';

const subjectOf: Partial<Record<WalletCharge['method'], WalletSubject>> = {
  balance: 'user_balance',
  prepaid_card: 'prepaid_card',
};

const orderOf = (hold: Hold): WalletOrder => ({
  id: hold.id,
  status: hold.status,
  amount: hold.amount,
  posted: hold.posted,
  currency: hold.currency,
  at: hold.ended?.at ?? hold.created_at,
  refunds: hold.refunds,
});

const charge = async (deps: Deps, asked: WalletCharge): ReturnType<Wallets['charge']> => {
  const id = holdOfOrder(asked.channelOrderNo);
  const found = await deps.holds.find(id);
  if (found) return { order: orderOf(found) };
  const account = asked.account === undefined ? undefined : await deps.ledger.findAccount(asked.account);
  const from = walletOf(account, asked.appId);
  if (!from || account?.currency !== asked.currency) return { refused: 'account_unknown' };
  if (from.subject !== subjectOf[asked.method]) return { refused: 'account_of_another_kind' };
  const result = await makeHold(deps, {
    id,
    appId: IdOf('app').parse(asked.appId),
    from,
    amount: asked.amount,
    currency: asked.currency,
    timeZone: asked.timeZone,
    channelAccountId: IdOf('chn').parse(asked.channelAccountId),
    ...(!asked.hold && { post: true }),
  });
  return 'refused' in result ? result : { order: orderOf(result.hold) };
};

const giveBack = (deps: Deps, refund: Parameters<Wallets['giveBack']>[0]): Promise<WalletOrder | undefined> =>
  contend(async () => {
    const hold = await deps.holds.find(holdOfOrder(refund.channelOrderNo));
    if (hold?.refunds.some(({ no }) => no === refund.channelRefundNo)) return orderOf(hold);
    if (!hold || netTaken(hold) < refund.amount || hold.refunds.length >= refundsAtMost) return undefined;
    const now = deps.now();
    const made = {
      no: refund.channelRefundNo,
      amount: refund.amount,
      at: now,
      booked_on: businessDate(now, hold.time_zone),
    };
    const after = { ...hold, refunds: [...hold.refunds, made] };
    const refusals = await deps.commit([deps.holds.write(after), ...deps.ledger.writes(giveBackJournal(after))]);
    return refusals.length === 0 ? orderOf(after) : lost;
  });

/** Balances and cards as the internal channel charges them. */
export const channelWallets = (deps: Deps): Wallets => {
  const find = async (channelOrderNo: string) => deps.holds.find(holdOfOrder(channelOrderNo));
  const end = async (channelOrderNo: string, decide: Parameters<typeof endHold>[2]) => {
    const hold = await find(channelOrderNo);
    return hold && orderOf(await endHold(deps, hold.id, decide));
  };
  /** A hold that a slow call still brings is refused from here on. Taken already: then the hold is there. */
  const forestall = (channelOrderNo: string) =>
    contend(async () => {
      const refusals = await deps.commit([deps.claim(holdOfOrder(channelOrderNo))]);
      return refusals.some(({ reason }) => reason === 'conflict') ? lost : undefined;
    });
  return {
    charge: (asked) => charge(deps, asked),
    find: async (channelOrderNo) => {
      const hold = await find(channelOrderNo);
      return hold && orderOf(hold);
    },
    capture: (channelOrderNo) => end(channelOrderNo, ({ amount }) => ({ event: 'post', amount })),
    async release(channelOrderNo) {
      if (!(await find(channelOrderNo))) await forestall(channelOrderNo);
      return end(channelOrderNo, () => ({ event: 'void' }));
    },
    giveBack: (refund) => giveBack(deps, refund),
  };
};
