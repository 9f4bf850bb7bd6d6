import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Other people's real files are not ours to keep: they lie beside the project, or not at all. */
const folder = join(import.meta.dirname, '../../../shared/fixtures');

/** For `test.skipIf`: names of such tests say where the files are looked for, so that a skip explains itself. */
export const noFixtures = !existsSync(folder);
export const needing = '(needs ../shared/fixtures)';

export const fixture = (path: string): Buffer => readFileSync(join(folder, path));
