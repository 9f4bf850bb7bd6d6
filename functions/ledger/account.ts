import * as z from 'zod';

import { derivedId, IdOf, type Id } from '#kernel/id.ts';
import { Currency, Sum } from '#kernel/money.ts';

/**
 * 科目: the chart of accounts. `kind` decides on which side an account naturally stands; `floor` that it never goes below
 * zero. Platform accounts (clearing, cost, fee income) are kept as a sub-balance of each merchant and summed on read, so no
 * row is hot and every commit sums to zero.
 */
export const chart = {
  /** 渠道待清算: what a channel has collected and not yet paid out to us. */
  channel_clearing: { kind: 'asset', floor: false },
  /** 渠道成本 */
  channel_cost: { kind: 'expense', floor: false },
  /** 手续费收入 */
  fee_income: { kind: 'income', floor: false },
  /** 待结算 */
  merchant_pending: { kind: 'liability', floor: true },
  /** 可用余额 */
  merchant_available: { kind: 'liability', floor: true },
  /** 应收商户: what days below nothing took beyond what was available; the next releases pay it off. */
  merchant_receivable: { kind: 'asset', floor: true },
  /** 冻结: refunds under way. */
  merchant_held: { kind: 'liability', floor: true },
  /** 代付在途: payouts under way. */
  payout_in_transit: { kind: 'liability', floor: true },
  /** 代付应收: what left for payouts that had ended; owed to us until it comes back or a desk decides who bears it. */
  payout_receivable: { kind: 'asset', floor: false },
  /** 余额: what a user has with us. */
  user_balance: { kind: 'liability', floor: true },
  /** 预付卡 */
  prepaid_card: { kind: 'liability', floor: true },
  /** 钱包冻结: held on a balance or a card until it is posted, voided or expires. */
  wallet_held: { kind: 'liability', floor: true },
  /** 内部往来: what one owner has passed to another; over all owners it is zero. */
  internal_transfer: { kind: 'asset', floor: false },
  /** 理赔基金: what an app's company has set aside to compensate payers with. */
  claims_fund: { kind: 'liability', floor: true },
  /** 挂账: late, duplicate and mismatched receipts; only a desk moves them. */
  suspense: { kind: 'liability', floor: true },
  /** 核销损益: differences that the platform bears, or keeps. */
  write_off: { kind: 'expense', floor: false },
} as const;

export const Subject = z.enum([
  'channel_clearing',
  'channel_cost',
  'fee_income',
  'merchant_pending',
  'merchant_available',
  'merchant_receivable',
  'merchant_held',
  'payout_in_transit',
  'payout_receivable',
  'user_balance',
  'prepaid_card',
  'wallet_held',
  'internal_transfer',
  'claims_fund',
  'suspense',
  'write_off',
] satisfies (keyof typeof chart)[]);
export type Subject = z.infer<typeof Subject>;

/** Whose account it is: a merchant's, a user's of an app (会员), or the app's own. */
export const Owner = z.union([IdOf('mch'), IdOf('usr'), IdOf('app')]);
export type Owner = z.infer<typeof Owner>;

export const Kind = z.enum(['asset', 'liability', 'income', 'expense']);

/** An account is named by what it is, not numbered: owner, subject, currency, and the channel account for clearing. */
export interface AccountName {
  readonly owner: string;
  readonly subject: Subject;
  readonly currency: string;
  readonly channelAccountId?: string | undefined;
}

export const accountId = ({ owner, subject, currency, channelAccountId = '' }: AccountName): Id<'acc'> =>
  derivedId('acc', owner, subject, currency, channelAccountId);

const isDebitSide = (subject: Subject) => chart[subject].kind === 'asset' || chart[subject].kind === 'expense';

/** How a leg moves the balance of its account, which is kept positive on its natural side. */
export const change = (subject: Subject, side: 'debit' | 'credit', amount: bigint): bigint =>
  (side === 'debit') === isDebitSide(subject) ? amount : -amount;

export const Account = z.object({
  id: IdOf('acc'),
  subject: Subject,
  owner: Owner,
  kind: Kind,
  currency: Currency,
  channel_account_id: IdOf('chn').optional(),
  /** Of a user's accounts: the app whose user it is. */
  app_id: IdOf('app').optional(),
  /** In minor units, positive on the natural side. */
  balance: Sum,
});
export type Account = z.infer<typeof Account>;

/** What a balance adds to the two sides of a trial balance. */
export const sides = ({ subject, balance }: Account): { debit: bigint; credit: bigint } => {
  const debit = isDebitSide(subject) ? balance : -balance;
  return debit >= 0n ? { debit, credit: 0n } : { debit: 0n, credit: -debit };
};
