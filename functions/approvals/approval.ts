import { isDeepStrictEqual } from 'node:util';

import * as z from 'zod';

import { Instant } from '#kernel/business-date.ts';
import { IdOf } from '#kernel/id.ts';
import { machine } from '#kernel/machine.ts';
import { Currency } from '#kernel/money.ts';
import { Leg, type Journal } from '#ledger/journal.ts';
import { Owner } from '#ledger/account.ts';
import { versioned } from '#platform/rows.ts';

import { Task } from './task.ts';

export const ApprovalStatus = z.enum(['pending', 'approved', 'refused', 'stale']);
export type ApprovalStatus = z.infer<typeof ApprovalStatus>;

/** Decided once. `outdate`: what would happen is no longer what was submitted, so nobody may approve it any more. */
export const approvals = machine<ApprovalStatus, 'approve' | 'refuse' | 'outdate'>({
  pending: { approve: 'approved', refuse: 'refused', outdate: 'stale' },
  approved: {},
  refused: {},
  stale: {},
});

const Named = z.object({ kind: z.string(), id: z.string() });
const Standing = z.record(z.string(), z.json());

/** What an approval would do: how things stand and would stand, and what would be booked, without the date of booking. */
export const Preview = z.object({
  changes: z.array(z.object({ subject: Named, before: Standing, after: Standing })),
  journals: z.array(z.object({ owner: Owner, currency: Currency, legs: z.array(Leg) })),
});
export type Preview = z.infer<typeof Preview>;

const asKept = (preview: Preview): unknown => JSON.parse(JSON.stringify(z.encode(Preview, preview)));

/** Whether two previews say the same, as they stand in rows. */
export const isSame = (a: Preview, b: Preview): boolean => isDeepStrictEqual(asKept(a), asKept(b));

export const booked = (journals: readonly Journal[]): Preview['journals'] =>
  journals.map(({ owner, currency, legs }) => ({ owner, currency, legs }));

/** 制单/复核: what one has submitted and another decides. What it is about waits for it meanwhile. */
export const Approval = z.object({
  id: IdOf('apr'),
  ...versioned,
  kind: z.string(),
  subject: Named,
  task: Task,
  preview: Preview,
  status: ApprovalStatus,
  /** The subject of the maker's token, or the app whose request it was. */
  made_by: z.string(),
  made_at: Instant,
  /** What the maker says to whoever checks it. */
  note: z.string().optional(),
  decided_by: z.string().optional(),
  decided_at: Instant.optional(),
  /** Why it was refused. */
  reason: z.string().optional(),
});
export type Approval = z.infer<typeof Approval>;
export type ApprovalId = Approval['id'];

export const ApprovalView = Approval.omit({ version: true }).extend({
  note: z.string().nullable(),
  decided_by: z.string().nullable(),
  decided_at: Instant.nullable(),
  reason: z.string().nullable(),
});

export const approvalView = (approval: Approval): z.input<typeof ApprovalView> =>
  z.encode(ApprovalView, {
    ...approval,
    note: approval.note ?? null,
    decided_by: approval.decided_by ?? null,
    decided_at: approval.decided_at ?? null,
    reason: approval.reason ?? null,
  });
