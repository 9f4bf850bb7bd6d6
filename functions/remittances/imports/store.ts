import type { Database } from '#platform/database.ts';
import { listPage } from '#platform/listed.ts';
import { rows } from '#platform/rows.ts';

import { StatementImport } from './import.ts';

const all = 'bank_imports';

export const importStore = (db: Database, table: string) => {
  const imports = rows(db, table, StatementImport, ({ id, at }) => ({
    list: all,
    listed_at: `${at.toISOString()}#${id}`,
  }));
  return {
    find: imports.find,
    get: (id: string): Promise<StatementImport> => imports.get(id),
    write: imports.write,

    /** The newest first. */
    async page({ limit, cursor }: { limit: number; cursor: string | undefined }) {
      const { ids, next } = await listPage(db, table, all, { limit, cursor, newestFirst: true });
      const found = new Map<string, StatementImport>((await imports.getMany(ids)).map((row) => [row.id, row]));
      return { found: ids.flatMap((id) => found.get(id) ?? []), next };
    },
  };
};
export type ImportStore = ReturnType<typeof importStore>;
