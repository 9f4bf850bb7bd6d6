import { Duration } from 'aws-cdk-lib';
import { Choice, Condition, Succeed } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';

import { Reaction } from '../constructs/reaction.ts';
import { ServiceFunction } from '../constructs/service-function.ts';
import { step, Workflow } from '../constructs/workflow.ts';
import { inBooks, inConfig, inOrders, readsFiles, writesFiles } from './grants.ts';
import type { Shared } from './shared.ts';

const batch = { batch_id: '{% $states.context.Execution.Input.batch_id %}' };

/** From a statement in the bucket to records, differences and a verdict. */
export class Reconciliation extends Construct {
  constructor(scope: Construct, id: string, { data, bus, routes, rolesClaim }: Shared) {
    super(scope, id);
    const environment = {
      BOOKS_TABLE: data.books.tableName,
      CONFIG_TABLE: data.config.tableName,
      STATEMENTS_BUCKET: data.statements.bucketName,
      BUS: bus.eventBusName,
    };

    const steps = new ServiceFunction(this, 'Steps', {
      entry: 'reconciliation/steps',
      description: 'The steps of a batch: parse, match, summarize',
      environment: { ...environment, ORDERS_TABLE: data.orders.tableName },
      timeout: Duration.minutes(10),
      memorySize: 3_008,
    });
    inBooks(steps, data, 'GetItem', 'BatchGetItem', 'PutItem', 'ConditionCheckItem');
    inConfig(steps, data, 'GetItem');
    inOrders(steps, data, 'BatchGetItem', 'Query');
    readsFiles(steps, data, 'reconciliation');
    writesFiles(steps, data, 'reconciliation');
    bus.grantPutEventsTo(steps);

    const { machine } = new Workflow(this, 'Batch', (workflow) => {
      const failed = step(workflow, 'Fail', steps, { step: 'fail', ...batch });
      const summarize = step(workflow, 'Summarize', steps, { step: 'summarize', ...batch }, failed);
      const match = step(workflow, 'Match', steps, { step: 'match', ...batch }, failed);
      const parse = step(workflow, 'Parse', steps, { step: 'parse', ...batch }, failed);
      return parse.next(
        Choice.jsonata(workflow, 'Believed?')
          .when(Condition.jsonata("{% $states.input.outcome = 'parsed' %}"), match.next(summarize))
          .otherwise(Succeed.jsonata(workflow, 'Abnormal')),
      );
    });

    const intake = new ServiceFunction(this, 'Intake', {
      entry: 'reconciliation/intake',
      description: 'Takes in a statement that arrived and starts its batch',
      environment: { ...environment, ORDERS_TABLE: data.orders.tableName, BATCH_MACHINE: machine.stateMachineArn },
      timeout: Duration.minutes(2),
      memorySize: 1_769,
    });
    new Reaction(this, 'StatementArrived', {
      description: 'An object below statements/ begins a batch',
      eventPattern: {
        source: ['aws.s3'],
        detailType: ['Object Created'],
        detail: { bucket: { name: [data.statements.bucketName] }, object: { key: [{ prefix: 'statements/' }] } },
      },
      handler: intake,
    });

    const desk = new ServiceFunction(this, 'Desk', {
      entry: 'reconciliation/http',
      description: 'Shows batches, records and differences; makes new versions',
      environment: { ...environment, BATCH_MACHINE: machine.stateMachineArn, ROLES_CLAIM: rolesClaim },
    });
    for (const handler of [intake, desk]) {
      inBooks(handler, data, 'GetItem', 'PutItem');
      inConfig(handler, data, 'GetItem');
      readsFiles(handler, data, 'statements', 'reconciliation');
      writesFiles(handler, data, 'reconciliation');
      bus.grantPutEventsTo(handler);
      machine.grantStartExecution(handler);
    }
    inBooks(desk, data, 'BatchGetItem', 'Query');
    // Of a bank's statement: its entries with their journals, and the payments that they name or that were told of.
    inBooks(intake, data, 'BatchGetItem', 'UpdateItem', 'Query');
    inOrders(intake, data, 'GetItem');
    routes.to(
      desk,
      'GET /admin/v1/reconciliation/batches',
      'POST /admin/v1/reconciliation/batches',
      'GET /admin/v1/reconciliation/batches/{id}',
      'GET /admin/v1/reconciliation/batches/{id}/records',
      'GET /admin/v1/bank-receipts',
      'GET /admin/v1/differences',
      'GET /admin/v1/duplicates',
    );
  }
}
