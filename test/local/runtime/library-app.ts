import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { App, aws_sqs as sqs, CfnOutput, CfnParameter, Duration, Fn, Stack } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpJwtAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as events from 'aws-cdk-lib/aws-events';
import * as targets from 'aws-cdk-lib/aws-events-targets';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as destinations from 'aws-cdk-lib/aws-lambda-destinations';
import * as sources from 'aws-cdk-lib/aws-lambda-event-sources';
import * as s3 from 'aws-cdk-lib/aws-s3';
import * as scheduler from 'aws-cdk-lib/aws-scheduler';
import * as schedulerTargets from 'aws-cdk-lib/aws-scheduler-targets';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import * as tasks from 'aws-cdk-lib/aws-stepfunctions-tasks';
import { build } from 'esbuild';

process.env['CDK_VALIDATION'] = 'false';

const folders: string[] = [];
process.once('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

export const temporaryFolder = (name: string): string => {
  const folder = mkdtempSync(join(tmpdir(), `library-${name}-`));
  folders.push(folder);
  return folder;
};

/** The handlers, bundled once, as a deployment would have them. */
export const bundleHandlers = async (): Promise<string> => {
  const outdir = temporaryFolder('code');
  await build({
    entryPoints: [join(import.meta.dirname, 'fixtures', 'library.ts')],
    outdir,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    outExtension: { '.js': '.mjs' },
    banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
  });
  return outdir;
};

export interface Variant {
  /** Changes the stack after it is built. */
  readonly extra?: (stack: Stack, parts: Parts) => void;
  /** What the machine says of a dear book. */
  readonly verdict?: string;
}

export interface Parts {
  readonly diary: lambda.IFunction;
  readonly table: dynamodb.TableV2;
}

interface Data {
  readonly table: dynamodb.TableV2;
  readonly scans: s3.Bucket;
}

/** The CDK's own `eventBridgeEnabled` is a custom resource; the property of the bucket itself says the same. */
const bucketWithEvents = (stack: Stack): s3.Bucket => {
  const bucket = new s3.Bucket(stack, 'Scans', {
    cors: [
      {
        allowedOrigins: ['https://*.library.example'],
        allowedMethods: [s3.HttpMethods.PUT],
        allowedHeaders: ['Content-Type', 'x-amz-*'],
        exposedHeaders: ['etag'],
        maxAge: 60,
      },
    ],
  });
  const resource = bucket.node.defaultChild as s3.CfnBucket;
  resource.notificationConfiguration = { eventBridgeConfiguration: { eventBridgeEnabled: true } };
  return bucket;
};

const dataOf = (stack: Stack): Data => ({
  table: new dynamodb.TableV2(stack, 'Books', {
    partitionKey: { name: 'id', type: dynamodb.AttributeType.STRING },
    dynamoStream: dynamodb.StreamViewType.NEW_AND_OLD_IMAGES,
    timeToLiveAttribute: 'expires',
    globalSecondaryIndexes: [
      { indexName: 'by-reader', partitionKey: { name: 'reader', type: dynamodb.AttributeType.STRING } },
    ],
  }),
  scans: bucketWithEvents(stack),
});

const machineOf = (stack: Stack, parts: { diary: lambda.IFunction; appraise: lambda.IFunction; verdict: string }) => {
  const appraise = tasks.LambdaInvoke.jsonata(stack, 'AppraiseBook', {
    lambdaFunction: parts.appraise,
    payload: sfn.TaskInput.fromObject({ pages: '{% $states.input.pages %}' }),
    assign: { price: '{% $states.result.Payload.price %}', id: '{% $states.context.Execution.Input.id %}' },
    outputs: '{% $merge([$states.input, {"price": $states.result.Payload.price}]) %}',
  });
  appraise.addRetry({ errors: ['Busy'], interval: Duration.seconds(1), backoffRate: 1, maxAttempts: 3 });
  const chapters = sfn.Map.jsonata(stack, 'Chapters', {
    items: sfn.ProvideItems.jsonata('{% $states.input.chapters %}'),
    itemSelector: { chapter: '{% $states.context.Map.Item.Value %}', at: '{% $states.context.Map.Item.Index %}' },
    maxConcurrency: 2,
    outputs: { chapters: '{% $states.result %}' },
  }).itemProcessor(sfn.Pass.jsonata(stack, 'Chapter', { outputs: '{% $states.input.chapter & "-" & $id %}' }));
  const both = sfn.Parallel.jsonata(stack, 'Both', {
    outputs: { chapters: '{% $states.result[0].chapters %}', waited: '{% $states.result[1] %}' },
  })
    .branch(chapters)
    .branch(
      sfn.Wait.jsonata(stack, 'Breathe', { time: sfn.WaitTime.duration(Duration.seconds(1)), outputs: 'breathed' }),
    );
  const write = tasks.LambdaInvoke.jsonata(stack, 'Write', {
    lambdaFunction: parts.diary,
    payload: sfn.TaskInput.fromObject({
      id: '{% "machine#" & $id %}',
      price: '{% $price %}',
      verdict: '{% $states.input.verdict %}',
      fail: '{% $states.context.Execution.Input.fail ? $states.context.Execution.Input.fail : null %}',
    }),
    outputs: '{% $states.input %}',
  });
  const refused = sfn.Pass.jsonata(stack, 'Refused', { outputs: { error: '{% $states.input.Error %}' } });
  write.addCatch(refused, { errors: ['TooDear'] });
  const dear = sfn.Pass.jsonata(stack, 'Dear', { outputs: { verdict: parts.verdict, price: '{% $price %}' } });
  const cheap = sfn.Pass.jsonata(stack, 'Cheap', { outputs: { verdict: 'cheap' } });
  const choice = sfn.Choice.jsonata(stack, 'IsDear')
    .when(sfn.Condition.jsonata('{% $price > 100 %}'), dear)
    .otherwise(cheap);
  return new sfn.StateMachine(stack, 'Appraisal', {
    queryLanguage: sfn.QueryLanguage.JSONATA,
    definitionBody: sfn.DefinitionBody.fromChainable(appraise.next(both).next(choice.afterwards()).next(write)),
  });
};

/** Waits for days, then writes. */
const reminderOf = (stack: Stack, diary: lambda.IFunction): sfn.StateMachine => {
  const wait = sfn.Wait.jsonata(stack, 'Days', { time: sfn.WaitTime.seconds('{% $states.input.days * 86400 %}') });
  const write = tasks.LambdaInvoke.jsonata(stack, 'Remind', {
    lambdaFunction: diary,
    payload: sfn.TaskInput.fromObject({ id: '{% "reminder#" & $states.input.id %}' }),
  });
  return new sfn.StateMachine(stack, 'Reminder', {
    queryLanguage: sfn.QueryLanguage.JSONATA,
    definitionBody: sfn.DefinitionBody.fromChainable(wait.next(write)),
  });
};

/** Synthesizes the library: two stacks, one reading the other's exports. */
export const synthesize = (code: string, { extra, verdict = 'dear' }: Variant = {}): string => {
  const outdir = temporaryFolder('assembly');
  const app = new App({ outdir, analyticsReporting: false });
  const data = dataOf(new Stack(app, 'LibraryData'));
  const stack = new Stack(app, 'Library');
  const issuer = new CfnParameter(stack, 'Issuer', { default: 'https://issuer.invalid' });
  const bus = new events.EventBus(stack, 'Bus');
  const lost = new sqs.Queue(stack, 'Lost');
  const post = new sqs.Queue(stack, 'PostBox', {
    visibilityTimeout: Duration.seconds(1),
    deadLetterQueue: { queue: lost, maxReceiveCount: 2 },
  });
  const unread = new sqs.Queue(stack, 'Unread');
  const stamp = new secretsmanager.Secret(stack, 'Stamp', { generateSecretString: { excludePunctuation: true } });
  const fn = (id: string, more: Partial<lambda.FunctionProps> = {}): lambda.Function =>
    new lambda.Function(stack, id, {
      runtime: lambda.Runtime.NODEJS_24_X,
      handler: `library.${id.toLowerCase()}`,
      code: lambda.Code.fromAsset(code),
      timeout: Duration.seconds(5),
      environment: { BOOKS: data.table.tableName, POST: post.queueUrl, BUS: bus.eventBusName, STAMP: stamp.secretArn },
      ...more,
    });
  const desk = fn('Desk', { timeout: Duration.seconds(1) });
  const loans = fn('Loans');
  const worker = fn('Post');
  const diary = fn('Diary', { retryAttempts: 1, onFailure: new destinations.SqsDestination(unread) });
  const appraise = fn('Appraise');
  worker.addEventSource(
    new sources.SqsEventSource(post, { batchSize: 5, reportBatchItemFailures: true, maxConcurrency: 2 }),
  );
  loans.addEventSource(
    new sources.DynamoEventSource(data.table, {
      startingPosition: lambda.StartingPosition.TRIM_HORIZON,
      reportBatchItemFailures: true,
      bisectBatchOnError: true,
      retryAttempts: 1,
      onFailure: new sources.SqsDlq(unread),
    }),
  );
  const api = new apigateway.HttpApi(stack, 'Api', {
    corsPreflight: {
      allowOrigins: ['https://desk.example'],
      allowMethods: [apigateway.CorsHttpMethod.GET],
      allowHeaders: ['authorization'],
      maxAge: Duration.hours(1),
    },
  });
  const integration = new HttpLambdaIntegration('DeskIntegration', desk.addAlias('live'));
  for (const [path, method] of [
    ['/books/{id}', 'GET'],
    ['/books/{id}/loans', 'POST'],
    ['/slow', 'GET'],
    ['/broken', 'GET'],
    ['/echo/{proxy+}', 'ANY'],
    ['/echo/literal', 'ANY'],
  ] as const) {
    api.addRoutes({ path, methods: [apigateway.HttpMethod[method]], integration });
  }
  const authorizer = new HttpJwtAuthorizer('Jwt', issuer.valueAsString, { jwtAudience: ['library'] });
  api.addRoutes({ path: '/staff', methods: [apigateway.HttpMethod.GET], integration, authorizer });
  const machine = machineOf(stack, { diary, appraise, verdict });
  void new events.Rule(stack, 'OnLent', {
    eventBus: bus,
    eventPattern: { source: ['library'], detailType: ['Lent'], detail: { reader: [{ prefix: 'a' }] } },
    targets: [
      new targets.LambdaFunction(diary, {
        event: events.RuleTargetInput.fromObject({
          id: `lent#${events.EventField.fromPath('$.detail.id')}`,
          reader: events.EventField.fromPath('$.detail.reader'),
        }),
      }),
    ],
  });
  void new events.Rule(stack, 'OnReminder', {
    eventBus: bus,
    eventPattern: { source: ['library'], detailType: ['Remind'] },
    targets: [
      new targets.SfnStateMachine(reminderOf(stack, diary), {
        input: events.RuleTargetInput.fromEventPath('$.detail'),
      }),
    ],
  });
  void new events.Rule(stack, 'OnScan', {
    eventPattern: {
      source: ['aws.s3'],
      detailType: ['Object Created'],
      detail: { bucket: { name: [data.scans.bucketName] }, object: { key: [{ prefix: 'in/' }] } },
    },
    targets: [
      new targets.LambdaFunction(diary, {
        event: events.RuleTargetInput.fromObject({ id: `scan#${events.EventField.fromPath('$.detail.object.key')}` }),
      }),
      new targets.SqsQueue(unread),
    ],
  });
  void new scheduler.Schedule(stack, 'Closing', {
    schedule: scheduler.ScheduleExpression.cron({
      hour: '18',
      minute: '30',
      timeZone: { timezoneName: 'Asia/Shanghai' },
    }),
    target: new schedulerTargets.LambdaInvoke(diary, {
      input: scheduler.ScheduleTargetInput.fromObject({ id: `closing#${scheduler.ContextAttribute.scheduledTime}` }),
    }),
  });
  void new scheduler.Schedule(stack, 'Rounds', {
    schedule: scheduler.ScheduleExpression.cron({ minute: '0/10' }),
    target: new schedulerTargets.LambdaInvoke(fn('Round'), {
      input: scheduler.ScheduleTargetInput.fromObject({ at: scheduler.ContextAttribute.scheduledTime }),
    }),
  });
  const outputs = {
    Table: data.table.tableName,
    Bucket: data.scans.bucketName,
    PostUrl: post.queueUrl,
    LostUrl: lost.queueUrl,
    UnreadUrl: unread.queueUrl,
    Machine: machine.stateMachineArn,
    DiaryName: diary.functionName,
    BusName: bus.eventBusName,
    StampArn: stamp.secretArn,
    Url: api.url ?? '',
  };
  for (const [name, value] of Object.entries(outputs)) void new CfnOutput(stack, name, { value });
  void new CfnOutput(stack, 'Imported', { value: Fn.join('/', [data.table.tableArn, stack.region]) });
  extra?.(stack, { diary, table: data.table });
  app.synth();
  return outdir;
};
