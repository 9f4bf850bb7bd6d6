import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';

import type { ServiceFunction } from '../constructs/service-function.ts';
import type { DataStack } from '../data-stack.ts';

/** What our functions do to rows. Nothing scans, nothing deletes. A transaction needs the actions of its writes. */
type Action = 'GetItem' | 'BatchGetItem' | 'PutItem' | 'UpdateItem' | 'ConditionCheckItem' | 'Query';

const readsAndWrites = (table: TableV2, handler: ServiceFunction, actions: readonly Action[]) => {
  const onItems = actions.filter((action) => action !== 'Query').map((action) => `dynamodb:${action}`);
  if (onItems.length > 0)
    handler.addToRolePolicy(new PolicyStatement({ actions: onItems, resources: [table.tableArn] }));
  // A query is always of an index here, or of one kind of configuration.
  if (actions.includes('Query'))
    handler.addToRolePolicy(
      new PolicyStatement({ actions: ['dynamodb:Query'], resources: [table.tableArn, `${table.tableArn}/index/*`] }),
    );
};

export const inOrders = (handler: ServiceFunction, { orders }: DataStack, ...actions: readonly Action[]) =>
  readsAndWrites(orders, handler, actions);

export const inBooks = (handler: ServiceFunction, { books }: DataStack, ...actions: readonly Action[]) =>
  readsAndWrites(books, handler, actions);

export const inConfig = (handler: ServiceFunction, { config }: DataStack, ...actions: readonly Action[]) =>
  readsAndWrites(config, handler, actions);

/** To know who calls: apps, their keys, their shared secrets. */
export const readsAppKeys = (handler: ServiceFunction, data: DataStack) => {
  inConfig(handler, data, 'GetItem');
  data.appSecrets.grantRead(handler);
};

/** To call a channel: its account and its keys. */
export const readsChannels = (handler: ServiceFunction, data: DataStack) => {
  inConfig(handler, data, 'GetItem');
  data.channelSecrets.grantRead(handler);
};
