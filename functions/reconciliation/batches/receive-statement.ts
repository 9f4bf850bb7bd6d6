import type { ChannelAccount } from '#channels/account.ts';
import { count, log } from '#platform/log.ts';

import { dayOfKey, type Batch } from '#reconciliation/batch.ts';
import type { FoundObject } from '#reconciliation/files/store.ts';
import { openOver, type OpenDeps } from './open-batch.ts';

export interface ReceiveDeps extends OpenDeps {
  readonly channelAccount: (id: string) => Promise<ChannelAccount | undefined>;
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
  return openOver(deps, { day, account, ...found });
};
