import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { bundle } from '#lib/bundle.ts';

const folder = mkdtempSync(join(tmpdir(), 'bundles-'));
let inputs: string[] = [];
let outputs: string[] = [];
let bytesOf = (_output: string, _input: RegExp): number => 0;

beforeAll(async () => {
  const metafile = await bundle(folder);
  inputs = Object.keys(metafile.inputs);
  outputs = Object.keys(metafile.outputs);
  bytesOf = (output, input) =>
    Object.entries(metafile.outputs[output]?.inputs ?? {}).reduce(
      (bytes, [file, { bytesInOutput }]) => bytes + (input.test(file) ? bytesInOutput : 0),
      0,
    );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('no function carries the places where keys are looked for that Lambda never uses', () => {
  expect(inputs.some((file) => file.includes('@aws-sdk/credential-provider-env'))).toBe(true);
  expect(
    inputs.filter((file) =>
      /credential-provider-(ini|sso|process|login|web-identity|http|imds)|nested-clients/.test(file),
    ),
  ).toEqual([]);
});

test('no function imports a module of Node as an ES module', () => {
  expect(outputs.length).toBeGreaterThan(20);
  const importing = outputs.filter((file) =>
    /\bfrom\s*"|\bimport\s*[{*"]/.test(
      readFileSync(join(folder, file.split('/').slice(-2).join('/')), 'utf8').slice(0, 2_000),
    ),
  );
  expect(importing).toEqual([]);
});

test('only the OpenAPI document carries what describes schemas', () => {
  const describing = outputs.filter((output) => bytesOf(output, /json-schema-processors/) > 4_000);
  expect(describing.map((output) => output.split('/').at(-2))).toEqual(['openapi-http']);
});

test('no function carries what no client of ours is asked for', () => {
  const carried = /mnemonist|endpoint-discovery\/|Sha256Js|Md5Js|client-[^/]+\/package\.json/;
  for (const output of outputs) expect(bytesOf(output, carried), output).toBeLessThan(1_000);
});
