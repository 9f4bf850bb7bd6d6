import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { App, CfnOutput, Fn, Stack, type IPolicyValidationPlugin } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Bucket, CfnBucket } from 'aws-cdk-lib/aws-s3';
import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag';
import { describe, expect, test } from 'vitest';

import { heldToRules } from '#lib/rule-packs.ts';
import { ServiceFunction } from '#lib/constructs/service-function.ts';

import { appWith, everySwitch, stacks } from './synthesized.ts';

// Off in all other tests.
delete process.env['CDK_VALIDATION'];

const findingsIn = (app: App): string[] =>
  [new AwsSolutionsChecks(app), new ServerlessChecks(app)].flatMap((pack) =>
    pack
      .validateScope(app)
      .violations.flatMap(({ ruleName, violatingResources }) =>
        violatingResources.map((found) => `${ruleName} ${'constructPath' in found ? String(found.constructPath) : ''}`),
      ),
  );

interface Acknowledgement {
  readonly id: string;
  readonly reason: string;
}

const acknowledgements = (app: App): { path: string; given: Acknowledgement }[] =>
  app.node.findAll().flatMap(({ node }) =>
    node.metadata
      .filter(({ type }) => /acknowledge/i.test(type))
      .flatMap(({ data }) => Object.entries(data as Record<string, string>))
      .map(([id, reason]) => ({ path: node.path, given: { id, reason } })),
  );

describe('the rules of AwsSolutions and Serverless', () => {
  test('find nothing that is not acknowledged where it stands', () => {
    expect(findingsIn(stacks().app)).toEqual([]);
  });

  test('find nothing with every switch on', () => {
    const { app } = stacks(everySwitch);
    expect(findingsIn(app)).toEqual([]);
  });

  // Green over nothing is what a rule pack shows that was not loaded, or whose every finding was waved through.
  test('find a wildcard that is granted, a bucket and a table that are made without care', () => {
    const { app, data, service } = stacks();
    const handler = service.node.findAll().find((node) => node instanceof ServiceFunction);
    handler?.addToRolePolicy(
      new PolicyStatement({ actions: ['dynamodb:*'], resources: [`${data.orders.tableArn}/index/*`] }),
    );
    expect(new Bucket(data, 'Careless').node.path).toBe('SuanpanData/Careless');
    const found = findingsIn(app).map((finding) => finding.split(' ')[0]);
    expect(found).toContain('AwsSolutions-IAM5[Action::dynamodb:*]');
    expect(found).toContain('AwsSolutions-S1');
    expect(found).toContain('AwsSolutions-S10');
  });

  test('are acknowledged finding by finding, below a stack, each with a reason', () => {
    const all = acknowledgements(stacks().app);
    expect(all.length).toBeGreaterThan(50);
    for (const { path, given } of all) {
      expect(path.split('/').length, `${given.id} on the whole stack ${path}`).toBeGreaterThan(1);
      expect(given.reason.length, given.id).toBeGreaterThan(30);
      expect(given.id).toMatch(/(AwsSolutions|Serverless)-[A-Za-z0-9]+(\[(Resource|Policy|Action)::.+\])?$/);
    }
  });

  test.each([
    ['no switch', {}],
    ['every switch', everySwitch],
  ])('leave nothing for CloudFormation to find wrong, with %s', (_, context) => {
    const { directory } = stacks(context).app.synth();
    const report = JSON.parse(readFileSync(join(directory, 'validation-report.json'), 'utf8')) as {
      pluginReports: { violations: unknown[] }[];
    };
    expect(report.pluginReports.flatMap(({ violations }) => violations)).toEqual([]);
  });

  test('are not all: what CloudFormation would refuse stops the synthesis, too', () => {
    const app = appWith();
    const stack = new Stack(app, 'Wrong');
    const bucket = new CfnBucket(stack, 'Bucket');
    expect(new CfnOutput(stack, 'Nothing', { value: Fn.getAtt(bucket.logicalId, 'NoSuch').toString() })).toBeDefined();
    expect(() => app.synth()).toThrow(/NoSuch|E\d{4}|validation/i);
  });

  test('stop the synthesis, unless validation is off', async () => {
    const careless = async (): Promise<readonly IPolicyValidationPlugin[]> => {
      const app = new App();
      const packs = await heldToRules(app);
      expect(new Bucket(new Stack(app, 'Careless'), 'Bucket').node.path).toBe('Careless/Bucket');
      if (packs.length > 0) expect(() => app.synth()).toThrow(/AwsSolutions-S10/);
      return packs;
    };
    expect(await careless()).toHaveLength(2);
    process.env['CDK_VALIDATION'] = 'false';
    expect(await careless()).toEqual([]);
    delete process.env['CDK_VALIDATION'];
  });
});
