import { globSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { build, type Metafile } from 'esbuild';

import { builtinsAsTheyAre, keysOfTheRole, noEventStreams } from './lean.ts';

/** The files that something outside calls; each becomes a function of its own. */
const entries = 'functions/**/{http,admin,worker,schedule,steps,stream,intake,invoke}.ts';

const root = join(import.meta.dirname, '..');
/** A folder of one's own lets several syntheses run at the same time. */
const output = process.env['BUNDLES_FOLDER'] ?? join(root, 'build', 'functions');

/** `payments/http` → `payments-http` */
const nameOf = (entry: string) => entry.replaceAll('/', '-');

/** Where the bundle of an entry such as `payments/http` is. */
export const bundleOf = (entry: string): string => join(output, nameOf(entry));

/** What the cashier page loads: one script and one style, beside the function that serves them. */
const bundlePages = (folder: string) =>
  build({
    absWorkingDir: root,
    entryPoints: ['web/cashier/page.ts', 'web/cashier/page.css'],
    outdir: join(folder, nameOf('cashier/http')),
    bundle: true,
    platform: 'browser',
    // Wallets' own browsers are older than those of the system: no nesting, no newer syntax.
    target: ['es2021', 'chrome109', 'safari15.4'],
    format: 'esm',
    minify: true,
    legalComments: 'none',
    logLevel: 'warning',
  });

/** One esbuild call for all functions: ESM, the SDK inside, minified; a folder each, so that each is an asset of its own. */
export const bundle = async (folder = output): Promise<Metafile> => {
  rmSync(folder, { recursive: true, force: true });
  const found = globSync(entries, { cwd: root })
    .filter((file) => !file.startsWith('functions/platform/'))
    .toSorted();
  const { metafile } = await build({
    absWorkingDir: root,
    metafile: true,
    entryPoints: found.map((file) => ({
      in: file,
      out: `${nameOf(file.replace(/^functions\//, '').replace(/\.ts$/, ''))}/index`,
    })),
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    minify: true,
    legalComments: 'none',
    mainFields: ['module', 'main'],
    plugins: [keysOfTheRole, noEventStreams, builtinsAsTheyAre],
    logLevel: 'warning',
  });
  await bundlePages(folder);
  return metafile;
};
