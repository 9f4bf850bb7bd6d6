import { Duration, TimeZone } from 'aws-cdk-lib';
import { ContextAttribute, ScheduleExpression, ScheduleTargetInput } from 'aws-cdk-lib/aws-scheduler';
import { Choice, Condition, Fail, Map, Pass, ProvideItems, Succeed } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';

import { ServiceFunction } from '../constructs/service-function.ts';
import { Timer } from '../constructs/timer.ts';
import { step, Workflow } from '../constructs/workflow.ts';
import { inBooks, inConfig, inOrders, readsAppKeys, readsChannels, readsFiles, writesFiles } from './grants.ts';
import type { Shared } from './shared.ts';

/** Plans the accounts of a run, then releases each by itself. */
const run = (workflow: Construct, steps: ServiceFunction) => {
  const plan = step(workflow, 'Plan', steps, {
    step: 'plan',
    scheduled_at: '{% $states.input.scheduled_at %}',
    business_date: '{% $exists($states.input.business_date) ? $states.input.business_date : null %}',
  });
  const release = step(
    workflow,
    'Release',
    steps,
    {
      step: 'release',
      account: '{% $states.input.account %}',
      through: '{% $states.input.through %}',
      scheduled_at: '{% $states.input.scheduled_at %}',
    },
    // One account that cannot be settled must not keep the others waiting.
    Pass.jsonata(workflow, 'Account failed', { outputs: { is_failed: true } }),
  );
  const accounts = Map.jsonata(workflow, 'Accounts', {
    items: ProvideItems.jsonata('{% $states.input %}'),
    maxConcurrency: 5,
  });
  accounts.itemProcessor(release);
  const someFailed = Fail.jsonata(workflow, 'Some accounts failed', {
    error: 'SomeAccountsFailed',
    cause: 'The other accounts are settled. A repeated run takes up what is left',
  });
  return plan
    .next(accounts)
    .next(
      Choice.jsonata(workflow, 'Any failed?')
        .when(Condition.jsonata('{% $count($states.input[is_failed = true]) > 0 %}'), someFailed)
        .otherwise(Succeed.jsonata(workflow, 'Settled')),
    );
};

/** Releases reconciled money to the merchants each day, and shows what was released. */
export class Settlement extends Construct {
  constructor(scope: Construct, id: string, { data, bus, notices, looks, publicUrl, routes, rolesClaim }: Shared) {
    super(scope, id);

    // What pays calls channels.
    const paying = {
      ORDERS_TABLE: data.orders.tableName,
      BOOKS_TABLE: data.books.tableName,
      CONFIG_TABLE: data.config.tableName,
      CHANNEL_SECRETS: data.channelSecrets.secretArn,
      STATEMENTS_BUCKET: data.statements.bucketName,
      LOOKS_QUEUE: looks.queue.queueUrl,
      PUBLIC_URL: publicUrl,
    };
    const steps = new ServiceFunction(this, 'Steps', {
      entry: 'settlement/steps',
      description: 'The steps of a settlement run: plan, release, and pay where a plan says so',
      environment: {
        ...paying,
        NOTICES_QUEUE: notices.queue.queueUrl,
        BUS: bus.eventBusName,
      },
      timeout: Duration.minutes(10),
      memorySize: 1_769,
    });
    inOrders(steps, data, 'GetItem', 'BatchGetItem', 'Query', 'PutItem');
    inBooks(steps, data, 'GetItem', 'BatchGetItem', 'PutItem', 'UpdateItem', 'Query');
    inConfig(steps, data, 'Query');
    readsChannels(steps, data);
    looks.queue.grantSendMessages(steps);
    readsFiles(steps, data, 'reconciliation', 'settlements');
    writesFiles(steps, data, 'settlements');
    notices.queue.grantSendMessages(steps);
    bus.grantPutEventsTo(steps);

    const { machine } = new Workflow(this, 'Run', (workflow) => run(workflow, steps));
    new Timer(this, 'Daily', {
      description: 'Releases what is reconciled and due',
      schedule: ScheduleExpression.cron({ hour: '14', minute: '0', timeZone: TimeZone.ASIA_SHANGHAI }),
      input: ScheduleTargetInput.fromObject({ scheduled_at: ContextAttribute.scheduledTime }),
      target: machine,
    });

    const runs = new ServiceFunction(this, 'Runs', {
      entry: 'settlement/admin',
      description: 'Starts a settlement run by hand; shows what is payable, and sets it on its way',
      environment: {
        ...paying,
        SETTLEMENT_MACHINE: machine.stateMachineArn,
        ROLES_CLAIM: rolesClaim,
      },
    });
    inOrders(runs, data, 'GetItem', 'PutItem');
    inBooks(runs, data, 'GetItem', 'BatchGetItem', 'PutItem', 'UpdateItem', 'Query');
    readsChannels(runs, data);
    readsFiles(runs, data, 'settlements');
    machine.grantStartExecution(runs);
    routes.to(
      runs,
      'GET /admin/v1/settlements',
      'GET /admin/v1/settlements/{id}',
      'POST /admin/v1/settlements/runs',
      'POST /admin/v1/settlements/{id}/pay',
    );

    const shown = new ServiceFunction(this, 'Settlements', {
      entry: 'settlement/http',
      description: 'Shows settlements to apps',
      environment: {
        BOOKS_TABLE: data.books.tableName,
        CONFIG_TABLE: data.config.tableName,
        APP_SECRETS: data.appSecrets.secretArn,
        STATEMENTS_BUCKET: data.statements.bucketName,
      },
    });
    inBooks(shown, data, 'BatchGetItem', 'Query');
    readsAppKeys(shown, data);
    // An address that it signs can do what it may do itself.
    readsFiles(shown, data, 'settlements');
    routes.to(shown, 'GET /v1/settlements');
  }
}
