import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { TestProject } from 'vitest/node';

import { bundle } from '#lib/bundle.ts';

import { synthesize } from '../local/synthesize.ts';
import { makeKeys } from './keys-of-the-run.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The folder of the keys that every machine of this run has. */
    keys: string;
    /** Of the functions, as every synthesis of this run takes them. */
    bundles: string;
    /** Where this run leaves what nobody keeps; gone at its end. */
    scratch: string;
  }
}

/** What takes long to make is made once, before any test needs it. */
export const setup = async (project: TestProject): Promise<() => void> => {
  await synthesize();
  const folder = mkdtempSync(join(tmpdir(), 'suanpan-tests-'));
  const [keys, bundles, scratch] = [join(folder, 'keys'), join(folder, 'functions'), join(folder, 'scratch')];
  mkdirSync(keys);
  mkdirSync(scratch);
  await makeKeys(keys);
  // Stories need the assembly only.
  if (project.name === 'machine') await bundle(bundles);
  project.provide('keys', keys);
  project.provide('bundles', bundles);
  project.provide('scratch', scratch);
  return () => rmSync(folder, { recursive: true, force: true });
};
