import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import * as z from 'zod';

import { Refusal } from '../refusal.ts';
import { Template } from './template.ts';

const Manifest = z.object({
  artifacts: z.record(
    z.string(),
    z.object({
      type: z.string(),
      environment: z.string().optional(),
      properties: z
        .object({ templateFile: z.string().optional(), file: z.string().optional(), stackName: z.string().optional() })
        .optional(),
    }),
  ),
});

const AssetManifest = z.object({
  files: z
    .record(
      z.string(),
      z.object({ source: z.object({ path: z.string().optional(), packaging: z.string().optional() }) }),
    )
    .default({}),
});

export interface Stack {
  readonly name: string;
  readonly region: string;
  readonly account: string;
  readonly template: Template;
}

export interface Assembly {
  readonly folder: string;
  readonly stacks: readonly Stack[];
  /** The folder of a file asset, by the object key under which a template refers to it. */
  assetFolder(objectKey: string): string;
}

const readJson = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));

/** `aws://unknown-account/unknown-region` is what a stack without an `env` says. */
const environmentOf = (environment = '') => {
  const [, account = '', region = ''] = /^aws:\/\/([^/]*)\/(.*)$/.exec(environment) ?? [];
  return {
    account: /^\d{12}$/.test(account) ? account : '000000000000',
    region: region === '' || region === 'unknown-region' ? 'us-east-1' : region,
  };
};

/** Reads a synthesized cloud assembly: templates and assets, without the CDK's own libraries. */
type Artifact = z.infer<typeof Manifest>['artifacts'][string];

const stackOf = (folder: string, id: string, { environment, properties }: Artifact): Stack[] => {
  if (properties?.templateFile === undefined) return [];
  const template = Template.parse(readJson(join(folder, properties.templateFile)));
  if (template.Transform !== undefined) throw new Refusal(`template transforms are not supported: ${id}`);
  return [{ name: properties.stackName ?? id, ...environmentOf(environment), template }];
};

const assetsOf = (folder: string, { properties }: Artifact): [string, string][] => {
  if (properties?.file === undefined) return [];
  const { files } = AssetManifest.parse(readJson(join(folder, properties.file)));
  return Object.entries(files).flatMap(([hash, { source }]) =>
    source.path === undefined ? [] : [[hash, join(folder, source.path)]],
  );
};

/** Reads a synthesized cloud assembly: templates and assets, without the CDK's own libraries. */
export const readAssembly = (folder: string): Assembly => {
  const manifestPath = join(folder, 'manifest.json');
  if (!existsSync(manifestPath)) throw new Refusal(`${folder} is no cloud assembly: it has no manifest.json`);
  const artifacts = Object.entries(Manifest.parse(readJson(manifestPath)).artifacts);
  const ofType = (wanted: string): typeof artifacts => artifacts.filter(([, { type }]) => type === wanted);
  const [stage] = ofType('cdk:cloud-assembly');
  if (stage !== undefined) throw new Refusal(`nested assemblies (stages) are not supported: ${stage[0]}`);
  const stacks = ofType('aws:cloudformation:stack').flatMap(([id, artifact]) => stackOf(folder, id, artifact));
  if (stacks.length === 0) throw new Refusal(`${folder} holds no stack`);
  const assets = new Map(ofType('cdk:asset-manifest').flatMap(([, artifact]) => assetsOf(folder, artifact)));
  const assetFolder = (objectKey: string): string => {
    const found = assets.get(objectKey.replace(/^.*\//, '').replace(/\.[a-z]+$/, ''));
    if (found === undefined) throw new Refusal(`no asset in the assembly has the key ${objectKey}`);
    return found;
  };
  return {
    folder,
    stacks,
    assetFolder,
  };
};
