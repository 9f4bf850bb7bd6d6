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
export const readAssembly = (folder: string): Assembly => {
  const manifestPath = join(folder, 'manifest.json');
  if (!existsSync(manifestPath)) throw new Refusal(`${folder} is no cloud assembly: it has no manifest.json`);
  const stacks: Stack[] = [];
  const assets = new Map<string, string>();
  for (const [id, artifact] of Object.entries(Manifest.parse(readJson(manifestPath)).artifacts)) {
    const { templateFile, file, stackName } = artifact.properties ?? {};
    if (artifact.type === 'cdk:cloud-assembly')
      throw new Refusal(`nested assemblies (stages) are not supported: ${id}`);
    if (artifact.type === 'aws:cloudformation:stack' && templateFile !== undefined) {
      const template = Template.parse(readJson(join(folder, templateFile)));
      if (template.Transform !== undefined) throw new Refusal(`template transforms are not supported: ${id}`);
      stacks.push({ name: stackName ?? id, ...environmentOf(artifact.environment), template });
    }
    if (artifact.type === 'cdk:asset-manifest' && file !== undefined) {
      for (const [hash, asset] of Object.entries(AssetManifest.parse(readJson(join(folder, file))).files)) {
        if (asset.source.path !== undefined) assets.set(hash, join(folder, asset.source.path));
      }
    }
  }
  if (stacks.length === 0) throw new Refusal(`${folder} holds no stack`);
  const assetFolder = (objectKey: string): string => {
    const found = assets.get(objectKey.replace(/^.*\//, '').replace(/\.[a-z]+$/, ''));
    if (found === undefined) throw new Refusal(`no asset in the assembly has the key ${objectKey}`);
    return found;
  };
  return { stacks, assetFolder };
};
