import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { beforeAll, describe, expect, test } from 'vitest';

import { startRuntime } from '../../../local/runtime/runtime.ts';
import { bundleHandlers, synthesize, temporaryFolder } from './library-app.ts';

interface Template {
  Resources: Record<string, { Type: string; Properties: Record<string, unknown> }>;
  Parameters: Record<string, object>;
}

let assembly: string;
const dataDir = temporaryFolder('data');

/** A copy of the library whose template was changed after synthesis. */
const changed = (change: (template: Template) => void): string => {
  const copy = temporaryFolder('changed');
  cpSync(assembly, copy, { recursive: true });
  const path = join(copy, 'Library.template.json');
  const template = JSON.parse(readFileSync(path, 'utf8')) as Template;
  change(template);
  writeFileSync(path, JSON.stringify(template));
  return copy;
};

const add =
  (Type: string, Properties: Record<string, unknown> = {}) =>
  ({ Resources }: Template) => {
    Resources['Added'] = { Type, Properties };
  };

const set =
  (type: string, properties: Record<string, unknown>) =>
  ({ Resources }: Template) => {
    const found = Object.values(Resources).find(({ Type }) => Type === type);
    Object.assign(found?.Properties ?? {}, properties);
  };

const machine = (definition: object) =>
  set('AWS::StepFunctions::StateMachine', { DefinitionString: JSON.stringify(definition) });

const state = (value: object) =>
  machine({ QueryLanguage: 'JSONata', StartAt: 'One', States: { One: { End: true, ...value } } });

const queueArn = 'arn:aws:sqs:us-east-1:000000000000:Library-LostDF84CB6B';
const invoke = 'arn:aws:states:::lambda:invoke';

beforeAll(async () => {
  assembly = synthesize(await bundleHandlers());
});

describe('an assembly is refused, and what is unsupported is named, when it has', () => {
  test.each<[string, (template: Template) => void, string]>([
    ['an unknown resource type', add('AWS::RDS::DBInstance'), 'AWS::RDS::DBInstance'],
    ['a custom resource', add('Custom::S3BucketNotifications'), 'EventBridgeConfiguration on the bucket itself'],
    ['an unknown intrinsic', add('AWS::SQS::Queue', { QueueName: { 'Fn::Cidr': ['a'] } }), 'Fn::Cidr'],
    ['an unknown attribute', add('AWS::SQS::Queue', { RedrivePolicy: { 'Fn::GetAtt': ['Added', 'Color'] } }), 'Color'],
    ['a dynamic reference', add('AWS::SQS::Queue', { QueueName: '{{resolve:ssm:x}}' }), '{{resolve:ssm:x}}'],
    [
      'an import nobody exports',
      add('AWS::SQS::Queue', { QueueName: { 'Fn::ImportValue': 'Nothing' } }),
      'no stack exports Nothing',
    ],
    ['a FIFO queue', add('AWS::SQS::Queue', { FifoQueue: true }), 'FIFO'],
    ['a delay over 15 minutes', add('AWS::SQS::Queue', { DelaySeconds: 901 }), 'DelaySeconds'],
    ['a function in Python', set('AWS::Lambda::Function', { Runtime: 'python3.13' }), 'python3.13'],
    ['inline code', set('AWS::Lambda::Function', { Code: { ZipFile: 'x' } }), 'inline code'],
    [
      'a stream of another kind',
      set('AWS::Lambda::EventSourceMapping', { EventSourceArn: 'arn:aws:kinesis:::stream/x' }),
      'arn:aws:kinesis',
    ],
    ['a REQUEST authorizer', set('AWS::ApiGatewayV2::Authorizer', { AuthorizerType: 'REQUEST' }), 'REQUEST'],
    ['an HTTP integration', set('AWS::ApiGatewayV2::Integration', { IntegrationType: 'HTTP_PROXY' }), 'HTTP_PROXY'],
    ['a WebSocket API', set('AWS::ApiGatewayV2::Api', { ProtocolType: 'WEBSOCKET' }), 'WEBSOCKET'],
    [
      'a schedule that calls AWS itself',
      set('AWS::Scheduler::Schedule', { Target: { Arn: 'arn:aws:scheduler:::aws-sdk:sqs:sendMessage' } }),
      'aws-sdk:sqs',
    ],
    [
      'a schedule nobody can read',
      set('AWS::Scheduler::Schedule', { ScheduleExpression: 'cron(1 2 3)' }),
      'cron(1 2 3)',
    ],
    [
      'a rule with an unknown operator',
      set('AWS::Events::Rule', { EventPattern: { detail: { a: [{ regex: 'x' }] } } }),
      'regex',
    ],
    [
      'a rule that waits for another service',
      set('AWS::Events::Rule', { EventPattern: { source: ['aws.states'] } }),
      'aws.states',
    ],
    [
      'a rule with an unknown target',
      set('AWS::Events::Rule', { Targets: [{ Id: 'x', Arn: 'arn:aws:ecs:us-east-1:0:cluster/x' }] }),
      'arn:aws:ecs',
    ],
    [
      'a rule whose target is not there',
      set('AWS::Events::Rule', { Targets: [{ Id: 'x', Arn: `${queueArn}x` }] }),
      `${queueArn}x`,
    ],
    ['a machine in JSONPath', machine({ StartAt: 'One', States: { One: { Type: 'Succeed' } } }), 'JSONPath'],
    ['an unknown state type', state({ Type: 'Loop' }), 'state One: the state type Loop'],
    ['an unknown field of a state', state({ Type: 'Pass', ResultPath: '$.x' }), 'ResultPath'],
    [
      'another integration',
      state({ Type: 'Task', Resource: 'arn:aws:states:::sqs:sendMessage' }),
      'arn:aws:states:::sqs:sendMessage',
    ],
    ['a task token', state({ Type: 'Task', Resource: `${invoke}.waitForTaskToken` }), 'waitForTaskToken'],
    [
      'a function that is not there',
      state({ Type: 'Task', Resource: invoke, Arguments: { FunctionName: 'Nobody' } }),
      'Nobody',
    ],
    [
      'a distributed map',
      state({ Type: 'Map', ItemProcessor: { ProcessorConfig: { Mode: 'DISTRIBUTED' }, StartAt: 'A', States: {} } }),
      'INLINE',
    ],
    [
      'an item reader',
      state({ Type: 'Map', ItemReader: {}, ItemProcessor: { StartAt: 'A', States: { A: { Type: 'Succeed' } } } }),
      'ItemReader',
    ],
    ['a step that leads nowhere', state({ Type: 'Pass', End: undefined, Next: 'Two' }), 'no state Two'],
    ['an expression that asks the time', state({ Type: 'Pass', Output: '{% $now() %}' }), '$now()'],
    ['an expression that rolls dice', state({ Type: 'Pass', Output: { a: ['{% $random() %}'] } }), '$random()'],
    ['an expression with a mistake', state({ Type: 'Pass', Output: '{% 1 + %}' }), '{% 1 + %}'],
    ['a parameter without a value', ({ Parameters }) => void (Parameters['Missing'] = { Type: 'String' }), ''],
  ])('%s', async (_, change, named) => {
    const folder = changed((template) => {
      change(template);
      if (named === '') add('AWS::SQS::Queue', { QueueName: { Ref: 'Missing' } })(template);
    });
    await expect(startRuntime({ assembly: folder, dataDir })).rejects.toThrow(
      named === '' ? 'the parameter Missing' : named,
    );
  });

  test('no manifest', async () => {
    await expect(startRuntime({ assembly: temporaryFolder('empty'), dataDir })).rejects.toThrow('manifest.json');
  });

  test('no parameter of a name that is given', async () => {
    await expect(startRuntime({ assembly, dataDir, parameters: { Isuer: 'x' } })).rejects.toThrow('Isuer');
  });
});

