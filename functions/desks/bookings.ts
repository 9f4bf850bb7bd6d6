import { booked } from '#approvals/approval.ts';
import type { DifferenceTask } from '#approvals/task.ts';
import { businessDate } from '#kernel/business-date.ts';
import { Failure } from '#kernel/failure.ts';
import { greatest } from '#kernel/money.ts';
import { credit, debit, journal, type Journal, type Leg } from '#ledger/journal.ts';
import type { Subject } from '#ledger/account.ts';
import type { Merchant } from '#merchants/merchant.ts';
import { placeOf } from '#payments/payment.ts';
import { sourceOf } from '#payouts/payout.ts';
import type { PayoutStore } from '#payouts/store.ts';
import { grossGap } from '#reconciliation/differences/actions.ts';
import type { Difference } from '#reconciliation/differences/difference.ts';

import type { Deps as HeldDeps } from './held-money.ts';
import type { Dealt } from './open-difference.ts';

export type Deps = HeldDeps & {
  readonly payouts: Pick<PayoutStore, 'find'>;
  readonly merchant: (id: string) => Promise<Merchant | undefined>;
};

type Booking = Extract<DifferenceTask, { readonly kind: 'write_off' | 'adjust' | 'recover' }>;

/** Whose books carry it, and what stands there against the channel's clearing. */
interface Bearer {
  readonly owner: Journal['owner'];
  readonly subject: Subject;
}

const signed = (subject: Subject, amount: bigint, account?: Leg['channel_account_id']): Leg =>
  amount < 0n ? credit(subject, -amount, account) : debit(subject, amount, account);

/** Whose the trade is, as far as either side says. */
const sayWhose = async (
  { payments, refunds }: Deps,
  { platform, channel }: Difference,
): Promise<string | undefined> => {
  if (platform) return platform.merchantId;
  const place = channel && placeOf(channel.channelOrderNo);
  const payment = place && (await payments.find(place.id));
  if (payment) return payment.merchant_id;
  return channel?.refundNo === undefined ? undefined : (await refunds.find(`rfd_${channel.refundNo}`))?.merchant_id;
};

/** Whose books carry it: whoever's the trade is; what is nobody's, the merchant's that the maker names. */
const ownerOf = async (deps: Deps, difference: Difference, named: string | undefined): Promise<Journal['owner']> => {
  const known = await sayWhose(deps, difference);
  const merchant = await deps.merchant(known ?? named ?? '');
  if (merchant && (known === undefined || named === undefined || named === known)) return merchant.id;
  const detail = known === undefined ? 'name the merchant whose books carry it' : `it is ${known}’s`;
  throw new Failure('invalid_request', { errors: [{ pointer: '/task/merchant_id', detail }] });
};

/** The platform's own result in the merchant's books, or the merchant's balance; of a payout, what that was taken from. */
const bearerOf = async (deps: Deps, difference: Difference, task: Booking): Promise<Bearer> => {
  const owner = await ownerOf(deps, difference, task.merchant_id);
  if (task.kind === 'write_off') return { owner, subject: 'write_off' };
  const { platform } = difference;
  const payout = platform?.id.startsWith('pyt_') ? await deps.payouts.find(platform.id) : undefined;
  return payout ? sourceOf(payout) : { owner, subject: 'merchant_available' };
};

/** Named by the trade, not by the difference: what a trade statement and a fund statement both show is booked once. */
const causeOf = ({ day, platform, channel }: Difference): string => {
  const { kind, channelOrderNo, channelTradeNo, refundNo = '' } = channel ?? platform ?? missing();
  return ['difference', day.channel_account_id, kind, channelOrderNo, channelTradeNo, refundNo].join('#');
};

const missing = (): never => {
  throw new Failure('action_not_possible', { detail: 'it has neither side' });
};

/** No money moves for what is only a slip of the file, or a word for it. */
const isMoney = ({ kind }: Difference) => kind !== 'duplicate_channel_line' && kind !== 'status_mismatch';

/** Of a refund that its channel never made: the share of our fee that had gone back to the merchant with it. */
const feeGivenBack = async ({ refunds }: Deps, { kind, platform }: Difference, task: Booking): Promise<bigint> =>
  task.kind === 'adjust' && kind === 'platform_only' && platform?.kind === 'refund'
    ? ((await refunds.find(platform.id))?.fee_returned ?? 0n)
    : 0n;

/** Our clearing and cost become what the statement says; the rest is the counterpart's. */
const journalsOf = (
  difference: Difference,
  { owner, subject }: Bearer,
  { feeBack, now }: { feeBack: bigint; now: Date },
): Journal[] => {
  const { platform, channel, day, currency, time_zone } = difference;
  const gross = grossGap(difference);
  const fee = (channel?.fee ?? 0n) - (platform?.fee ?? 0n);
  return journal({ cause: causeOf(difference), owner, accounting_date: businessDate(now, time_zone), currency }, [
    signed('channel_clearing', gross - fee, day.channel_account_id),
    signed('channel_cost', fee, day.channel_account_id),
    signed(subject, feeBack - gross),
    credit('fee_income', feeBack),
  ]);
};

/** What the channel took for a payout that is taken in: the platform's cost, named as a later word of the same line names it. */
export const feeOfLine = async (
  { ledger, now }: Pick<Deps, 'ledger' | 'now'>,
  difference: Difference,
  owner: Journal['owner'],
): Promise<Journal[]> => {
  const { channel, day, currency, time_zone } = difference;
  const of = { cause: causeOf(difference), owner, accounting_date: businessDate(now(), time_zone), currency };
  const journals = journal(of, [
    signed('channel_clearing', -(channel?.fee ?? 0n), day.channel_account_id),
    signed('channel_cost', channel?.fee ?? 0n, day.channel_account_id),
  ]);
  const known = await Promise.all(journals.map(({ id }) => ledger.findJournal(id)));
  return journals.filter((_, index) => known[index] === undefined);
};

/** 核销, 调账, 追款: the books follow the statement. What has been booked for the same trade is not booked again. */
export const bookDifference = async (deps: Deps, difference: Difference, task: Booking): Promise<Dealt> => {
  const bearer = isMoney(difference) ? await bearerOf(deps, difference, task) : undefined;
  const feeBack = await feeGivenBack(deps, difference, task);
  const planned = bearer ? journalsOf(difference, bearer, { feeBack, now: deps.now() }) : [];
  const known = await Promise.all(planned.map(({ id }) => deps.ledger.findJournal(id)));
  const journals = planned.filter((_, index) => known[index] === undefined);
  const taken = greatest(0n, -grossGap(difference));
  return {
    changes: [],
    journals: booked(journals),
    writes: deps.ledger.writes(
      journals,
      bearer && task.kind === 'recover'
        ? [{ account: { ...bearer, currency: difference.currency }, atLeast: taken }]
        : [],
    ),
    behind: [],
  };
};
