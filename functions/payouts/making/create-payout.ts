import { isDeepStrictEqual } from 'node:util';

import { submittedWith } from '#approvals/plan.ts';
import type { ApprovalStore } from '#approvals/store.ts';
import type { OpenAccount } from '#channels/open.ts';
import { businessDate } from '#kernel/business-date.ts';
import { Failure } from '#kernel/failure.ts';
import { newId } from '#kernel/id.ts';
import { isShort } from '#ledger/shortage.ts';
import type { App } from '#merchants/app.ts';
import type { Merchant } from '#merchants/merchant.ts';
import { merchantFor } from '#payments/placing/place-payment.ts';
import { contend, lost } from '#platform/contend.ts';

import { aboutPayout, previewOf } from './approval.ts';
import { reserveJournal } from '../journals.ts';
import type { PayoutToCreate } from '../operations.ts';
import { payingAccount } from './paying-account.ts';
import { isUnderWay, payoutId, sourceOf, type Payout } from '../payout.ts';
import { lookAtPayout, sendPayout, type Deps as SendDeps } from '../sending/send-payout.ts';

export type Deps = SendDeps & {
  readonly approvals: Pick<ApprovalStore, 'write'>;
  readonly merchant: (id: string) => Promise<Merchant | undefined>;
  readonly urlAllowed: (url: string) => boolean;
};

/** What is to be paid, and under which name; a withdrawal says whose balance it is taken from. */
export type Asked = PayoutToCreate & Partial<Pick<Payout, 'id' | 'from'>>;

const sameAgain = (existing: Payout, asked: Asked): Payout => {
  const same =
    existing.merchant_id === asked.merchant_id &&
    existing.from?.account_id === asked.from?.account_id &&
    existing.amount === asked.amount &&
    existing.currency === asked.currency &&
    existing.reason === asked.reason &&
    existing.notify_url === asked.notify_url &&
    isDeepStrictEqual({ ...existing.payee }, { ...asked.payee });
  if (!same) throw new Failure('idempotency_conflict');
  return existing;
};

const idOf = (app: App, { id, merchant_payout_id }: Asked) => id ?? payoutId(app.id, merchant_payout_id);

const drafted = (app: App, { account }: OpenAccount, asked: Asked, now: Date): Payout => ({
  ...asked,
  id: idOf(app, asked),
  version: 0,
  app_id: app.id,
  status: 'processing',
  channel: account.channel,
  channel_account_id: account.id,
  time_zone: account.time_zone,
  created_at: now,
  reserved_on: businessDate(now, account.time_zone),
});

/** 制单: without a word from merchant or app every payout waits for a second person. */
const needsApproval = (app: App, merchant: Merchant, { amount }: Payout) =>
  amount > (merchant.payout_approval_above ?? app.payout_approval_above ?? 0n);

/**
 * The payout, its journal and the balances in one transaction, under the condition that the balance suffices; with its
 * approval, when it must wait for one.
 */
const reserve = (deps: Deps, app: App, asked: Asked, merchant: Merchant, account: OpenAccount) =>
  contend(async (): Promise<{ payout: Payout; isNew: boolean } | typeof lost> => {
    const now = deps.now();
    const draft = drafted(app, account, asked, now);
    const approval_id = newId('apr', now);
    const waits = needsApproval(app, merchant, draft);
    const payout: Payout = waits ? { ...draft, status: 'pending_approval', approval_id } : { ...draft, sent_at: now };
    const approval = submittedWith(
      { id: approval_id, ...aboutPayout(payout), preview: previewOf(payout), note: payout.reason },
      app.id,
      now,
    );
    const from = { ...sourceOf(payout), currency: payout.currency };
    const writes = [
      deps.payouts.write(payout),
      ...deps.ledger.writes(reserveJournal(payout), [{ account: from, atLeast: payout.amount }]),
      ...(waits ? [deps.approvals.write(approval)] : []),
    ];
    const refusals = await deps.commit(writes);
    if (refusals.length === 0) return { payout: { ...payout, version: 1 }, isNew: true };
    const existing = refusals.find(({ index, reason, row }) => index === 0 && reason === 'condition' && row);
    if (existing) return { payout: sameAgain(deps.payouts.parse(existing.row), asked), isNew: false };
    if (isShort(refusals, writes)) throw new Failure('insufficient_balance');
    return lost;
  });

/** One that was written and perhaps not sent yet, because the call that wrote it crashed, is asked about, and sent if it was not. */
const finish = async (deps: Deps, payout: Payout): Promise<Payout> =>
  isUnderWay(payout) ? lookAtPayout(deps, payout.id, { moveOn: false }) : payout;

/** 代付: creates a payout, or finds it: a number that was used answers as it did. */
export const createPayout = async (deps: Deps, app: App, asked: Asked): Promise<{ payout: Payout; isNew: boolean }> => {
  const found = await deps.payouts.find(idOf(app, asked));
  if (found) return { payout: await finish(deps, sameAgain(found, asked)), isNew: false };
  const merchant = await merchantFor(deps, app, asked.merchant_id, 'payout');
  if (asked.notify_url !== undefined && !deps.urlAllowed(asked.notify_url)) throw new Failure('url_not_allowed');
  const account = await payingAccount(deps, merchant, asked);
  const { payout, isNew } = await reserve(deps, app, asked, merchant, account);
  if (!isNew) return { payout: await finish(deps, payout), isNew };
  return { payout: payout.status === 'processing' ? await sendPayout(deps, payout) : payout, isNew };
};

/** An app sees its own payouts; another's does not exist. */
export const payoutOf = async ({ payouts }: Pick<Deps, 'payouts'>, app: App, id: string): Promise<Payout> => {
  const payout = await payouts.find(id);
  if (!payout || payout.app_id !== app.id) throw new Failure('not_found');
  return payout;
};
