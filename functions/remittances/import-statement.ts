import type { ChannelAccount } from '#channels/account.ts';
import { identified, type BankEntry, type BankStatement } from '#channels/bank-statement.ts';
import { IdOf } from '#kernel/id.ts';
import { invariant } from '#kernel/failure.ts';
import type { LedgerStore } from '#ledger/store.ts';
import type { Payment } from '#payments/payment.ts';
import type { Commit } from '#platform/commit.ts';
import { contend, lost } from '#platform/contend.ts';

import { matchOf } from './match.ts';
import { heldJournals, receiptOf, type BankReceipt } from './receipt.ts';
import { referencesIn } from './reference.ts';
import type { ReceiptStore } from './store.ts';

export interface Deps {
  readonly receipts: Pick<ReceiptStore, 'getMany' | 'write' | 'referred'>;
  readonly payments: { readonly find: (id: string) => Promise<Payment | undefined> };
  readonly ledger: Pick<LedgerStore, 'writes'>;
  readonly commit: Commit;
  readonly now: () => Date;
}

/** A transaction holds a hundred writes: of each entry its row and its journal, and the balances that they share. */
const entriesAtOnce = 40;

/** The payments that a text names, each once. */
export const namedIn = async ({ receipts, payments }: Pick<Deps, 'receipts' | 'payments'>, text: string) => {
  const ids = await Promise.all(referencesIn(text).map((reference) => receipts.referred(reference)));
  const known = new Set(ids.filter((id) => id !== undefined));
  const found = await Promise.all([...known].map((id) => payments.find(id)));
  return found.filter((payment) => payment !== undefined);
};

interface Taken {
  readonly id: BankReceipt['id'];
  readonly entry: BankEntry;
}

/** Keeps entries with what they mean to the books; those that are there already are left as they are. */
const keep = (
  deps: Deps,
  entries: readonly Taken[],
  { account, heldBy, objectKey }: { account: ChannelAccount; heldBy: BankReceipt['merchant_id']; objectKey: string },
): Promise<number> =>
  contend(async () => {
    const known = new Set<string>((await deps.receipts.getMany(entries.map(({ id }) => id))).map(({ id }) => id));
    const fresh = entries.filter(({ id }) => !known.has(id));
    if (fresh.length === 0) return 0;
    const made = await Promise.all(
      fresh.map(async ({ id, entry }) => {
        const named = entry.amount > 0n ? await namedIn(deps, entry.text) : [];
        const origin = { id, account, heldBy, objectKey, now: deps.now() };
        return receiptOf(entry, origin, matchOf(entry, account.id, named));
      }),
    );
    const writes = [...made.map(deps.receipts.write), ...deps.ledger.writes(made.flatMap(heldJournals))];
    return (await deps.commit(writes)).length === 0 ? made.length : lost;
  });

/**
 * Takes in a bank's statements: every entry is kept once, and money that came is in the books from then on, in suspense. The same
 * file again, or another that overlaps with it, adds nothing. Killed anywhere it goes on where it was.
 */
export const importStatement = async (
  deps: Deps,
  {
    account,
    statements,
    objectKey,
  }: { account: ChannelAccount; statements: readonly BankStatement[]; objectKey: string },
): Promise<{ readonly entries: number; readonly added: number }> => {
  const heldBy = IdOf('mch').safeParse(account.settings['held_by']).data;
  invariant(heldBy !== undefined, `${account.id} does not say in whose books unknown money waits`);
  const entries = identified(
    account.id,
    statements.flatMap((statement) => statement.entries),
  );
  let added = 0;
  for (let at = 0; at < entries.length; at += entriesAtOnce)
    added += await keep(deps, entries.slice(at, at + entriesAtOnce), { account, heldBy, objectKey });
  return { entries: entries.length, added };
};
