import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { TestProject } from 'vitest/node';

import { synthesize } from '../local/synthesize.ts';
import { makeKeys } from './keys-of-the-run.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The folder of the keys that every machine of this run has. */
    keys: string;
    /** Where this run leaves what nobody keeps; gone at its end. */
    scratch: string;
  }
}

/** The assembly and the keys are made once, before any test needs a machine: two at the same time would make them twice. */
export const setup = async (project: TestProject): Promise<() => void> => {
  await synthesize();
  const folder = mkdtempSync(join(tmpdir(), 'suanpan-tests-'));
  const [keys, scratch] = [join(folder, 'keys'), join(folder, 'scratch')];
  mkdirSync(keys);
  mkdirSync(scratch);
  await makeKeys(keys);
  project.provide('keys', keys);
  project.provide('scratch', scratch);
  return () => rmSync(folder, { recursive: true, force: true });
};
