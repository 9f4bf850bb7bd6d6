import { booked, type ApprovalId } from '#approvals/approval.ts';
import type { Plan } from '#approvals/plan.ts';
import type { FundTask } from '#approvals/task.ts';
import type { ChannelAccount } from '#channels/account.ts';
import { businessDate } from '#kernel/business-date.ts';
import { Failure } from '#kernel/failure.ts';
import { credit, debit, journal } from '#ledger/journal.ts';
import type { LedgerStore } from '#ledger/store.ts';
import type { App } from '#merchants/app.ts';

export interface Deps {
  readonly ledger: Pick<LedgerStore, 'writes' | 'findJournal'>;
  readonly app: (id: string) => Promise<App | undefined>;
  readonly channelAccount: (id: string) => Promise<ChannelAccount | undefined>;
  readonly now: () => Date;
}

const refuse = (detail: string): never => {
  throw new Failure('action_not_possible', { detail });
};

/**
 * 理赔基金: money that the company has put into a channel account for claims, said with the number under which it stands there. One
 * number is booked once.
 */
export const fundPlanner = (deps: Deps) => ({
  plan: async (task: FundTask, _holder: ApprovalId | undefined): Promise<Plan> => {
    const { app_id, channel_account_id, amount, currency, reference } = task;
    const account = await deps.channelAccount(channel_account_id);
    if (!(await deps.app(app_id)) || !account) return refuse('there is no such app or channel account');
    const put = journal(
      {
        cause: `claims_fund#${app_id}#${channel_account_id}#${reference}`,
        owner: app_id,
        accounting_date: businessDate(deps.now(), account.time_zone),
        currency,
      },
      [debit('channel_clearing', amount, channel_account_id), credit('claims_fund', amount)],
    );
    for (const { id } of put) if (await deps.ledger.findJournal(id)) return refuse(`${reference} is booked already`);
    const subject = { kind: 'claims_fund', id: app_id };
    const after = { reference, channel_account_id, amount: Number(amount), currency };
    return {
      subject,
      preview: { changes: [{ subject, before: {}, after }], journals: booked(put) },
      lock: () => [],
      writes: () => deps.ledger.writes(put),
      behind: [],
    };
  },
  // Nothing waits for it: the same money said twice is booked once.
  release: async () => [],
  holderOf: async () => undefined,
});
