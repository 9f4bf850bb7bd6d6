import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import { CfnGlobalTable, type TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { AnyPrincipal, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';

/**
 * The account's own key for its tables. Whoever may use a table may use it through the table and in no other way, as with
 * the key that AWS would manage; but this one can be taken away, and its use is in the account's own trail.
 */
export const accountKey = (scope: Construct, id: string): Key => {
  const { account, region, urlSuffix } = Stack.of(scope);
  const key = new Key(scope, id, {
    description: 'Suanpan: the tables',
    enableKeyRotation: true,
    removalPolicy: RemovalPolicy.RETAIN,
  });
  key.addToResourcePolicy(
    new PolicyStatement({
      sid: 'ThroughTheTablesOnly',
      principals: [new AnyPrincipal()],
      actions: [
        'kms:Encrypt',
        'kms:Decrypt',
        'kms:ReEncrypt*',
        'kms:GenerateDataKey*',
        'kms:CreateGrant',
        'kms:DescribeKey',
      ],
      resources: ['*'],
      conditions: {
        StringEquals: { 'kms:CallerAccount': account, 'kms:ViaService': `dynamodb.${region}.${urlSuffix}` },
      },
    }),
  );
  return key;
};

/** The construct wants to know the region to say this, and these stacks go to any. */
export const encryptedWith = (key: Key, table: TableV2): void => {
  const resource = table.node.defaultChild;
  if (!(resource instanceof CfnGlobalTable)) throw new Error(`${table.node.path} is no table`);
  resource.addPropertyOverride('Replicas.0.SSESpecification', { KMSMasterKeyId: key.keyArn });
};
