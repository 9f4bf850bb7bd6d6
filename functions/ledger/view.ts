import * as z from 'zod';

import { BusinessDate } from '#kernel/business-date.ts';
import { IdOf } from '#kernel/id.ts';
import { Currency, Sum, sum } from '#kernel/money.ts';

import { Account, accountId, change, chart, Kind, sides, Subject } from './account.ts';
import type { Journal } from './journal.ts';

export const AccountView = Account;

/** One leg of a journal, as the account it moved lists it. `amount` is how the balance changed. */
export const EntryView = z.object({
  journal_id: IdOf('jnl'),
  cause: z.string(),
  accounting_date: BusinessDate,
  side: z.enum(['debit', 'credit']),
  amount: Sum,
});

/** What a journal did to one account. */
export const entriesOf = (journal: Journal, id: string): z.input<typeof EntryView>[] =>
  journal.legs
    .filter(
      ({ subject, channel_account_id: channelAccountId }) =>
        accountId({ owner: journal.owner, subject, currency: journal.currency, channelAccountId }) === id,
    )
    .map(({ subject, side, amount }) =>
      z.encode(EntryView, {
        journal_id: journal.id,
        cause: journal.cause,
        accounting_date: journal.accounting_date,
        side,
        amount: change(subject, side, amount),
      }),
    );

export const TrialBalanceView = z.object({
  currency: Currency,
  debit: Sum,
  credit: Sum,
  /** Debit less credit: zero, or money has been made or lost. */
  difference: Sum,
  accounts: z.array(z.object({ subject: Subject, kind: Kind, debit: Sum, credit: Sum, balance: Sum })),
});

/** 试算平衡: every balance of a currency on its side, by subject. */
export const trialBalance = (accounts: readonly Account[], currency: string): z.input<typeof TrialBalanceView> => {
  const ofCurrency = accounts.filter((account) => account.currency === currency);
  const bySubject = [...Map.groupBy(ofCurrency, ({ subject }) => subject)].map(([subject, group]) => {
    const both = group.map(sides);
    return {
      subject,
      kind: chart[subject].kind,
      debit: sum(both.map(({ debit }) => debit)),
      credit: sum(both.map(({ credit }) => credit)),
      balance: sum(group.map(({ balance }) => balance)),
    };
  });
  const debit = sum(bySubject.map((row) => row.debit));
  const credit = sum(bySubject.map((row) => row.credit));
  return z.encode(TrialBalanceView, { currency, debit, credit, difference: debit - credit, accounts: bySubject });
};
