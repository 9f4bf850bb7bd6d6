import { isDeepStrictEqual } from 'node:util';

import { changed, type Act } from '#audit/audit.ts';
import type { AuditStore } from '#audit/store.ts';
import { Failure } from '#kernel/failure.ts';
import type { Operator } from '#platform/operator.ts';

import { checkElsewhere, checkRow, type CheckDeps } from './check-row.ts';
import { encoded, type Kind, type Row } from '#configuration/document.ts';
import type { Configured, ConfigurationStore } from '#configuration/store.ts';

export interface SaveDeps extends CheckDeps {
  readonly configuration: Pick<ConfigurationStore, 'find' | 'write'>;
  readonly audited: AuditStore['audited'];
  readonly now: () => Date;
}

/** The names of secrets that were set with the change; that is all that anybody reads of them. */
type SecretNames = readonly string[];

export const withSecrets = (row: Record<string, unknown>, names: SecretNames): Record<string, unknown> => ({
  ...row,
  ...Object.fromEntries(names.map((name) => [name, changed])),
});

const isSame = (kind: Kind, a: Row, b: Row) => isDeepStrictEqual(encoded(kind, a), encoded(kind, b));

/** Writes a row that is not there yet, with the audit of it. Whoever asks again is given what they have made. */
export const createRow = async (
  deps: SaveDeps,
  operator: Operator,
  { kind, row, secretNames = [] }: { kind: Kind; row: Row; secretNames?: SecretNames },
): Promise<Configured & { isNew: boolean }> => {
  const after = withSecrets(encoded(kind, row), secretNames);
  const act: Act = { action: 'create', subject: { kind, id: row.id }, before: null, after };
  const [refusal] = await deps.audited(operator, act, deps.configuration.write(kind, { row, version: 0 }));
  if (!refusal) return { row, version: 1, isNew: true };
  const existing = await deps.configuration.find(kind, row.id);
  if (!existing) throw new Failure('conflict');
  if (!isSame(kind, existing.row, row)) throw new Failure('idempotency_conflict');
  return { ...existing, isNew: false };
};

/** Puts a row that may stand there in the place of another, with the audit of it, unless somebody else was faster. */
export const putOver = async (
  deps: SaveDeps,
  operator: Operator,
  { kind, before, row, action = 'replace' }: { kind: Kind; before: Configured; row: Row; action?: Act['action'] },
): Promise<Configured> => {
  if (isSame(kind, before.row, row)) return before;
  const act: Act = {
    action,
    subject: { kind, id: row.id },
    before: encoded(kind, before.row),
    after: encoded(kind, row),
  };
  const [refusal] = await deps.audited(operator, act, deps.configuration.write(kind, { ...before, row }));
  if (refusal) throw new Failure('conflict', { detail: 'somebody else has changed it meanwhile: read it again' });
  return { ...before, row, version: before.version + 1 };
};

/** What stands, if it is the version that the operator has read. */
export const standingAt = async (deps: SaveDeps, kind: Kind, id: string, version: number): Promise<Configured> => {
  const before = await deps.configuration.find(kind, id);
  if (!before) throw new Failure('not_found');
  if (before.version !== version)
    throw new Failure('conflict', { detail: `it stands at version ${before.version}: read it again` });
  return before;
};

/** Replaces a row as a whole, over the version that the operator has read. */
export const replaceRow = async (
  deps: SaveDeps,
  operator: Operator,
  { kind, row, version }: { kind: Kind; row: Row; version: number },
): Promise<Configured> => {
  const before = await standingAt(deps, kind, row.id, version);
  checkElsewhere(kind, row, before.row);
  await checkRow(deps, kind, row, { before: before.row });
  return putOver(deps, operator, { kind, before, row });
};
