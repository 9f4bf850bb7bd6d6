import * as z from 'zod';

/** Minor units arrive as JSON integers and become exact at once. */
const Fen = z.int().transform(BigInt);
const Tally = z.object({ count: z.int(), amount: Fen });
const Sum = z.object({ amount: Fen });

export const list = <T extends z.ZodType>(item: T) =>
  z.object({ data: z.array(item), next_cursor: z.string().nullable() });

const Attempt = z.object({
  channel_order_no: z.string(),
  channel_trade_no: z.string().nullable(),
  status: z.string(),
  action: z
    .object({
      type: z.string(),
      content: z.string().optional(),
      url: z.string().optional(),
      fields: z.record(z.string(), z.string()).optional(),
    })
    .nullable(),
});

export const Payment = z.object({
  id: z.string(),
  merchant_order_id: z.string(),
  amount: Fen,
  amount_refunded: Fen,
  currency: z.string(),
  status: z.string(),
  close_reason: z.string().nullable(),
  paid_at: z.string().nullable(),
  fee: Fen.nullable(),
  attempts: z.array(Attempt),
});
export type Payment = z.infer<typeof Payment>;

export const Refund = z.object({ id: z.string(), amount: Fen, fee_returned: Fen, status: z.string() });
export type Refund = z.infer<typeof Refund>;

export const Account = z.object({
  id: z.string(),
  subject: z.string(),
  owner: z.string(),
  currency: z.string(),
  balance: Fen,
});
export type Account = z.infer<typeof Account>;

export const Recharge = z.object({ id: z.string(), status: z.string(), payment: Payment });

export const Transfer = z.object({ id: z.string() });

export const TrialBalance = z.object({
  currency: z.string(),
  debit: Fen,
  credit: Fen,
  difference: Fen,
});

const Side = { payments: Tally, refunds: Tally, fees: Sum };

export const Batch = z.object({
  id: z.string(),
  version: z.int(),
  status: z.string(),
  verdict: z.string().nullable(),
  object_sha256: z.string().nullable(),
  error: z.object({ line: z.int(), reason: z.string() }).nullable(),
  statistics: z
    .object({
      platform: z.object(Side),
      channel: z.object(Side),
      bridge: z.object({ platform: Fen, channel: Fen, explained: Fen, residual: Fen }),
    })
    .nullable(),
});
export type Batch = z.infer<typeof Batch>;

const Line = z.object({ channel_order_no: z.string(), amount: Fen, fee: Fen, status: z.string() });

export const Record = z.object({
  id: z.string(),
  result: z.string(),
  kind: z.enum(['payment', 'refund']),
  platform: Line.extend({ id: z.string() }).nullable(),
  channel: Line.extend({ line: z.int() }).nullable(),
  difference_id: z.string().nullable(),
});
export type Record = z.infer<typeof Record>;

export const Difference = z.object({
  id: z.string(),
  kind: z.string(),
  status: z.string(),
  platform: z.object({ id: z.string() }).nullable(),
});

export const Approval = z.object({
  id: z.string(),
  status: z.string(),
  subject: z.object({ id: z.string() }),
});

export const Payout = z.object({ id: z.string(), status: z.string(), channel_transfer_no: z.string() });
export type Payout = z.infer<typeof Payout>;

export const Settlement = z.object({
  id: z.string(),
  merchant_id: z.string(),
  channel_account_id: z.string(),
  business_date: z.string(),
  payments: Tally,
  refunds: Tally,
  fees: Sum,
  net: Fen,
  withheld: z.array(z.unknown()),
  status: z.string(),
  statement_url: z.string().nullable(),
  payout: z.object({ amount: Fen, status: z.string(), approval_id: z.string().nullable() }).nullable(),
});
export type Settlement = z.infer<typeof Settlement>;

export const Event = z.object({
  type: z.string(),
  timestamp: z.string(),
  data: z.object({ id: z.string(), amount: Fen }),
});
