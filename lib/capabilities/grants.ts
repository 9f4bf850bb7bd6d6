import { Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { CfnBucket } from 'aws-cdk-lib/aws-s3';
import type { Secret } from 'aws-cdk-lib/aws-secretsmanager';

import { books, orders } from '../../functions/platform/table.ts';
import { acknowledged } from '../acknowledged.ts';
import type { ServiceFunction } from '../constructs/service-function.ts';
import type { DataStack } from '../data-stack.ts';

/** What our functions do to rows. Nothing scans, nothing deletes. A transaction needs the actions of its writes. */
type Action = 'GetItem' | 'BatchGetItem' | 'PutItem' | 'UpdateItem' | 'ConditionCheckItem' | 'Query';

/** A query is of one of these indexes, or of one kind of configuration. */
const indexesOf = { orders: [orders.due.name, orders.flow.name], books: [books.list.name], config: [] } as const;

const inTable =
  (name: keyof typeof indexesOf) =>
  (handler: ServiceFunction, data: DataStack, ...actions: readonly Action[]): void => {
    const { tableArn } = data[name];
    const onItems = actions.filter((action) => action !== 'Query').map((action) => `dynamodb:${action}`);
    if (onItems.length > 0) handler.addToRolePolicy(new PolicyStatement({ actions: onItems, resources: [tableArn] }));
    if (!actions.includes('Query')) return;
    const queried = [tableArn, ...indexesOf[name].map((index) => `${tableArn}/index/${index}`)];
    handler.addToRolePolicy(new PolicyStatement({ actions: ['dynamodb:Query'], resources: queried }));
  };

export const inOrders = inTable('orders');
export const inBooks = inTable('books');
export const inConfig = inTable('config');

const onRows = (handler: ServiceFunction, tableArn: string, action: Action, rows: string): void =>
  handler.addToRolePolicy(
    new PolicyStatement({
      actions: [`dynamodb:${action}`],
      resources: [tableArn],
      conditions: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [rows] } },
    }),
  );

/** Rows of the books that are no books: whoever may use these sees no balance and no journal. */
const besideBooks = (handler: ServiceFunction, data: DataStack, action: Action, rows: `${string}#*`): void =>
  onRows(handler, data.books.tableArn, action, rows);

/** To say what a merchant is by now; nothing else of the configuration. */
export const changesMerchants = (handler: ServiceFunction, data: DataStack): void => {
  onRows(handler, data.config.tableArn, 'GetItem', 'merchant');
  onRows(handler, data.config.tableArn, 'PutItem', 'merchant');
};

/** To choose between channel accounts: how each did of late. */
export const readsHealth = (handler: ServiceFunction, data: DataStack): void =>
  besideBooks(handler, data, 'GetItem', 'health#*');

/** To judge a payment: how often and for how much somebody has paid of late. Of those that touch no books beside. */
export const countsVelocity = (handler: ServiceFunction, data: DataStack): void => {
  besideBooks(handler, data, 'GetItem', 'velocity#*');
  besideBooks(handler, data, 'UpdateItem', 'velocity#*');
};

/** The folders of the bucket of statements. */
type Folder = 'statements' | 'reconciliation' | 'settlements' | 'documents';

const inFolder = (handler: ServiceFunction, { statements }: DataStack, action: string, folder: Folder) => {
  handler.addToRolePolicy(
    new PolicyStatement({ actions: [action], resources: [statements.arnForObjects(`${folder}/*`)] }),
  );
  const stack = Stack.of(statements);
  const resource = statements.node.defaultChild;
  const id = resource instanceof CfnBucket ? stack.getLogicalId(resource) : '';
  const imported: unknown = stack.resolve(stack.exportValue(statements.bucketArn));
  acknowledged(
    handler.role ?? handler,
    'A folder has as many objects as there are days and merchants; one action is granted, on one folder',
    // Before and after the reference becomes an import of the other stack's export.
    `AwsSolutions-IAM5[Resource::<${id}.Arn>/${folder}/*]`,
    `AwsSolutions-IAM5[Resource::${Object.values(imported ?? {}).join('')}/${folder}/*]`,
  );
};

/** Reads files of some folders. Listing is what tells an object that is not there from one that is not shown. */
export const readsFiles = (handler: ServiceFunction, data: DataStack, ...folders: readonly Folder[]): void => {
  for (const folder of folders) inFolder(handler, data, 's3:GetObject', folder);
  handler.addToRolePolicy(new PolicyStatement({ actions: ['s3:ListBucket'], resources: [data.statements.bucketArn] }));
};

export const writesFiles = (handler: ServiceFunction, data: DataStack, ...folders: readonly Folder[]): void => {
  for (const folder of folders) inFolder(handler, data, 's3:PutObject', folder);
};

/** Reads the values of a secret and puts new ones; what the secret is, is not its to change. */
export const changesSecrets = (handler: ServiceFunction, ...secrets: readonly Secret[]): void => {
  for (const secret of secrets) {
    secret.grantRead(handler);
    handler.addToRolePolicy(
      new PolicyStatement({ actions: ['secretsmanager:PutSecretValue'], resources: [secret.secretArn] }),
    );
  }
};

/** To know who calls: apps, their keys, their shared secrets. */
export const readsAppKeys = (handler: ServiceFunction, data: DataStack) => {
  inConfig(handler, data, 'GetItem');
  data.appSecrets.grantRead(handler);
};

/**
 * To charge a user's balance or card: what is held stands beside the payments, its journals and balances in the books. The counters
 * by which risk is judged are moved by the same right.
 */
export const chargesWallets = (handler: ServiceFunction, data: DataStack) => {
  inBooks(handler, data, 'GetItem', 'PutItem', 'UpdateItem');
};

/** To call a channel: its account and its keys. */
export const readsChannels = (handler: ServiceFunction, data: DataStack) => {
  inConfig(handler, data, 'GetItem');
  data.channelSecrets.grantRead(handler);
};
