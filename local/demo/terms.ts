import type { Channel } from './stage.ts';

/** What was agreed, as a merchant knows its own contract. */
export const terms = {
  /** The merchant's fee, whatever the method: 1.00 %. */
  feePpm: 10_000n,
  /** What each channel keeps: 0.60 %. */
  costPpm: 6_000n,
  currency: 'CNY',
} as const;

/** How the payers of the day pay, and at which channel. */
export const methods = {
  wechat_native: 'wechat',
  alipay_qr: 'alipay',
  alipay_code: 'alipay',
  unionpay_qr: 'unionpay',
  unionpay_gateway: 'unionpay',
  unionpay_code: 'unionpay',
} as const satisfies Record<string, Channel>;
export type Method = keyof typeof methods;

/** The payments that have a story of their own. No two amounts of the day are alike, so that no error hides behind another. */
export const cast = {
  first: 12_880n,
  refusedOnce: 3_655n,
  callbackLost: 4_321n,
  callbackTwice: 7_707n,
  abandoned: 5_555n,
  late: 26_660n,
  /** Two refunds whose shares of the fee differ from their shares rounded one by one. */
  refundedInPart: { amount: 29_999n, refunds: [10_050n, 8_050n] },
  refundedInFull: 16_650n,
} as const;

/** Those who come with Alipay. */
export const alipayCast = {
  scanned: 3_199n,
  scannedTwiceTold: 61_250n,
  counter: 2_345n,
  withPassword: 87_654n,
  refundedInPart: { amount: 40_150n, refund: 13_350n },
} as const;

/** Those who come with UnionPay. */
export const unionpayCast = {
  scanned: 4_646n,
  scannedTwiceTold: 73_310n,
  counter: 2_727n,
  online: 39_390n,
  refundedInPart: { amount: 51_050n, refund: 17_350n },
} as const;

/** What payers' phones show at the counter; the sandbox takes the second for a payer who is asked for a password. */
export const payerCodes = {
  counter: '281234567890123456',
  withPassword: '281234567890110003',
  unionpay: '6212345678901234500',
} as const;

/** Whom the merchant pays. */
export const payees = {
  kept: { name: 'payout-kept', account: 'carpenter@example.com', amount: 12_121n },
  returned: { name: 'payout-returned', account: 'potter@example.com', amount: 23_232n },
} as const;

/** What a user with a balance does: recharges, pays with it alone, pays with it in part, has some back, gives some away. */
export const walletCast = {
  recharge: 50_000n,
  alone: 12_040n,
  composite: { held: 20_000n, charged: 10_000n, refund: 15_000n },
  given: 2_000n,
} as const;

/** A company that pays by bank transfer, in two parts that are together more than was asked for. */
export const transferCast = { asked: 888_801n, parts: [600_013n, 288_799n] } as const;

/** The others: from one fen to five million yuan, with the odd fen at which half-up, half-even and truncation part. */
export const crowd: readonly bigint[] = [
  1n,
  7n,
  49n,
  50n,
  83n,
  84n,
  149n,
  150n,
  199n,
  250n,
  333n,
  450n,
  583n,
  750n,
  888n,
  1_001n,
  1_250n,
  1_999n,
  2_550n,
  3_141n,
  4_250n,
  4_999n,
  5_850n,
  6_789n,
  7_750n,
  8_888n,
  9_950n,
  12_345n,
  15_050n,
  19_999n,
  23_450n,
  31_415n,
  45_678n,
  65_432n,
  98_765n,
  123_450n,
  271_828n,
  1_234_567n,
  13_579_111n,
  500_000_049n,
];

/** How the first bill of the day is made false: payments are named by their amounts. */
export const falsehoods = {
  missing: 45_678n,
  changed: { from: 65_432n, to: 66_332n },
  extra: { orderNo: 'NOBODYPLACEDTHIS0001', tradeNo: '4200009999202601010000000001', amount: 6_660n },
} as const;
