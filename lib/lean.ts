import { builtinModules } from 'node:module';

import type { ImportKind, Plugin } from 'esbuild';

const stub = (name: string, what: RegExp, contents: string, only?: ImportKind): Plugin => ({
  name,
  setup: (build) => {
    build.onResolve({ filter: what }, ({ resolveDir, kind }) =>
      only === undefined || kind === only ? { path: name, namespace: name, pluginData: resolveDir } : undefined,
    );
    build.onLoad({ filter: /./, namespace: name }, ({ pluginData }: { pluginData?: string }) => ({
      contents,
      resolveDir: pluginData ?? '',
    }));
  },
});

/**
 * Lambda gives a function its role's keys in its environment, so the other six places where the SDK would look (profiles, single
 * sign-on, instance metadata …) stay out of the bundles: 130 KB that every cold start would load.
 */
export const keysOfTheRole = stub(
  'keys of the role',
  /^@aws-sdk\/credential-provider-node$/,
  `export { fromEnv as defaultProvider } from '@aws-sdk/credential-provider-env';`,
);

/** Asked for at run time when an operation answers with a stream of events: none that we call does. */
export const noEventStreams = stub(
  'no event streams',
  /^@smithy\/core\/event-streams$/,
  'export {};',
  'dynamic-import',
);

const builtins = new Set(builtinModules.flatMap((name) => [name, `node:${name}`]));

/**
 * Modules of Node as they are, not as ES modules: importing one of those asks for each thing that it exports, and some are
 * made when they are asked for. `node:http` alone would load all of `fetch` before the first request.
 */
export const builtinsAsTheyAre: Plugin = {
  name: 'builtins as they are',
  setup: (build) => {
    build.onResolve({ filter: /./ }, ({ path }) =>
      builtins.has(path) ? { path: path.replace(/^node:/, ''), namespace: 'builtin' } : undefined,
    );
    build.onLoad({ filter: /./, namespace: 'builtin' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule('node:${path}');`,
    }));
  },
};
