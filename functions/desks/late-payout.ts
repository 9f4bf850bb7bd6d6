import { booked } from '#approvals/approval.ts';
import type { DifferenceTask } from '#approvals/task.ts';
import { Failure } from '#kernel/failure.ts';
import { decideLate, isOwed } from '#payouts/late-transfer.ts';
import { journalsSince } from '#payouts/journals.ts';
import { sourceOf, type Payout } from '#payouts/payout.ts';
import { changeWrites, type Deps as PayoutDeps } from '#payouts/sending/send-payout.ts';
import { sentBackWrites } from '#payouts/sending/sent-back.ts';
import { lateDifferenceId, type Difference } from '#reconciliation/differences/difference.ts';
import type { ReceiptStore } from '#remittances/store.ts';

import type { Dealt } from './open-difference.ts';

type Deps = Pick<PayoutDeps, 'payouts' | 'ledger' | 'now'> & { readonly receipts: Pick<ReceiptStore, 'get' | 'write'> };

const standing = ({ status, late = [] }: Payout, no: number) => ({
  status,
  trade_no: late[no]?.channel_trade_no ?? null,
  returned: late[no]?.returned !== undefined,
  borne: late[no]?.decided?.as ?? null,
});

/**
 * 追款, 核销 of money that left for a payout which had ended: the balance that it was given back to is charged, or the platform
 * bears it. What has come back meanwhile is resolved without a journal.
 */
export const settleLatePayout = async (deps: Deps, difference: Difference, task: DifferenceTask): Promise<Dealt> => {
  const { platform } = difference;
  if (!platform?.id.startsWith('pyt_'))
    throw new Failure('action_not_possible', { detail: 'it is about no payout of ours' });
  const payout = await deps.payouts.get(platform.id);
  const no = (payout.late ?? []).findIndex((_, each) => lateDifferenceId(payout.id, each) === difference.id);
  const late = payout.late?.[no];
  if (!late) throw new Failure('action_not_possible', { detail: 'the payout has no such money' });
  const charges = task.kind === 'recover';
  const after = decideLate(payout, no, charges ? 'charged' : 'written_off', deps.now());
  const journals = journalsSince(payout, after);
  // Given back to an entry that is nobody's: charged to suspense, that entry is sent back by now.
  const beside = await sentBackWrites(deps, payout, after);
  const account = { ...sourceOf(payout), currency: payout.currency };
  const guards = charges && isOwed(late) ? [{ account, atLeast: payout.amount }] : [];
  return {
    changes: [{ subject: { kind: 'payout', id: payout.id }, before: standing(payout, no), after: standing(after, no) }],
    journals: booked(journals),
    writes: after === payout ? [] : [...changeWrites(deps, payout, after, guards), ...beside],
    behind: [],
  };
};
