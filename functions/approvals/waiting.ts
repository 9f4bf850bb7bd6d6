import { Failure } from '#kernel/failure.ts';
import type { Write } from '#platform/commit.ts';

import type { ApprovalId, Preview } from './approval.ts';
import type { Plan } from './plan.ts';

/** What an app asked for and may not do alone: everything is reserved, and it is not sent before its approval. */
interface Waiting {
  readonly id: string;
  readonly status: string;
  readonly approval_id?: ApprovalId | undefined;
}

interface Sending<Noun extends Waiting> {
  readonly kind: string;
  readonly get: (id: string) => Promise<Noun>;
  readonly preview: (noun: Noun) => Preview;
  /** Whether it may be sent as things stand by now; refused, it goes on waiting. */
  readonly check: (noun: Noun) => Promise<unknown>;
  readonly approve: (noun: Noun) => Pick<Plan, 'writes' | 'afterwards'>;
  /** It fails: what was reserved is given back. */
  readonly undo: (noun: Noun, failure: { code: string; message: string }) => Promise<readonly Write[]>;
}

const isHeldBy = ({ status, approval_id }: Waiting, holder: ApprovalId | undefined) =>
  status === 'pending_approval' && approval_id === holder;

/** 复核: approved, it is sent; refused, it fails. What would happen does not change while it waits. */
export const sendingPlanner = <Noun extends Waiting>({ kind, get, preview, check, approve, undo }: Sending<Noun>) => ({
  plan: async (id: string, holder: ApprovalId | undefined): Promise<Plan> => {
    const noun = await get(id);
    if (!isHeldBy(noun, holder)) throw new Failure('action_not_possible', { detail: `the ${kind} is ${noun.status}` });
    await check(noun);
    return { subject: { kind, id }, preview: preview(noun), lock: () => [], behind: [], ...approve(noun) };
  },
  release: async (id: string, holder: ApprovalId, reason = 'it was not approved'): Promise<readonly Write[]> => {
    const noun = await get(id);
    return isHeldBy(noun, holder) ? undo(noun, { code: 'approval_refused', message: reason }) : [];
  },
  holderOf: async (id: string): Promise<ApprovalId | undefined> => {
    const { status, approval_id } = await get(id);
    return status === 'pending_approval' ? approval_id : undefined;
  },
});
