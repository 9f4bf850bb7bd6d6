import { RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import {
  AttributeType,
  Billing,
  ProjectionType,
  StreamViewType,
  TableEncryptionV2,
  TableV2,
  type TablePropsV2,
} from 'aws-cdk-lib/aws-dynamodb';
import { BlockPublicAccess, Bucket, BucketEncryption, CfnBucket, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';

import { books, key, orders } from '../functions/platform/table.ts';

const kept = {
  partitionKey: { name: key.partition, type: AttributeType.STRING },
  billing: Billing.onDemand(),
  encryption: TableEncryptionV2.awsManagedKey(),
  pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
  deletionProtection: true,
  removalPolicy: RemovalPolicy.RETAIN,
} satisfies TablePropsV2;

const text = (name: string) => ({ name, type: AttributeType.STRING });

/** Everything that would be missed if it were deleted. */
export class DataStack extends Stack {
  readonly orders: TableV2;
  readonly books: TableV2;
  readonly config: TableV2;
  readonly statements: Bucket;
  readonly appSecrets: Secret;
  readonly channelSecrets: Secret;

  constructor(scope: Construct, id: string, props: StackProps) {
    super(scope, id, { ...props, terminationProtection: true, description: 'Suanpan: tables, statements and secrets' });

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

    this.statements = new Bucket(this, 'Statements', {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      encryption: BucketEncryption.S3_MANAGED,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      versioned: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    // Said in CloudFormation's own words: the construct would deploy a function of its own for this one setting.
    const bucket = this.statements.node.defaultChild;
    if (bucket instanceof CfnBucket)
      bucket.notificationConfiguration = { eventBridgeConfiguration: { eventBridgeEnabled: true } };

    const emptyMap = { generateSecretString: { secretStringTemplate: '{}', generateStringKey: 'unused' } };
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
  }
}
