import type { Act } from '#audit/audit.ts';
import { Failure } from '#kernel/failure.ts';
import type { Account } from '#ledger/account.ts';
import { merchants, type Merchant, type MerchantEvent, type MerchantStatus } from '#merchants/merchant.ts';
import type { Write } from '#platform/commit.ts';
import type { Operator } from '#platform/operator.ts';

import { standing, type Deps as FileDeps } from './change-file.ts';
import type { MerchantFile } from './file.ts';

export type Deps = FileDeps & {
  readonly accountsOf: (owner: string) => Promise<readonly Account[]>;
  /** Payments, refunds and payouts of a merchant that are not over. */
  readonly inFlight: (merchantId: string) => Promise<readonly string[]>;
};

/** What a person may make of a merchant by a word and a reason; the rest is a review's. */
export type WantedStatus = Extract<MerchantStatus, 'active' | 'suspended' | 'closed'>;

/** A merchant that becomes something else, with who has made it so: both rows, each over the version that was read. */
export const becoming = (
  { configuration, files }: Pick<FileDeps, 'configuration' | 'files'>,
  { merchant, version, file }: { merchant: Merchant; version: number; file: MerchantFile },
  { event, ...by }: { event: MerchantEvent; at: Date; by: string; reason: string },
): { readonly status: MerchantStatus; readonly writes: readonly Write[] } => {
  const status = merchants.next(merchant.status, event);
  if (!status) return refuse(`the merchant is ${merchant.status}`);
  return {
    status,
    writes: [
      configuration.write('merchant', { row: { ...merchant, status }, version }),
      files.write({ ...file, standing: { ...by, status } }),
    ],
  };
};

/** For so long a function may still believe what a merchant was before. */
const believedForSeconds = 60;

/** What is the merchant's, or may yet become so: money of these stands in the way of its closing. */
const itsMoney = [
  'merchant_pending',
  'merchant_available',
  'merchant_held',
  'payout_in_transit',
  'suspense',
] as const satisfies readonly Account['subject'][];

const refuse = (detail: string): never => {
  throw new Failure('action_not_possible', { detail });
};

/** Nobody is closed with money of theirs here, or on its way. */
const checkEmpty = async (deps: Deps, { merchant_id, standing: since }: MerchantFile): Promise<void> => {
  if (since && deps.now().getTime() - since.at.getTime() < believedForSeconds * 1_000)
    refuse(`wait until it has been suspended for ${believedForSeconds} s: something may be beginning just now`);
  const under = await deps.inFlight(merchant_id);
  if (under.length > 0) refuse(`not over yet: ${under.slice(0, 5).join(', ')}${under.length > 5 ? ' and more' : ''}`);
  const accounts = await deps.accountsOf(merchant_id);
  const left = accounts.filter(({ subject, balance }) => itsMoney.some((each) => each === subject) && balance !== 0n);
  if (left.length === 0) return;
  refuse(
    `money stands in ${left.map(({ subject, balance, currency }) => `${subject} ${balance} ${currency}`).join(', ')}`,
  );
};

const eventTo = (from: MerchantStatus, to: WantedStatus): MerchantEvent => {
  if (to === 'active') return 'resume';
  if (to === 'closed') return 'close';
  return from === 'closed' ? 'reopen' : 'suspend';
};

/**
 * Suspends a merchant, lets it go on, or closes it, for a reason that stands in the audit. What it is already it stays, without a
 * word: asked twice is once.
 */
export const changeStatus = async (
  deps: Deps,
  operator: Operator,
  { id, status: wanted, reason }: { id: Merchant['id']; status: WantedStatus; reason: string },
): Promise<MerchantStatus> => {
  const read = await standing(deps, id);
  const { merchant, file } = read;
  if (merchant.status === wanted) return wanted;
  const event = eventTo(merchant.status, wanted);
  const { status, writes } = becoming(deps, read, { event, at: deps.now(), by: operator.id, reason });
  if (event === 'close') await checkEmpty(deps, file);
  const act: Act = {
    action: 'replace',
    subject: { kind: 'merchant', id },
    before: { status: merchant.status },
    after: { status, reason },
  };
  const refusals = await deps.audited(operator, act, ...writes);
  if (refusals.length > 0) throw new Failure('conflict', { detail: 'somebody else has changed it: read it again' });
  return status;
};
