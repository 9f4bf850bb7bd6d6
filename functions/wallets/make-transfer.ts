import type * as z from 'zod';

import { businessDate } from '#kernel/business-date.ts';
import { Failure } from '#kernel/failure.ts';
import type { App } from '#merchants/app.ts';
import { contend, lost } from '#platform/contend.ts';

import { booksTimeZone, chargeable } from './app-holds.ts';
import type { Deps as HoldDeps } from './end-hold.ts';
import type { TransferToMake } from './operations.ts';
import type { TransferStore } from './store.ts';
import { transferId, transferJournals, type Transfer } from './transfer.ts';

export type Deps = HoldDeps & { readonly transfers: TransferStore };

const sameAgain = (existing: Transfer, asked: z.output<typeof TransferToMake>): Transfer => {
  const same =
    existing.from.account_id === asked.from &&
    existing.to.account_id === asked.to &&
    existing.amount === asked.amount &&
    existing.currency === asked.currency &&
    existing.reason === asked.reason;
  if (!same) throw new Failure('idempotency_conflict');
  return existing;
};

/** One transaction: the transfer, its journals and both balances, under the condition that the first suffices. */
export const makeTransfer = async (
  deps: Deps,
  app: App,
  asked: z.output<typeof TransferToMake>,
): Promise<{ transfer: Transfer; isNew: boolean }> => {
  const id = transferId(app.id, asked.merchant_transfer_id);
  const found = await deps.transfers.find(id);
  if (found) return { transfer: sameAgain(found, asked), isNew: false };
  if (asked.from === asked.to)
    throw new Failure('account_not_chargeable', { detail: 'a transfer is between two accounts' });
  const [from, to] = [
    await chargeable(deps, app, asked.from, asked.currency),
    await chargeable(deps, app, asked.to, asked.currency),
  ];
  return contend(async () => {
    const now = deps.now();
    const transfer: Transfer = {
      id,
      version: 0,
      app_id: app.id,
      merchant_transfer_id: asked.merchant_transfer_id,
      from,
      to,
      amount: asked.amount,
      currency: asked.currency,
      reason: asked.reason,
      created_at: now,
      booked_on: businessDate(now, booksTimeZone),
    };
    const account = { owner: from.owner, subject: from.subject, currency: asked.currency };
    const refusals = await deps.commit([
      deps.transfers.write(transfer),
      ...deps.ledger.writes(transferJournals(transfer), [{ account, atLeast: asked.amount }]),
    ]);
    if (refusals.length === 0) return { transfer: { ...transfer, version: 1 }, isNew: true };
    const byCondition = refusals.filter(({ reason }) => reason === 'condition');
    const existing = byCondition.find(({ index }) => index === 0);
    if (existing?.row) return { transfer: sameAgain(deps.transfers.parse(existing.row), asked), isNew: false };
    if (byCondition.length > 0) throw new Failure('insufficient_balance');
    return lost;
  });
};

export const transferOf = async ({ transfers }: Pick<Deps, 'transfers'>, app: App, id: string): Promise<Transfer> => {
  const transfer = await transfers.find(id);
  if (!transfer || transfer.app_id !== app.id) throw new Failure('not_found');
  return transfer;
};
