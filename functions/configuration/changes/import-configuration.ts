import { isDeepStrictEqual } from 'node:util';

import * as z from 'zod';

import { Failure } from '#kernel/failure.ts';
import { AppSecrets } from '#merchants/app.ts';
import type { Operator } from '#platform/operator.ts';

import { auditSecrets, checkChannelSecrets, type Changing, type SecretDeps } from './change-secrets.ts';
import { checkRow, type CheckDeps } from './check-row.ts';
import { ConfigurationDocument, type Kind, type Row } from '#configuration/document.ts';
import { createRow, putOver } from './save-row.ts';
import type { Configured } from '#configuration/store.ts';

/** Who an import is, in the audit log: who may invoke it is named by the account's own trail. */
const importer: Operator = { id: 'import', roles: [] };

/** Where the rows of each kind stand; what is named comes before what names it. */
const collections = [
  ['fee_plans', 'fee_plan'],
  ['settlement_plans', 'settlement_plan'],
  ['apps', 'app'],
  ['keys', 'key'],
  ['channel_accounts', 'channel_account'],
  ['merchants', 'merchant'],
  ['cashier_profiles', 'cashier_profile'],
  ['store_codes', 'store_code'],
  ['routing_rules', 'routing_rules'],
  ['risk_rules', 'risk_rules'],
] as const satisfies readonly (readonly [keyof ConfigurationDocument, Kind])[];

interface Imported {
  readonly kind: Kind;
  readonly row: Row;
  readonly place: string;
  readonly before: Configured | undefined;
}

const rowsIn = async ({ configuration }: SecretDeps, document: ConfigurationDocument): Promise<Imported[]> => {
  const found = collections.flatMap(([name, kind]) => {
    const rows: readonly Row[] = document[name];
    return rows.map(async (row, index) => {
      const before = await configuration.find(kind, row.id);
      return { kind, row, before, place: `/${name}/${index}` };
    });
  });
  const rows = await Promise.all(found);
  return document.existing === 'keep' ? rows.filter(({ before }) => !before) : rows;
};

/** What the document brings itself is there for what names it. */
const checkerOver = (deps: SecretDeps, document: ConfigurationDocument): CheckDeps => {
  const brought = new Set(
    collections.flatMap(([name, kind]) => {
      const rows: readonly Row[] = document[name];
      return rows.map(({ id }) => `${kind} ${id}`);
    }),
  );
  const exists = async (kind: Kind, id: string) => brought.has(`${kind} ${id}`) || deps.exists(kind, id);
  return { channelKind: deps.channelKind, loopbackAllowed: deps.loopbackAllowed, exists };
};

const checkSecrets = async (deps: SecretDeps, checker: CheckDeps, document: ConfigurationDocument) => {
  for (const id of Object.keys(document.secrets.apps)) {
    if (!(await checker.exists('app', id)))
      throw new Failure('invalid_request', { errors: [{ pointer: `/secrets/apps/${id}`, detail: 'no such app' }] });
  }
  for (const [id, secrets] of Object.entries(document.secrets.channel_accounts)) {
    const brought = document.channel_accounts.find((account) => account.id === id);
    const account = brought ?? (await deps.configuration.find('channel_account', id))?.row;
    checkChannelSecrets(deps, account?.channel, secrets, `/secrets/channel_accounts/${id}`);
  }
};

type Values = Readonly<Record<string, unknown>>;

/** The app's secrets with those of the document over them; what we gave an app ourselves stays. */
const mergedApp = (before: unknown, given: AppSecrets): unknown => {
  const known = AppSecrets.safeParse(before);
  const { hmac, ...rest } = { ...known.data, ...given };
  return z.encode(AppSecrets, { ...rest, hmac: { ...known.data?.hmac, ...hmac } });
};

/** Which values become others, each audited before any is. */
const changesOf = async (
  deps: SecretDeps,
  { kind, all, given }: { kind: Changing['kind']; all: Values; given: Values },
): Promise<Values> => {
  const changes = Object.entries(given).filter(([id, value]) => !isDeepStrictEqual(all[id], value));
  await Promise.all(changes.map(([id]) => auditSecrets(deps, importer, { kind, id, names: ['secrets'] })));
  return Object.fromEntries(changes);
};

const writeSecrets = async (deps: SecretDeps, { secrets, existing }: ConfigurationDocument): Promise<void> => {
  const wanted = <Value>(all: Values, given: Readonly<Record<string, Value>>) =>
    Object.entries(given).filter(([id]) => existing === 'replace' || all[id] === undefined);
  if (Object.keys(secrets.apps).length > 0)
    await deps.changeAppSecrets((all) => {
      const given = wanted(all, secrets.apps).map(([id, value]) => [id, mergedApp(all[id], value)]);
      return changesOf(deps, { kind: 'app', all, given: Object.fromEntries(given) });
    });
  if (Object.keys(secrets.channel_accounts).length > 0)
    await deps.changeChannelSecrets((all) => {
      const given = wanted(all, secrets.channel_accounts);
      return changesOf(deps, { kind: 'channel_account', all, given: Object.fromEntries(given) });
    });
};

const save = async (deps: SecretDeps, { kind, row, before }: Imported): Promise<number> => {
  if (!before) return (await createRow(deps, importer, { kind, row })).isNew ? 1 : 0;
  const { version } = await putOver(deps, importer, { kind, before, row });
  return version - before.version;
};

/**
 * Checks the whole document as the admin API would, then writes what it changes: secrets first, so that no row points at one
 * that is missing. Each change is audited; imported again it changes nothing.
 */
export const importConfiguration = async (deps: SecretDeps, input: unknown): Promise<{ written: number }> => {
  const document = ConfigurationDocument.parse(input);
  const checker = checkerOver(deps, document);
  const rows = await rowsIn(deps, document);
  for (const { kind, row, before, place } of rows) await checkRow(checker, kind, row, { before: before?.row, place });
  await checkSecrets(deps, checker, document);
  await writeSecrets(deps, document);
  const written = await Promise.all(rows.map((imported) => save(deps, imported)));
  return { written: written.reduce((sum, count) => sum + count, 0) };
};
