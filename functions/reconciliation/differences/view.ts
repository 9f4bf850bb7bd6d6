import * as z from 'zod';

import { businessDate, BusinessDate } from '#kernel/business-date.ts';
import { IdOf } from '#kernel/id.ts';
import { Currency, Sum } from '#kernel/money.ts';
import { StatementDay } from '#reconciliation/batch.ts';
import { ChannelLine, PlatformLine } from '#reconciliation/record.ts';

import { Action, actionsOf } from './actions.ts';
import { DifferenceKind, DifferenceStatus, Resolution, type Difference } from './difference.ts';

/** As the contract shows it, with both sides beside. */
export const DifferenceView = z.object({
  id: IdOf('dif'),
  batch_id: IdOf('bat').nullable(),
  record_id: IdOf('rec').nullable(),
  kind: DifferenceKind,
  amount: Sum,
  currency: Currency,
  status: DifferenceStatus,
  age_days: z.int().min(0),
  /** What can be submitted about it, the likeliest first. */
  actions: z.array(Action),
  channel_account_id: StatementDay.shape.channel_account_id,
  bill_date: BusinessDate,
  /** Of which kind of statement: 信息流 (trade) or 资金流 (fund). */
  statement: StatementDay.shape.kind,
  opened_on: BusinessDate,
  platform: PlatformLine.nullable(),
  channel: ChannelLine.nullable(),
  duplicate_of: IdOf('pay').nullable(),
  approval_id: IdOf('apr').nullable(),
  resolution: Resolution.nullable(),
});

const daySeconds = 86_400;

const daysBetween = (from: BusinessDate, to: BusinessDate): number =>
  (Date.parse(to) - Date.parse(from)) / (daySeconds * 1_000);

export const differenceView = (difference: Difference, now: Date): z.input<typeof DifferenceView> => {
  const { day, time_zone, opened_on, resolution } = difference;
  return z.encode(DifferenceView, {
    ...difference,
    channel_account_id: day.channel_account_id,
    bill_date: day.bill_date,
    statement: day.kind,
    age_days: Math.max(0, daysBetween(opened_on, businessDate(resolution?.at ?? now, time_zone))),
    actions: actionsOf(difference),
    duplicate_of: difference.duplicate_of ?? null,
    approval_id: difference.approval_id ?? null,
    resolution: resolution ?? null,
  });
};
