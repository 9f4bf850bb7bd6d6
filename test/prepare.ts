import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import type { TestProject } from 'vitest/node';

import { synthesize } from '../local/synthesize.ts';
import { makeKeys } from './keys-of-the-run.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The folder of the keys that every machine of this run has. */
    keys: string;
  }
}

/** The assembly and the keys are made once, before any test needs a machine: two at the same time would make them twice. */
export const setup = async (project: TestProject): Promise<() => void> => {
  await synthesize();
  const keys = mkdtempSync(join(import.meta.dirname, '..', 'build', 'keys-'));
  await makeKeys(keys);
  project.provide('keys', keys);
  return () => rmSync(keys, { recursive: true, force: true });
};
