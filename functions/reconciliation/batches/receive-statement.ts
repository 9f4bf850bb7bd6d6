import type { ChannelAccount } from '#channels/account.ts';
import type { BankStatement } from '#channels/bank-statement.ts';
import type { ReadEntries } from '#channels/readers.ts';
import { StatementError } from '#channels/statement.ts';
import { count, log } from '#platform/log.ts';

import { batchIdOver, dayOfKey, sha256, type Batch, type StatementDay } from '#reconciliation/batch.ts';
import type { FoundObject } from '#reconciliation/files/store.ts';
import { openBatch, openOver, statementBytesMax, type OpenDeps } from './open-batch.ts';

export interface ReceiveDeps extends OpenDeps {
  readonly channelAccount: (id: string) => Promise<ChannelAccount | undefined>;
  /** How the entries of a bank account's file are read; nothing for accounts whose statements show trades. */
  readonly entriesOf?: (account: ChannelAccount) => ReadEntries | undefined;
  readonly importEntries?: (
    account: ChannelAccount,
    statements: readonly BankStatement[],
    file: { readonly day: StatementDay; readonly key: string },
  ) => Promise<void>;
  /** A file of entries that is not to be believed. */
  readonly noteRefused?: (batch: Batch, key: string) => Promise<void>;
}

/** Notices of S3 spell a key raw or URL-encoded, depending on the road they take. */
const spellings = (key: string): string[] => {
  try {
    return [...new Set([key, decodeURIComponent(key.replaceAll('+', ' '))])];
  } catch {
    return [key];
  }
};

const findObject = async (
  { files }: ReceiveDeps,
  keys: readonly string[],
): Promise<{ key: string; object: FoundObject } | undefined> => {
  for (const key of keys) {
    const object = await files.find(key);
    if (object) return { key, object };
  }
  return undefined;
};

/** Nothing can be reconciled, and nobody is waiting for an answer: somebody has to look. */
const ignore = (reason: string, key: string): undefined => {
  log.error('statement ignored', new Error(reason), { key });
  count('StatementIgnored');
};

interface Arrived {
  readonly day: StatementDay;
  readonly account: ChannelAccount;
  readonly key: string;
  readonly object: FoundObject;
}

/** Read whole or not at all. What is not to be believed is an abnormal batch, naming line and reason. */
const readEntries = async (
  deps: ReceiveDeps,
  read: ReadEntries,
  { day, account, key, object }: Arrived,
): Promise<readonly BankStatement[] | Batch> => {
  // Too large: the same refusal as of any other statement.
  if (object.size > statementBytesMax) return openOver(deps, { day, account, key, object });
  const bytes = await object.bytes();
  try {
    return read(bytes, account);
  } catch (error) {
    if (!(error instanceof StatementError)) throw error;
    const { line, reason } = error;
    const digest = sha256(bytes);
    const id = batchIdOver(day, digest);
    return openBatch(deps, { id, day, account, object: { key, sha256: digest }, error: { line, reason } });
  }
};

/** A statement has arrived. Delivered twice, or killed anywhere and delivered again, it is one batch. */
export const receiveStatement = async (
  deps: ReceiveDeps,
  { key: announced }: { readonly key: string },
): Promise<Batch | undefined> => {
  const keys = spellings(announced).filter((key) => key.startsWith('statements/'));
  // Folders that the console of S3 draws are empty objects.
  if (keys.length === 0 || announced.endsWith('/')) return undefined;
  const day = keys.map(dayOfKey).find((read) => read !== undefined);
  if (!day) return ignore('the key is not statements/{channel account}/{date}/{kind}/{file}', announced);
  const account = await deps.channelAccount(day.channel_account_id);
  if (!account) return ignore('there is no such channel account', announced);
  const found = await findObject(deps, keys);
  if (!found) return ignore('the object is no longer there', announced);
  const read = deps.entriesOf?.(account);
  if (!read || !deps.importEntries) return openOver(deps, { day, account, ...found });
  // Of a bank account there are no trades to match: its entries themselves are what is worked on.
  const entries = await readEntries(deps, read, { day, account, ...found });
  if ('id' in entries) {
    await deps.noteRefused?.(entries, found.key);
    return entries;
  }
  await deps.importEntries(account, entries, { day, key: found.key });
  return undefined;
};
