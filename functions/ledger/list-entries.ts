import { addDays, BusinessDate } from '#kernel/business-date.ts';
import { Failure } from '#kernel/failure.ts';
import * as z from 'zod';

import type { Account } from './account.ts';
import type { LedgerStore } from './store.ts';
import { entriesOf, type EntryView } from './view.ts';

interface Deps {
  readonly ledger: Pick<LedgerStore, 'journalsOn'>;
  readonly shards: readonly string[];
  readonly today: BusinessDate;
}

type Entry = z.input<typeof EntryView>;

/** Days that one call reads at most: a quiet account is read on with the cursor. */
const daysAtOnce = 31;
/** Where a list ends: nothing was booked before the platform was. */
const beginning: BusinessDate = '2026-01-01';

const Place = z.tuple([BusinessDate, z.string().regex(/^(|jnl_[0-9A-Z]{26})$/)]);
const cursorOf = (place: z.infer<typeof Place>) => Buffer.from(JSON.stringify(place)).toString('base64url');

const placeOf = (cursor: string): z.infer<typeof Place> => {
  try {
    return Place.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')));
  } catch {
    throw new Failure('invalid_request', { errors: [{ pointer: '/cursor', detail: 'not a cursor' }] });
  }
};

const journalsAtOnce = 100;

/** At least `limit` entries of one shard of a day, unless it has fewer: a journal need not touch this account. */
const entriesIn = async (
  { ledger }: Deps,
  account: Account,
  date: BusinessDate,
  shard: string,
  before: string,
  limit: number,
) => {
  const found: Entry[] = [];
  let from = before || undefined;
  for (;;) {
    const journals = await ledger.journalsOn(account.owner, date, shard, from, journalsAtOnce);
    found.push(...journals.flatMap((journal) => entriesOf(journal, account.id)));
    if (found.length >= limit || journals.length < journalsAtOnce) return found;
    from = journals.at(-1)?.id;
  }
};

const entriesOn = async (deps: Deps, account: Account, date: BusinessDate, before: string, limit: number) => {
  const found = await Promise.all(deps.shards.map((shard) => entriesIn(deps, account, date, shard, before, limit)));
  return found.flat().toSorted((a, b) => (a.journal_id < b.journal_id ? 1 : -1));
};

/** Not more of these than there is room for, and never a part of a journal: the next page begins after it. */
const wholeJournals = (entries: readonly Entry[], room: number): Entry[] => {
  const beyond = entries[room]?.journal_id;
  return entries.slice(0, room).filter(({ journal_id }) => journal_id !== beyond);
};

/** Entries by accounting date, newest first, then by journal. */
export const listEntries = async (
  deps: Deps,
  account: Account,
  { limit, cursor }: { limit: number; cursor?: string | undefined },
): Promise<{ data: Entry[]; next_cursor: string | null }> => {
  let [date, before] = cursor === undefined ? ([deps.today, ''] as const) : placeOf(cursor);
  const data: Entry[] = [];
  for (let days = 0; days < daysAtOnce; days += 1) {
    const entries = await entriesOn(deps, account, date, before, limit);
    const fitting = wholeJournals(entries, limit - data.length);
    // The first journal of a page is shown whole, also where it has more entries than were asked for.
    const isShown = fitting.length + data.length > 0;
    const taken = isShown ? fitting : entries.filter(({ journal_id }) => journal_id === entries[0]?.journal_id);
    data.push(...taken);
    if (taken.length < entries.length || data.length >= limit)
      return { data, next_cursor: cursorOf([date, taken.at(-1)?.journal_id ?? before]) };
    [date, before] = [addDays(date, -1), ''];
    if (date < beginning) return { data, next_cursor: null };
  }
  return { data, next_cursor: cursorOf([date, '']) };
};
