import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  CfnBucket,
  HttpMethods,
  ObjectLockRetention,
  ObjectOwnership,
  StorageClass,
  type BucketProps,
  type CorsRule,
} from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';

const safe = {
  blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
  encryption: BucketEncryption.S3_MANAGED,
  objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
  enforceSSL: true,
  versioned: true,
  removalPolicy: RemovalPolicy.RETAIN,
} satisfies BucketProps;

const unfinished = { abortIncompleteMultipartUploadAfter: Duration.days(7) };

/**
 * Files that prove what was paid and settled. A key may be written again, as channels correct their statements, but every
 * version is locked: for so long nobody deletes it without saying that they bypass governance. Who asked for what is logged.
 */
export class EvidenceBucket extends Construct {
  readonly bucket: Bucket;

  constructor(scope: Construct, id: string, { lockedFor }: { lockedFor: Duration }) {
    super(scope, id);
    const accessLogs = new Bucket(this, 'AccessLogs', {
      ...safe,
      lifecycleRules: [
        { ...unfinished, expiration: Duration.days(400), noncurrentVersionExpiration: Duration.days(7) },
      ],
    });
    // In the scope, not below this construct: its logical id must never change, because a new id is a new, empty bucket.
    this.bucket = new Bucket(scope, 'Statements', {
      ...safe,
      objectLockDefaultRetention: ObjectLockRetention.governance(lockedFor),
      serverAccessLogsBucket: accessLogs,
      cors: [this.browsersMaySend()],
      lifecycleRules: [
        {
          ...unfinished,
          noncurrentVersionTransitions: [
            { storageClass: StorageClass.GLACIER_INSTANT_RETRIEVAL, transitionAfter: Duration.days(30) },
          ],
        },
      ],
    });
    // Said in CloudFormation's own words: the construct would deploy a function of its own for this one setting.
    const resource = this.bucket.node.defaultChild;
    if (resource instanceof CfnBucket)
      resource.notificationConfiguration = { eventBridgeConfiguration: { eventBridgeEnabled: true } };
  }

  /**
   * A browser sends a file to an address that was signed for just that file: whoever has it may send it, from whatever page, unless
   * the context names the origins of the pages (`browserOrigins`, with commas).
   */
  private browsersMaySend(): CorsRule {
    const named: unknown = this.node.tryGetContext('browserOrigins');
    return {
      allowedOrigins: typeof named === 'string' ? named.split(',') : ['*'],
      allowedMethods: [HttpMethods.PUT],
      allowedHeaders: ['content-type', 'if-none-match', 'x-amz-checksum-sha256'],
      maxAge: 900,
    };
  }
}
