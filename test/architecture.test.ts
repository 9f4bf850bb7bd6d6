import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

import { describe, expect, test } from 'vitest';

interface Import {
  readonly file: string;
  readonly target: string;
  readonly isType: boolean;
}

const root = join(import.meta.dirname, '..');
const files = globSync('{bin,lib,functions,local,web}/**/*.ts', { cwd: root });

/** `#payments/payment.ts` and `../payment.ts` become `functions/payments/payment.ts`; packages stay as they are. */
const resolved = (file: string, target: string): string => {
  if (target.startsWith('#lib/')) return target.replace('#lib/', 'lib/');
  if (target.startsWith('#')) return target.replace('#', 'functions/');
  return target.startsWith('.') ? normalize(join(dirname(file), target)) : target;
};

const importsOf = (file: string, source: string): Import[] => {
  const statements = source.matchAll(/^(?:import|export)\s+(type\s+)?(?:[^'"`;]*?\sfrom\s+)?['"]([^'"]+)['"]/gm);
  return [...statements].map(([, type, target = '']) => ({
    file,
    target: resolved(file, target),
    isType: type !== undefined,
  }));
};

const imports = files.flatMap((file) => importsOf(file, readFileSync(join(root, file), 'utf8')));

const isEntry = (file: string) =>
  /^functions\/(?!platform\/).*\/(http|admin|worker|schedule|steps|stream|intake|invoke)\.ts$/.test(file);
/** Wiring is part of the entries: it is read by them alone. */
const isWire = (file: string) => /^functions\/(?!channels\/).*\/wire\.ts$/.test(file);
const isWiring = (file: string) => isEntry(file) || isWire(file);
const capability = (file: string) => file.split('/')[1];
const isPackage = (target: string) => !/^(bin|lib|functions|local|test|web)\//.test(target);
const isEdge = (file: string) =>
  isWiring(file) || file.endsWith('/store.ts') || /^functions\/(platform|channels\/[^/]+)\//.test(file);

const laws: Record<string, (found: Import) => boolean> = {
  'the kernel imports only the kernel, zod, ulid and a hash': ({ file, target }) =>
    file.startsWith('functions/kernel/') &&
    !target.startsWith('functions/kernel/') &&
    !['zod', 'ulid', 'node:crypto'].includes(target),
  'runtime code never imports infrastructure': ({ file, target }) =>
    file.startsWith('functions/') && /^(aws-cdk-lib|constructs|lib\/|bin\/)/.test(target),
  'infrastructure knows only the tables and the environment': ({ file, target }) =>
    /^(lib|bin)\//.test(file) &&
    target.startsWith('functions/') &&
    !['functions/platform/table.ts', 'functions/platform/env.ts'].includes(target),
  'only the edge touches an SDK': ({ file, target, isType }) =>
    file.startsWith('functions/') && target.startsWith('@aws-sdk/') && !isType && !isEdge(file),
  'nobody imports an entry point': ({ target }) => isEntry(target),
  'only entry points import wiring': ({ file, target }) => isWire(target) && !isWiring(file),
  'only an entry point wires another capability’s store': ({ file, target, isType }) =>
    /^functions\/(?!platform).*\/store\.ts$/.test(target) &&
    !isType &&
    !isWiring(file) &&
    capability(file) !== capability(target) &&
    // The flow index spans payments and refunds: its store is made of theirs.
    file !== 'functions/flow/store.ts',
  'only the two registries know a concrete channel': ({ file, target }) =>
    /^functions\/channels\/[^/]+\//.test(target) &&
    !/^functions\/channels\/([^/]+\/|(registry|readers)\.ts)/.test(file),
  'nothing that ships imports what runs on one machine': ({ file, target }) =>
    !file.startsWith('local/') && target.startsWith('local/'),
  'pages take only types of what runs on the server': ({ file, target, isType }) =>
    file.startsWith('web/') && !target.startsWith('web/') && !isType,
  'nothing that runs on the server imports a page': ({ file, target }) =>
    !file.startsWith('web/') && target.startsWith('web/'),
  'runtime, sandbox and demo know nothing of ours, nor of each other': ({ file, target }) => {
    const part = /^local\/(runtime|sandbox|demo)\//.exec(file)?.[0];
    return part !== undefined && !isPackage(target) && !target.startsWith(part);
  },
};

describe('the architecture', () => {
  test('is read from every source file', () => {
    expect(files.length).toBeGreaterThan(150);
    expect(imports.length).toBeGreaterThan(800);
  });

  test.each(Object.entries(laws))('%s', (_, isBroken) => {
    expect(imports.filter(isBroken).map(({ file, target }) => `${file} → ${target}`)).toEqual([]);
  });

  // Each law is seen failing: a law that nothing can break protects nothing.
  test.each<[string, string, string]>([
    [
      'the kernel imports only the kernel, zod, ulid and a hash',
      'functions/kernel/money.ts',
      "import x from '#payments/payment.ts'",
    ],
    ['runtime code never imports infrastructure', 'functions/payments/payment.ts', "import { App } from 'aws-cdk-lib'"],
    [
      'infrastructure knows only the tables and the environment',
      'lib/data-stack.ts',
      "import x from '#payments/payment.ts'",
    ],
    [
      'only the edge touches an SDK',
      'functions/payments/payment.ts',
      "import { SQSClient } from '@aws-sdk/client-sqs'",
    ],
    ['nobody imports an entry point', 'functions/refunds/refund.ts', "import { handler } from '#payments/http.ts'"],
    ['only entry points import wiring', 'functions/refunds/refund.ts', "import { wire } from '#payments/wire.ts'"],
    [
      'only an entry point wires another capability’s store',
      'functions/refunds/refund.ts',
      "import { paymentStore } from '#payments/store.ts'",
    ],
    [
      'only the two registries know a concrete channel',
      'functions/payments/payment.ts',
      "import { x } from '#channels/wechat/channel.ts'",
    ],
    [
      'nothing that ships imports what runs on one machine',
      'functions/payments/payment.ts',
      "import { x } from '../../local/main.ts'",
    ],
    [
      'pages take only types of what runs on the server',
      'web/cashier/page.ts',
      "import { standOf } from '#cashier/standing.ts'",
    ],
    [
      'nothing that runs on the server imports a page',
      'functions/cashier/http.ts',
      "import { x } from '../../web/cashier/page.ts'",
    ],
    [
      'runtime, sandbox and demo know nothing of ours, nor of each other',
      'local/demo/play.ts',
      "import { x } from '../sandbox/sandbox.ts'",
    ],
  ])('the law “%s” can be broken', (law, file, source) => {
    expect(importsOf(file, source).filter((found) => laws[law]?.(found))).toHaveLength(1);
  });

  test('below the edge nothing reads the clock, the environment or chance', () => {
    const impure = /\bnew Date\(\)|Date\.now\(|Math\.random\(|process\.env|randomUUID\(|randomBytes\(|\bfetch\(/;
    const found = files
      .filter((file) => file.startsWith('functions/') && !isEdge(file))
      .filter((file) => impure.test(readFileSync(join(root, file), 'utf8')));
    expect(found).toEqual([]);
    expect('const now = new Date()').toMatch(impure);
  });

  test('the runtime and the sandbox contain no name of the platform', () => {
    const ours = /suanpan|functions\/|merchant_pending|payments?_table|ORDERS_TABLE/i;
    const found = files
      .filter((file) => file.startsWith('local/runtime/'))
      .filter((file) => ours.test(readFileSync(join(root, file), 'utf8')));
    expect(found).toEqual([]);
  });
});
