import { randomUUID } from 'node:crypto';

import type { OpenAccount } from '#channels/open.ts';
import { channelKind } from '#channels/registry.ts';
import { derivedId } from '#kernel/id.ts';
import { accountId, type Subject } from '#ledger/account.ts';
import { credit, debit, journal } from '#ledger/journal.ts';
import { post } from '#ledger/post.ts';
import { applyOutcome } from '#payments/following/apply-outcome.ts';
import { finishStages } from '#payments/following/finish-stages.ts';
import { channelOrderNo, type Payment } from '#payments/payment.ts';
import { isHold } from '#payments/stages.ts';
import type { Database } from '#platform/database.ts';
import { channelWallets } from '#wallets/channel-wallets.ts';
import { accountOpener, claimWriter, holdStore, transferStore } from '#wallets/store.ts';

import * as given from '../given.ts';
import { shop } from '../shop.ts';

/** A shop whose users have balances and prepaid cards, beside the paper channel of every shop. */
export const walletShop = (db: Database) => {
  const at = shop(db);
  const { ledger, commit, now } = at.deps;
  const holds = holdStore(db, 'orders');
  const claim = claimWriter('orders', now);
  const wallets = { holds, claim, ledger, commit, now, transfers: transferStore(db, 'orders') };
  const account = given.channelAccount({
    id: derivedId('chn', randomUUID()),
    channel: 'internal',
    methods: ['balance', 'prepaid_card'],
    cost: { rate_ppm: 0, fixed: 0n, min: 0n },
  });
  const kind = channelKind('internal');
  const internal: OpenAccount = { account, kind, channel: kind.open(account, undefined, now, channelWallets(wallets)) };
  at.merchant.channel_account_ids.push(account.id);
  const shared = at.deps.open;
  Object.assign(at.deps, { open: async (id: string) => (id === account.id ? internal : shared()) });

  const openWallet = accountOpener(db, 'books');
  const nameOf = (user: string, subject: Subject) => ({
    owner: derivedId('usr', at.app.id, user),
    subject,
    currency: 'CNY',
  });
  return {
    ...at,
    wallets,
    internal,
    /** An account of a user with that much on it. */
    async wallet(user: string, amount: bigint, subject: 'user_balance' | 'prepaid_card' = 'prepaid_card') {
      const name = nameOf(user, subject);
      const opened = await openWallet(name, at.app.id);
      await post(
        at.deps,
        journal({ cause: randomUUID(), owner: name.owner, accounting_date: given.today, currency: 'CNY' }, [
          debit('internal_transfer', amount),
          credit(subject, amount),
        ]),
      );
      return opened.id;
    },
    has: async (user: string, subject: Subject) =>
      (await ledger.findAccount(accountId(nameOf(user, subject))))?.balance ?? 0n,
    /** What our clearing with the internal channel comes to, over the merchant and these users: zero when nothing is lost. */
    async clearing(...users: string[]) {
      const owners = [at.merchant.id, ...users.map((user) => derivedId('usr', at.app.id, user))];
      const found = await Promise.all(
        owners.map((owner) =>
          ledger.findAccount(
            accountId({ owner, subject: 'channel_clearing', currency: 'CNY', channelAccountId: account.id }),
          ),
        ),
      );
      return found.reduce((total, each) => total + (each?.balance ?? 0n), 0n);
    },
    /** The payer pays the charge; what is held is taken by the look that follows. */
    async payRest(payment: Payment) {
      const charge = payment.attempts.findLast((each) => !isHold(each));
      if (!charge) throw new Error('there is nothing to pay');
      const channelTradeNo = `T${channelOrderNo(payment, charge)}`;
      const receipt = given.money({ amount: charge.amount ?? payment.amount, channelTradeNo, paidAt: now() });
      const known = at.paper.orders.get(channelOrderNo(payment, charge));
      if (known) known.outcome = { kind: 'succeeded', receipt };
      const heard = await applyOutcome(at.deps, payment, {
        no: charge.no,
        outcome: { kind: 'succeeded', receipt },
        identity: given.identity,
      });
      return finishStages(at.deps, heard);
    },
  };
};
