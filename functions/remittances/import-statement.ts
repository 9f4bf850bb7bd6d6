import type { ChannelAccount } from '#channels/account.ts';
import { identified, type BankEntry, type BankStatement } from '#channels/bank-statement.ts';
import { IdOf } from '#kernel/id.ts';
import { invariant } from '#kernel/failure.ts';
import type { LedgerStore } from '#ledger/store.ts';
import type { Payment } from '#payments/payment.ts';
import type { Commit } from '#platform/commit.ts';
import { contend, lost } from '#platform/contend.ts';

import { isToldBy, matchOf } from './match.ts';
import { heldJournals, receiptOf, type BankReceipt } from './receipt.ts';
import { referencesIn } from './reference.ts';
import type { AdviceStore, ReceiptStore } from './store.ts';

export interface Deps {
  readonly receipts: Pick<ReceiptStore, 'getMany' | 'write' | 'pointer' | 'referred'>;
  readonly advices: Pick<AdviceStore, 'sought'>;
  readonly payments: { readonly find: (id: string) => Promise<Payment | undefined> };
  readonly ledger: Pick<LedgerStore, 'writes'>;
  readonly commit: Commit;
  readonly now: () => Date;
}

/** A transaction holds a hundred writes: of each entry its row, its place and its journal, and the balances that they share. */
const entriesAtOnce = 30;

/** The payments that a text names, each once. */
export const namedIn = async (
  {
    receipts,
    payments,
  }: { readonly receipts: Pick<ReceiptStore, 'referred'>; readonly payments: Pick<Deps['payments'], 'find'> },
  text: string,
): Promise<Payment[]> => {
  const ids = await Promise.all(referencesIn(text).map((reference) => receipts.referred(reference)));
  const known = new Set(ids.filter((id) => id !== undefined));
  const found = await Promise.all([...known].map((id) => payments.find(id)));
  return found.filter((payment) => payment !== undefined);
};

/** The payments of which somebody has told that they were paid by just such a transfer. */
const toldOf = async ({ advices, payments }: Deps, receipt: BankReceipt): Promise<Payment[]> => {
  const files = await advices.sought(receipt.channel_account_id, receipt.amount, receipt.currency);
  const telling = files.filter((file) => file.advices.some((advice) => isToldBy(advice, receipt)));
  const found = await Promise.all(telling.map(({ payment_id }) => payments.find(payment_id)));
  return found.filter((payment) => payment !== undefined);
};

/** Whose an entry is, by the references in its text; where there are none, by what was told. */
const matched = async (deps: Deps, receipt: BankReceipt): Promise<BankReceipt> => {
  if (receipt.amount <= 0n) return receipt;
  const account = receipt.channel_account_id;
  const named = await namedIn(deps, receipt.text);
  if (named.length > 0) return { ...receipt, ...matchOf(receipt, account, named) };
  const told = matchOf(receipt, account, await toldOf(deps, receipt));
  return { ...receipt, ...told, ...(told.payment_id && { by_advice: true as const }) };
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
    const there = await deps.receipts.getMany(entries.map(({ id }) => id));
    const known = new Set<string>(there.map(({ id }) => id));
    const fresh = entries.filter(({ id }) => !known.has(id));
    // Brought by this very file when it was read before, and not to its end.
    const before = there.filter(({ object_key }) => object_key === objectKey).length;
    if (fresh.length === 0) return before;
    const made = await Promise.all(
      fresh.map(({ id, entry }) =>
        matched(deps, receiptOf(entry, { id, account, heldBy, objectKey, now: deps.now() })),
      ),
    );
    const rows = made.flatMap((receipt) => [deps.receipts.write(receipt), ...deps.receipts.pointer(receipt)]);
    const writes = [...rows, ...deps.ledger.writes(made.flatMap(heldJournals))];
    return (await deps.commit(writes)).length === 0 ? before + made.length : lost;
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
