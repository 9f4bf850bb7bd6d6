import { readFile } from 'node:fs/promises';
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

/** Modules of packages that are never asked here: whatever they export is there, and does nothing. */
const idle = (name: string, what: RegExp): Plugin => ({
  name,
  setup: (build) => {
    build.onLoad({ filter: what }, async ({ path }) => {
      const names = [...(await readFile(path, 'utf8')).matchAll(/^export (?:const|function|class) (\w+)/gm)];
      return { contents: names.map(([, each]) => `export const ${each} = () => undefined;`).join('\n') };
    });
  },
});

/** Schemas can describe themselves, which only the OpenAPI document asks of them; 20 KB. */
export const noSchemaDocuments = idle(
  'no schema documents',
  /zod\/v4\/core\/(json-schema-processors|to-json-schema)\.js$/,
);

/** Endpoints of DynamoDB are found by region; the discovery is of Timestream, and nothing would turn it on. */
export const noEndpointDiscovery = stub(
  'no endpoint discovery',
  /^@aws-sdk\/middleware-endpoint-discovery$/,
  `export const resolveEndpointDiscoveryConfig = (config) => config;
   export const NODE_ENDPOINT_DISCOVERY_CONFIG_OPTIONS = {
     environmentVariableSelector: () => undefined, configFileSelector: () => undefined, default: undefined };`,
);

/** Each client tells a log that nobody keeps what it asked and was answered, and first hides in both what is sensitive. */
export const noClientLogs: Plugin = {
  name: 'no client logs',
  setup: (build) => {
    build.onLoad({ filter: /middleware-logger\/loggerMiddleware\.js$/ }, () => ({
      contents: `export const [loggerMiddleware, loggerMiddlewareOptions] = [];
        export const getLoggerPlugin = () => ({ applyToStack: () => undefined });`,
    }));
  },
};

/** Node has its own: those written in JavaScript are for where there is none. */
export const hashesOfNode = idle('hashes of Node', /\/checksum\/(sha256\/Sha256Js|md5\/Md5Js)\.js$/);

/** A client tells its version, out of a file that tells everything else as well. */
export const versionsOnly: Plugin = {
  name: 'versions only',
  setup: (build) => {
    build.onLoad({ filter: /@aws-sdk\/client-[^/]+\/package\.json$/ }, async ({ path }) => ({
      contents: /"version": *"[^"]+"/.exec(await readFile(path, 'utf8'))?.[0].replace(/.*/, '{$&}') ?? '{}',
      loader: 'json',
    }));
  },
};

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
