import type { ChannelAccount } from '#channels/account.ts';
import type { Upload } from '#documents/document.ts';
import type { DocumentStore } from '#documents/store.ts';
import { Failure } from '#kernel/failure.ts';
import type { Commit, Write } from '#platform/commit.ts';
import { contend, lost } from '#platform/contend.ts';

import { importId, keyFor, type Outcome, type StatementImport, type StatementToSend } from './import.ts';
import type { ImportStore } from './store.ts';

export interface Deps {
  readonly imports: Pick<ImportStore, 'find' | 'write'>;
  readonly documents: Pick<DocumentStore, 'uploadOf'>;
  readonly channelAccount: (id: string) => Promise<ChannelAccount | undefined>;
  /** Whether statements of this channel are entries of an account. */
  readonly hasEntries: (channel: string) => boolean;
  readonly commit: Commit;
  readonly now: () => Date;
}

/**
 * Announces a bank's statement and answers how to send it; its arrival has it read. The same bytes for the same day are the same
 * import, and are sent once.
 */
export const sendStatement = async (
  deps: Deps,
  { by, alongside }: { by: string; alongside: (made: StatementImport) => readonly Write[] },
  asked: StatementToSend,
): Promise<{ found: StatementImport; upload: Upload | null; isNew: boolean }> => {
  const account = await deps.channelAccount(asked.channel_account_id);
  if (!account) throw new Failure('not_found', { detail: 'there is no such channel account' });
  if (!deps.hasEntries(account.channel))
    throw new Failure('action_not_possible', { detail: `statements of ${account.channel} show trades, not entries` });
  const object_key = keyFor(asked);
  const { found, isNew } = await contend(async () => {
    const known = await deps.imports.find(importId(object_key));
    if (known) return { found: known, isNew: false };
    const { channel_account_id, bill_date, name } = asked;
    const made: StatementImport = {
      id: importId(object_key),
      version: 0,
      channel_account_id,
      bill_date,
      object_key,
      name,
      asked_by: by,
      status: 'awaited',
      at: deps.now(),
    };
    const refusals = await deps.commit([deps.imports.write(made), ...alongside(made)]);
    return refusals.length === 0 ? { found: made, isNew: true } : lost;
  });
  const { size, sha256 } = asked;
  const sent = { key: object_key, content_type: 'application/octet-stream', size, sha256 };
  return { found, upload: found.status === 'awaited' ? await deps.documents.uploadOf(sent) : null, isNew };
};

/** A file was read: what has become of it, also of one that nobody had announced. Read again, it says what that reading has added. */
export const noteImport = (
  { imports, commit, now }: Pick<Deps, 'imports' | 'commit' | 'now'>,
  file: Pick<StatementImport, 'channel_account_id' | 'bill_date' | 'object_key'>,
  outcome: Outcome,
): Promise<void> =>
  contend(async () => {
    const id = importId(file.object_key);
    const known = await imports.find(id);
    const before = known ?? { ...file, id, version: 0, at: now() };
    const said = { entries: undefined, added: undefined, error: undefined, ...outcome };
    const refusals = await commit([imports.write({ ...before, ...said, read_at: now() })]);
    return refusals.length === 0 ? undefined : lost;
  });
