import type { ApprovalId } from '#approvals/approval.ts';
import type { Plan, Planner } from '#approvals/plan.ts';
import type { ActivateTask } from '#approvals/task.ts';
import { Failure } from '#kernel/failure.ts';
import type { Merchant } from '#merchants/merchant.ts';

import { standing, type Deps as FileDeps } from './change-file.ts';
import { becoming } from './change-status.ts';
import { masked, missingOf, type MerchantDocument, type MerchantFile } from './file.ts';
import { shownPayee } from './payout-account.ts';

export type Deps = Pick<FileDeps, 'configuration' | 'files' | 'now'> & {
  readonly isFiled: (document: MerchantDocument) => Promise<boolean>;
};

const refuse = (detail: string): never => {
  throw new Failure('action_not_possible', { detail });
};

type Read = Awaited<ReturnType<typeof standing>>;

/** The merchant, if nobody has decided about it: an applicant, or one that waits for this very approval. */
const freeFor = async (deps: Deps, { merchant_id }: ActivateTask, holder: ApprovalId | undefined): Promise<Read> => {
  const read = await standing(deps, merchant_id);
  const { status } = read.merchant;
  const isFree =
    holder === undefined ? status === 'applied' : status === 'reviewing' && read.file.approval_id === holder;
  return isFree ? read : refuse(`the merchant is ${status}`);
};

/** What has come of its documents. One that has not come, or is not what was announced, is none. */
const filedOf = async ({ isFiled }: Deps, { documents }: MerchantFile): Promise<MerchantDocument[]> => {
  const come = await Promise.all(documents.map(isFiled));
  return documents.filter((_, index) => come[index]);
};

/** Nobody is active without plans, an account to pay to and the documents that prove them. */
const checkWhole = (
  { fee_plan_id, settlement_plan_id }: Merchant,
  file: MerchantFile,
  filed: readonly MerchantDocument[],
) => {
  const lacks = [
    ...(fee_plan_id === undefined ? ['a fee plan'] : []),
    ...(settlement_plan_id === undefined ? ['a settlement plan'] : []),
    ...(file.particulars ? [] : ['what it is: holder, contacts, bank account']),
    ...missingOf(file, filed),
  ];
  if (lacks.length > 0) refuse(`it lacks ${lacks.join(', ')}`);
};

/** Its settlements are paid to the account that was filed, unless another was configured: whoever checks it sees which. */
const withAccount = ({ merchant, file }: Read): Merchant => {
  const account = file.particulars?.bank_account;
  return { ...merchant, payout_account: merchant.payout_account ?? (account && { kind: 'bank_account', ...account }) };
};

/** What whoever checks it sees: everything that is believed of the merchant from then on. */
const previewOf = (read: Read, filed: readonly MerchantDocument[]): Plan['preview'] => {
  const { file } = read;
  const account = file.particulars?.bank_account;
  const merchant = withAccount(read);
  const believed = {
    name: merchant.name,
    fee_plan_id: merchant.fee_plan_id ?? null,
    settlement_plan_id: merchant.settlement_plan_id ?? null,
    channel_account_ids: [...merchant.channel_account_ids],
    holder: file.particulars
      ? { ...file.particulars.holder, representative: file.particulars.holder.representative ?? null }
      : null,
    bank_account: account ? { ...account, account: masked(account.account) } : null,
    payout_account: shownPayee(merchant.payout_account),
    documents: filed.map(({ id, kind, name, sha256 }) => ({ id, kind, name, sha256 })),
  };
  const subject = { kind: 'merchant', id: merchant.id };
  return {
    changes: [{ subject, before: { status: 'applied' }, after: { status: 'active', ...believed } }],
    journals: [],
  };
};

/** 审核: an applicant becomes a merchant once somebody has read its documents who had no hand in them. */
export const reviewPlanner = (deps: Deps): Planner<ActivateTask> => ({
  plan: async (task, holder) => {
    const read = await freeFor(deps, task, holder);
    const filed = await filedOf(deps, read.file);
    checkWhole(read.merchant, read.file, filed);
    const at = deps.now();
    const submitted = (by: ApprovalId) => ({ ...read, file: { ...read.file, approval_id: by } });
    return {
      subject: { kind: 'merchant', id: read.merchant.id },
      preview: previewOf(read, filed),
      lock: (by) => becoming(deps, submitted(by), { event: 'submit', at, by, reason: 'submitted' }).writes,
      writes: (by) =>
        becoming(deps, { ...read, merchant: withAccount(read) }, { event: 'approve', at, by, reason: 'reviewed' })
          .writes,
      behind: [],
      notBy: read.file.written_by,
    };
  },

  /** Refused for a reason, it is rejected for good; what has only changed meanwhile is an applicant again. */
  release: async (task, holder, reason) => {
    const read = await standing(deps, task.merchant_id);
    if (read.merchant.status !== 'reviewing' || read.file.approval_id !== holder) return [];
    const said = { at: deps.now(), by: holder };
    return becoming(
      deps,
      { ...read, file: { ...read.file, approval_id: undefined } },
      reason === undefined
        ? { ...said, event: 'outdate', reason: 'what was submitted has changed' }
        : { ...said, event: 'refuse', reason },
    ).writes;
  },

  holderOf: async ({ merchant_id }) => {
    const { merchant, file } = await standing(deps, merchant_id);
    return merchant.status === 'reviewing' ? file.approval_id : undefined;
  },
});
