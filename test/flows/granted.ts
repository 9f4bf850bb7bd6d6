import { basename } from 'node:path';

import { afterAll, expect, type RunnerTask } from 'vitest';

import type { Grant } from '../../local/runtime/permissions/grants.ts';
import type { Need } from '../../local/runtime/permissions/needs.ts';
import { isStory, isWrite, nameOf, readGranted, remake, usedBy, writeGranted } from '../granted.ts';

const granted = new Set<string>();
const used = new Set<string>();

/** What the functions of a machine have done, and what they might have. */
export const noteUse = (needs: readonly Need[], grants: readonly Grant[]): void => {
  for (const grant of grants.filter(isWrite)) granted.add(nameOf(grant));
  for (const name of usedBy(needs, grants)) used.add(name);
};

const hasPassed = (task: RunnerTask): boolean =>
  task.type === 'suite' ? task.tasks.every(hasPassed) : task.result?.state === 'pass';

/** Each grant of these stories keeps its story; one that has none yet, and was used here, gets this one. */
const record = (file: string): void => {
  const kept = Object.entries(readGranted()).filter(
    // What only a reason stood for has its story now.
    ([name, story]) => granted.has(name) && (used.has(name) ? isStory(story) : story !== file),
  );
  writeGranted({ ...Object.fromEntries([...used].map((name) => [name, file])), ...Object.fromEntries(kept) });
};

/** Said before each file, as files follow one another in a process: what an earlier one used is nothing of this one's. */
export const holdToGrants = (): void => {
  granted.clear();
  used.clear();
  // What a part of the stories did not use says nothing.
  // oxlint-disable-next-line eslint/no-empty-pattern -- vitest reads from the parameter what it is to give
  afterAll(({}, file) => {
    if (!file.tasks.every(hasPassed)) return;
    const own = basename(file.file.filepath);
    if (process.env['GRANTS'] === 'record') record(own);
    const lost = Object.entries(readGranted()).filter(([name, story]) => story === own && !used.has(name));
    expect(
      lost.map(([name]) => name),
      `grants that these stories no longer use: remove them in lib/capabilities, or run \`${remake}\` for another story that does`,
    ).toEqual([]);
  });
};
