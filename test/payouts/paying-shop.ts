import { approve, refuse } from '#approvals/decide.ts';
import { approvalStore } from '#approvals/store.ts';
import { auditStore } from '#audit/store.ts';
import type { TransferOutcome, TransferToPlace } from '#channels/transfer.ts';
import { planner } from '#desks/plan.ts';
import { credit, debit, journal } from '#ledger/journal.ts';
import { post } from '#ledger/post.ts';
import { createPayout } from '#payouts/making/create-payout.ts';
import { payOutRefund } from '#payouts/making/refund-payout.ts';
import { withdraw } from '#payouts/making/withdraw.ts';
import { lookAtPayout } from '#payouts/sending/send-payout.ts';
import { payoutStore } from '#payouts/store.ts';
import type { Database } from '#platform/database.ts';
import { reconciliationStore } from '#reconciliation/store.ts';
import { adviceStore, receiptStore } from '#remittances/store.ts';

import { checker } from '../desks/desk.ts';
import * as given from '../given.ts';
import { walletShop } from '../wallets/wallet-shop.ts';

export const day = 86_400_000;
export const absent = { kind: 'absent' } as const;
export const processing = { kind: 'processing' } as const;
export const payee = { kind: 'alipay_account', account: 'someone@example.com', name: '某人' } as const;

/** A merchant with ¥100 available, whose payouts up to ¥50 need nobody; a channel that pays out as it is told to. */
export const payingShop = async (db: Database) => {
  const at = walletShop(db);
  at.merchant.payout_approval_above = 5_000n;
  const placed: TransferToPlace[] = [];
  type Said = TransferOutcome | 'nothing';
  /** `once`: what is answered to the next queries, before `query` is. */
  const says: { place: Said; query?: Said; once: Said[] } = { place: processing, once: [] };
  /** Of what it has refused it has nothing, unless it is told to say otherwise. */
  const usual = () => (typeof says.place === 'object' && says.place.kind === 'failed' ? absent : processing);
  const answers = () => says.once.shift() ?? says.query ?? usual();
  const answer = async (outcome: TransferOutcome | 'nothing') => {
    if (outcome === 'nothing') throw new Error('timeout');
    return outcome;
  };
  const opened = await at.deps.open(at.account.id);
  Object.assign(opened.kind.capabilities, { payees: ['alipay_account'] });
  Object.assign(opened.channel, {
    transfers: {
      place: (transfer: TransferToPlace) => {
        placed.push(transfer);
        return answer(says.place);
      },
      query: () => answer(answers()),
    },
  });
  const payouts = payoutStore(db, 'orders', at.deps.now);
  const deps = { ...at.deps, payouts, urlAllowed: () => true, merchant: async () => at.merchant };
  const payOut = payOutRefund(deps);
  Object.assign(at.deps, { payOut });
  const differences = reconciliationStore(db, 'books').differences;
  const deciding = {
    ...deps,
    approvals: approvalStore(db, 'books'),
    audits: auditStore(db, 'books', at.deps.now),
    planner: planner({
      ...deps,
      payOut,
      receipts: receiptStore(db, 'books'),
      advices: adviceStore(db, 'books'),
      isFiled: async () => true,
      differences,
    }),
  };
  const owner = { owner: at.merchant.id, accounting_date: given.today, currency: 'CNY' };
  await post(
    at.deps,
    journal({ ...owner, cause: `endow#${at.merchant.id}` }, [
      debit('internal_transfer', 10_000n),
      credit('merchant_available', 10_000n),
    ]),
  );
  const asked = { merchant_id: at.merchant.id, amount: 4_000n, currency: 'CNY', payee };
  return {
    at,
    says,
    placed,
    payouts,
    ask: async (no: string, over: object = {}) =>
      (await createPayout(deps, at.app, { ...asked, merchant_payout_id: no, ...over })).payout,
    withdraw: async (no: string, account: `acc_${string}`, over: object = {}) =>
      (await withdraw(deps, at.app, { ...asked, merchant_withdrawal_id: no, account, ...over })).payout,
    look: (id: string) => lookAtPayout(deps, id, { moveOn: true }),
    approve: (id: string) => approve(deciding, checker, id),
    refuse: (id: string, reason: string) => refuse(deciding, checker, { id, reason }),
    /** Available, in transit, and what our clearing with the channel comes to. */
    stands: async () => [
      await at.balance('merchant_available'),
      await at.balance('payout_in_transit'),
      await at.balance('channel_clearing', at.account.id),
    ],
  };
};

export const arrived = (at: Date): TransferOutcome => ({ kind: 'succeeded', channelTradeNo: 'T1', at });
export const bad = { code: 'PAYEE_NOT_EXIST', message: '收款账号不存在' };
