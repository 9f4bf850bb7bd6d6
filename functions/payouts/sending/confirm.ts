import { booked } from '#approvals/approval.ts';
import type { ApprovalId } from '#approvals/approval.ts';
import type { Plan } from '#approvals/plan.ts';
import type { ConfirmTask } from '#approvals/task.ts';
import type { TransferOutcome } from '#channels/transfer.ts';
import { Failure } from '#kernel/failure.ts';
import type { Write } from '#platform/commit.ts';
import type { ReceiptStore } from '#remittances/store.ts';

import { journalsSince } from '../journals.ts';
import { heard, type Payout } from '../payout.ts';
import { changeWrites, type Deps as SendDeps } from './send-payout.ts';
import { sentBackWrites } from './sent-back.ts';

type Deps = Pick<SendDeps, 'payouts' | 'ledger' | 'now'> & {
  readonly receipts: Pick<ReceiptStore, 'get' | 'write'>;
};

/** What the bank said, as any channel would have said it. */
const outcomeOf = ({ result, reference, at }: ConfirmTask): TransferOutcome => {
  const failure = { code: `bank_${result}`, message: reference };
  if (result === 'arrived') return { kind: 'succeeded', channelTradeNo: reference, at };
  return result === 'failed' ? { kind: 'failed', failure } : { kind: 'returned', failure, at };
};

const refuse = (detail: string): never => {
  throw new Failure('action_not_possible', { detail });
};

const after = (payout: Payout, task: ConfirmTask, now: Date): Payout => {
  if (!payout.by_hand) return refuse('its channel says what becomes of it');
  // Nobody transfers what nobody has approved.
  if (payout.status === 'pending_approval') return refuse('it waits for its checker');
  if (task.at > now) return refuse('that is still to come');
  // What comes back must have gone: that it arrived is confirmed first, with the bank's reference of the transfer.
  if (task.result === 'returned' && !payout.succeeded) return refuse('nobody has confirmed that it had arrived');
  // A second reference of one transfer is a slip of the pen, not money.
  if (task.result === 'arrived' && payout.succeeded) return refuse(`it is ${payout.status}`);
  const heardOf = heard(payout, outcomeOf(task), now);
  return heardOf === payout ? refuse(`it is ${payout.status}`) : heardOf;
};

const showing = ({ status, amount, currency, payee }: Payout) => ({ status, amount: Number(amount), currency, payee });

/**
 * 线下出款: what a bank says of a transfer that a person has made there, said by one and confirmed by another. It is booked as it
 * would be if a channel had said so.
 */
export const confirmPlanner = (deps: Deps) => ({
  plan: async (task: ConfirmTask, holder: ApprovalId | undefined): Promise<Plan> => {
    const payout = await deps.payouts.get(task.payout_id);
    if (payout.confirmation_id !== holder) return refuse('another word of the bank waits for its checker');
    const confirmed = { ...after(payout, task, deps.now()), confirmation_id: undefined };
    const subject = { kind: 'payout', id: payout.id };
    const beside = await sentBackWrites(deps, payout, confirmed);
    const said = { reference: task.reference, at: task.at.toISOString() };
    return {
      subject,
      preview: {
        changes: [{ subject, before: showing(payout), after: { ...showing(confirmed), ...said } }],
        journals: booked(journalsSince(payout, confirmed)),
      },
      lock: (by) => [deps.payouts.write({ ...payout, confirmation_id: by })],
      writes: () => [...changeWrites(deps, payout, confirmed), ...beside],
      behind: [],
    };
  },
  release: async ({ payout_id }: ConfirmTask, holder: ApprovalId): Promise<readonly Write[]> => {
    const payout = await deps.payouts.get(payout_id);
    return payout.confirmation_id === holder ? [deps.payouts.write({ ...payout, confirmation_id: undefined })] : [];
  },
  holderOf: async ({ payout_id }: ConfirmTask): Promise<ApprovalId | undefined> =>
    (await deps.payouts.get(payout_id)).confirmation_id,
});
