import { Duration, RemovalPolicy, Stack, Tags, type StackProps } from 'aws-cdk-lib';
import {
  AttributeType,
  Billing,
  ProjectionType,
  StreamViewType,
  TableEncryptionV2,
  TableV2,
  type TablePropsV2,
} from 'aws-cdk-lib/aws-dynamodb';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';

import { books, key, orders } from '../functions/platform/table.ts';
import { acknowledged } from './acknowledged.ts';
import { OperatorPool } from './constructs/operator-pool.ts';
import { accountKey, encryptedWith } from './data/account-key.ts';
import { EvidenceBucket } from './data/evidence-bucket.ts';
import { isOn } from './switches.ts';
import { tagged } from './tagged.ts';
import { Backups } from './data/backups.ts';

const kept = {
  encryption: TableEncryptionV2.awsManagedKey(),
  partitionKey: { name: key.partition, type: AttributeType.STRING },
  // Far above what a large day needs; below what a mistake in a loop could cost in a night.
  billing: Billing.onDemand({ maxReadRequestUnits: 12_000, maxWriteRequestUnits: 6_000 }),
  pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true, recoveryPeriodInDays: 35 },
  deletionProtection: true,
  removalPolicy: RemovalPolicy.RETAIN,
} satisfies TablePropsV2;

const text = (name: string) => ({ name, type: AttributeType.STRING });

const emptyMap = { generateSecretString: { secretStringTemplate: '{}', generateStringKey: 'unused' } };
const oneKey = {
  generateSecretString: {
    secretStringTemplate: '{}',
    generateStringKey: 'key',
    passwordLength: 64,
    excludePunctuation: true,
  },
};

/** By operators, and with the other side's consent: a runbook says how, as no function can rotate them alone. */
const changedByHand = (secret: Secret): void => {
  Tags.of(secret).add('runbook', 'docs/runbooks/rotate-secrets.md');
  acknowledged(
    secret,
    'The other half is a channel’s or an app’s: docs/runbooks/rotate-secrets.md',
    'AwsSolutions-SMG4',
  );
};

/** Everything that would be missed if it were deleted. */
export class DataStack extends Stack {
  readonly orders: TableV2;
  readonly books: TableV2;
  readonly config: TableV2;
  readonly statements: Bucket;
  readonly appSecrets: Secret;
  readonly channelSecrets: Secret;
  readonly cashierKey: Secret;
  /** With `-c cognito=true`. Without, operators come from whatever issuer the service stack is told of. */
  readonly operators: OperatorPool | undefined;

  constructor(scope: Construct, id: string, props: StackProps) {
    super(scope, id, { ...props, terminationProtection: true, description: 'Suanpan: tables, statements and secrets' });

    // Logs of access are let in by the bucket's policy: the other way needs access control lists, which are off.
    this.node.setContext('@aws-cdk/aws-s3:serverAccessLogsUseBucketPolicy', true);
    tagged(this);

    this.orders = new TableV2(this, 'Orders', {
      ...kept,
      timeToLiveAttribute: orders.ttl,
      dynamoStream: StreamViewType.NEW_AND_OLD_IMAGES,
      globalSecondaryIndexes: [
        {
          indexName: orders.due.name,
          partitionKey: text(orders.due.partition),
          sortKey: text(orders.due.sort),
          projectionType: ProjectionType.KEYS_ONLY,
        },
        {
          indexName: orders.flow.name,
          partitionKey: text(orders.flow.partition),
          projectionType: ProjectionType.KEYS_ONLY,
        },
      ],
    });
    this.books = new TableV2(this, 'Books', {
      ...kept,
      timeToLiveAttribute: books.ttl,
      globalSecondaryIndexes: [
        {
          indexName: books.list.name,
          partitionKey: text(books.list.partition),
          sortKey: text(books.list.sort),
          projectionType: ProjectionType.KEYS_ONLY,
        },
      ],
    });
    this.config = new TableV2(this, 'Config', { ...kept, sortKey: text(key.sort) });

    const encryptionKey = accountKey(this, 'TablesKey');
    for (const table of [this.orders, this.books, this.config]) encryptedWith(encryptionKey, table);

    this.statements = new EvidenceBucket(this, 'Evidence', { lockedFor: Duration.days(400) }).bucket;
    new Backups(this, 'Backups', [this.orders, this.books, this.config]);

    this.appSecrets = new Secret(this, 'AppSecrets', {
      ...emptyMap,
      description: 'Webhook secrets and shared keys, by app',
      removalPolicy: RemovalPolicy.RETAIN,
    });
    this.channelSecrets = new Secret(this, 'ChannelSecrets', {
      ...emptyMap,
      description: 'Private keys of channel accounts, by account',
      removalPolicy: RemovalPolicy.RETAIN,
    });
    this.cashierKey = new Secret(this, 'CashierKey', {
      ...oneKey,
      description: 'What the addresses of cashier pages are made from; another one ends every address',
      removalPolicy: RemovalPolicy.RETAIN,
    });
    this.operators = isOn(this, 'cognito') ? new OperatorPool(this, 'Operators') : undefined;
    for (const secret of this.node.children.filter((child) => child instanceof Secret)) changedByHand(secret);
  }
}