test('a refused start leaves the folder free', async () => {
  const library = await startRuntime({ assembly, dataDir });
  await library.stop();
});

/** What the machine makes of one dear book. */
const outcome = async (folder: string): Promise<unknown> => {
  const library = await startRuntime({ assembly: folder, dataDir: temporaryFolder('data'), log: () => {} });
  const target = { method: 'POST', headers: { 'x-amz-target': 'AWSStepFunctions.StartExecution' } };
  const call = async (operation: string, input: object): Promise<Record<string, string>> => {
    const headers = { 'x-amz-target': `AWSStepFunctions.${operation}` };
    const response = await fetch(library.endpoints['AWS_ENDPOINT_URL'] ?? '', {
      ...target,
      headers,
      body: JSON.stringify(input),
    });
    return (await response.json()) as Record<string, string>;
  };
  const input = JSON.stringify({ id: 'm', pages: 60, chapters: [] });
  const { executionArn } = await call('StartExecution', { stateMachineArn: library.outputs['Machine'], input });
  for (;;) {
    const { status, output = '' } = await call('DescribeExecution', { executionArn });
    if (status !== 'RUNNING') {
      await library.stop();
      return JSON.parse(output);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};

test('changing one state of a machine changes what comes out of it', async () => {
  const edited = changed(({ Resources }) => {
    const found = Object.values(Resources).find(({ Type }) => Type === 'AWS::StepFunctions::StateMachine');
    const definition = JSON.stringify(found?.Properties['DefinitionString']).replace(
      String.raw`\"dear\"`,
      String.raw`\"precious\"`,
    );
    Object.assign(found?.Properties ?? {}, { DefinitionString: JSON.parse(definition) });
  });
  expect(await Promise.all([outcome(assembly), outcome(edited)])).toEqual([
    { verdict: 'dear', price: 120 },
    { verdict: 'precious', price: 120 },
  ]);
});
