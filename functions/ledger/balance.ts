import type { BusinessDate } from '#kernel/business-date.ts';
import { shardOf } from '#kernel/id.ts';
import type { Write } from '#platform/commit.ts';
import { books } from '#platform/table.ts';

import { accountId, change, chart, type AccountName } from './account.ts';
import type { Journal } from './journal.ts';

/** A condition on one balance that must hold in the same transaction. */
export interface Guard {
  readonly account: AccountName;
  /** The balance suffices for a debit of this size. */
  readonly atLeast?: bigint;
  /** This business date of the channel account is not released yet; the debit is counted, so that a release sees it. */
  readonly unreleased?: { readonly channelAccountId: string; readonly date: BusinessDate };
  /** The release of a day: from the watermark that was read, and nothing debited meanwhile. */
  readonly release?: { readonly channelAccountId: string; readonly date: BusinessDate; readonly read: PendingState };
}

/** What guards the pending balance: how many debits there were, and through which date each channel account is released. */
export interface PendingState {
  readonly debits: number;
  readonly releasedThrough: BusinessDate | undefined;
}

export const releasedAttribute = (channelAccountId: string) => `released#${channelAccountId}`;

/** The entry of the `list` index under which an owner's accounts are found: sixteen for all owners. */
export const accountList = (owner: string) => `accounts#${shardOf(owner, 16)}`;

interface Condition {
  readonly conditions: string[];
  readonly names: Record<string, string>;
  readonly values: Record<string, unknown>;
  readonly also: { set: string[]; add: string[] };
}

const conditionOf = (guard: Guard | undefined): Condition => {
  const found: Condition = { conditions: [], names: {}, values: {}, also: { set: [], add: [] } };
  if (!guard) return found;
  if (guard.atLeast !== undefined) {
    found.conditions.push('balance >= :floor');
    found.values[':floor'] = guard.atLeast;
  }
  const watermark = guard.unreleased ?? guard.release;
  if (watermark) {
    found.names['#released'] = releasedAttribute(watermark.channelAccountId);
    // A day that is released after later ones does not move the watermark back.
    const through = guard.release?.read.releasedThrough ?? '';
    found.values[':date'] = through > watermark.date ? through : watermark.date;
  }
  if (guard.unreleased) {
    found.conditions.push('(attribute_not_exists(#released) OR #released < :date)');
    found.values[':one'] = 1;
    found.also.add.push('debits :one');
  }
  if (guard.release) {
    const { debits, releasedThrough } = guard.release.read;
    found.conditions.push(debits === 0 ? 'attribute_not_exists(debits)' : 'debits = :debits');
    if (debits > 0) found.values[':debits'] = debits;
    found.conditions.push(releasedThrough === undefined ? 'attribute_not_exists(#released)' : '#released = :through');
    if (releasedThrough !== undefined) found.values[':through'] = releasedThrough;
    found.also.set.push('#released = :date');
  }
  return found;
};

/** One balance moved, under its guard. The row is made by the first posting that touches it. */
export const balanceWrite = (table: string, name: AccountName, by: bigint, guard: Guard | undefined): Write => {
  const { conditions, names, values, also } = conditionOf(guard);
  const set = [
    '#subject = :subject',
    '#owner = :owner',
    'kind = :kind',
    'currency = :currency',
    '#list = :list',
    'listed_at = :at',
  ];
  if (name.channelAccountId) set.push('channel_account_id = :channel');
  return {
    Update: {
      TableName: table,
      Key: { pk: accountId(name) },
      UpdateExpression: `SET ${[...set, 'id = :id', ...also.set].join(', ')} ADD ${['balance :by', ...also.add].join(', ')}`,
      ...(conditions.length > 0 && { ConditionExpression: conditions.join(' AND ') }),
      ExpressionAttributeNames: { '#subject': 'subject', '#owner': 'owner', '#list': books.list.partition, ...names },
      ExpressionAttributeValues: {
        ':id': accountId(name),
        ':subject': name.subject,
        ':owner': name.owner,
        ':kind': chart[name.subject].kind,
        ':currency': name.currency,
        ':list': accountList(name.owner),
        ':at': `${name.owner}#${name.subject}#${name.currency}#${name.channelAccountId ?? ''}`,
        ':by': by,
        ...(name.channelAccountId && { ':channel': name.channelAccountId }),
        ...values,
      },
    },
  };
};

/** The changes of all journals, one for each account. */
export const changesOf = (posted: readonly Journal[]) => {
  const changes = new Map<string, { name: AccountName; by: bigint }>();
  for (const { owner, currency, legs } of posted)
    for (const { subject, channel_account_id: channelAccountId, side, amount } of legs) {
      const name = { owner, subject, currency, channelAccountId };
      const by = (changes.get(accountId(name))?.by ?? 0n) + change(subject, side, amount);
      changes.set(accountId(name), { name, by });
    }
  return [...changes.values()];
};
