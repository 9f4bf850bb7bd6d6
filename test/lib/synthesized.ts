import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { App } from 'aws-cdk-lib';

import { stacksIn } from '#lib/stacks.ts';

const { context: settings } = JSON.parse(readFileSync(join(import.meta.dirname, '..', '..', 'cdk.json'), 'utf8')) as {
  context: Record<string, unknown>;
};

/** An app as the CDK's command line would have it. */
export const appWith = (context: Record<string, string> = {}) => new App({ context: { ...settings, ...context } });

/** The stacks as `bin/suanpan.ts` makes them, with these switches. */
export const stacks = (context: Record<string, string> = {}) => {
  const app = appWith(context);
  return { app, ...stacksIn(app) };
};

/** Every switch of docs/operations.md, on. */
export const everySwitch = {
  domainName: 'pay.example.com',
  certificateArn: 'arn:aws:acm:eu-west-1:123456789012:certificate/x',
  alarmEmail: 'nobody@example.com',
  backupCopyVaultArn: 'arn:aws:backup:eu-central-1:123456789012:backup-vault:x',
  restoreTesting: 'yes',
  maskCardNumbers: 'yes',
  monthlyBudget: '100',
  driftDetection: 'yes',
  serviceLevels: 'yes',
  cognito: 'yes',
};

export interface Resource {
  readonly Type: string;
  // Templates are JSON of any shape.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly Properties: any;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly UpdatePolicy?: any;
}

export interface Stack {
  readonly name: string;
  readonly isProtected: boolean;
  readonly template: {
    readonly Description?: string;
    readonly Resources: Readonly<Record<string, Resource>>;
    readonly Outputs?: unknown;
  };
}

/** What synthesis leaves behind, as a deployment would read it. */
export const assembly = (context: Record<string, string> = {}): readonly Stack[] =>
  stacks(context)
    .app.synth()
    .stacks.map(({ stackName, terminationProtection, template }) => ({
      name: stackName,
      isProtected: terminationProtection ?? false,
      template: template as Stack['template'],
    }));
