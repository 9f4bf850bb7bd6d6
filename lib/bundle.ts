import { globSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { build, type Metafile, type Plugin } from 'esbuild';

import {
  builtinsAsTheyAre,
  hashesOfNode,
  keysOfTheRole,
  noClientLogs,
  noEndpointDiscovery,
  noEventStreams,
  noSchemaDocuments,
  versionsOnly,
} from './lean.ts';

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

const lean = [
  keysOfTheRole,
  noEventStreams,
  noEndpointDiscovery,
  noClientLogs,
  hashesOfNode,
  versionsOnly,
  builtinsAsTheyAre,
];

/** One esbuild call for many functions: ESM, the SDK inside, minified; a folder each, so that each is an asset of its own. */
const bundleEntries = (folder: string, entryFiles: readonly string[], plugins: readonly Plugin[]) =>
  build({
    absWorkingDir: root,
    metafile: true,
    entryPoints: entryFiles.map((file) => ({
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
    plugins: [...plugins],
    logLevel: 'warning',
  });

/** The functions that print schemas; all others only check by them. */
const printsSchemas = (file: string): boolean => file.startsWith('functions/openapi/');

export const bundle = async (folder = output): Promise<Metafile> => {
  rmSync(folder, { recursive: true, force: true });
  const found = globSync(entries, { cwd: root })
    .filter((file) => !file.startsWith('functions/platform/'))
    .toSorted();
  const built = await Promise.all([
    bundleEntries(
      folder,
      found.filter((file) => !printsSchemas(file)),
      [...lean, noSchemaDocuments],
    ),
    bundleEntries(folder, found.filter(printsSchemas), lean),
  ]);
  await bundlePages(folder);
  return {
    inputs: Object.assign({}, ...built.map(({ metafile }) => metafile.inputs)),
    outputs: Object.assign({}, ...built.map(({ metafile }) => metafile.outputs)),
  };
};
