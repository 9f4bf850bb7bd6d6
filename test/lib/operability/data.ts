import { by, each, isText, isWatched, names, type Assembly, type Found, type Items } from './assembly.ts';

const tables = each('AWS::DynamoDB::GlobalTable');
const buckets = each('AWS::S3::Bucket');

const replicas = ({ properties }: Found): Found['properties'][] => properties.Replicas ?? [];

const plansOf = (all: Assembly, table: Found) =>
  all
    .ofType('AWS::Backup::BackupSelection')
    .filter(({ properties }) => names(properties.BackupSelection.Resources, table))
    .flatMap(({ properties }) =>
      all.ofType('AWS::Backup::BackupPlan').filter((plan) => names(properties.BackupPlanId, plan)),
    );

const rulesOf = (all: Assembly, table: Found): Found['properties'][] =>
  plansOf(all, table).flatMap(({ properties }) => properties.BackupPlan.BackupPlanRule);

const isLocked = ({ properties }: Found) => properties.LockConfiguration?.MinRetentionDays >= 35;

const isPartOfTable = ({ properties: { Replicas } }: Found, all: Assembly) =>
  all
    .ofType('AWS::KMS::Key')
    .some((key) => Replicas.every(({ SSESpecification }: Found['properties']) => names(SSESpecification, key)));

const logsOf = (all: Assembly, bucket: Found) =>
  buckets(all).some(({ properties }) => names(properties.LoggingConfiguration?.DestinationBucketName, bucket));

/** Where access is logged to is not evidence itself. */
const evidence = (all: Assembly) => buckets(all).filter((bucket) => !logsOf(all, bucket));

const bucketPolicies = (all: Assembly, bucket: Found) =>
  all.ofType('AWS::S3::BucketPolicy').filter(({ properties }) => names(properties.Bucket, bucket));

const secret = each('AWS::SecretsManager::Secret');

export const data: Items = {
  T1: {
    says: 'tables go back to any second of 35 days, and are not deleted by mistake',
    of: tables,
    holds: (table) =>
      replicas(table).length > 0 &&
      replicas(table).every(
        ({ DeletionProtectionEnabled, PointInTimeRecoverySpecification: recovery }) =>
          DeletionProtectionEnabled === true &&
          recovery?.PointInTimeRecoveryEnabled === true &&
          recovery.RecoveryPeriodInDays === 35,
      ),
    breaks: [
      by((properties) => (properties.Replicas[0].DeletionProtectionEnabled = false)),
      by((properties) => (properties.Replicas[0].PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled = false)),
      by((properties) => (properties.Replicas[0].PointInTimeRecoverySpecification.RecoveryPeriodInDays = 7)),
    ],
  },
  T2: {
    says: 'tables are encrypted with the account’s own key, and paid by use up to a ceiling',
    of: tables,
    holds: (table, all) =>
      table.properties.SSESpecification?.SSEType === 'KMS' &&
      isPartOfTable(table, all) &&
      table.properties.BillingMode === 'PAY_PER_REQUEST' &&
      table.properties.WriteOnDemandThroughputSettings?.MaxWriteRequestUnits > 0 &&
      replicas(table).every(
        ({ ReadOnDemandThroughputSettings }) => ReadOnDemandThroughputSettings?.MaxReadRequestUnits > 0,
      ),
    breaks: [
      by((properties) => delete properties.SSESpecification),
      by((properties) => delete properties.Replicas[0].SSESpecification),
      by((properties) => (properties.BillingMode = 'PROVISIONED')),
      by((properties) => delete properties.WriteOnDemandThroughputSettings),
      by((properties) => delete properties.Replicas[0].ReadOnDemandThroughputSettings),
    ],
  },
  'T2, stream': {
    says: 'the table that changes are folded from streams both images',
    of: (all) =>
      tables(all).filter((table) =>
        all.ofType('AWS::Lambda::EventSourceMapping').some(({ properties }) => names(properties.EventSourceArn, table)),
      ),
    holds: ({ properties }) => properties.StreamSpecification?.StreamViewType === 'NEW_AND_OLD_IMAGES',
    breaks: [by((properties) => (properties.StreamSpecification.StreamViewType = 'KEYS_ONLY'))],
  },
  T3: {
    says: 'a table, or an index, that is throttled rings',
    of: tables,
    holds: (table, all) =>
      ['ReadThrottleEvents', 'WriteThrottleEvents'].every((figure) => isWatched(all, figure, table)) &&
      (table.properties.GlobalSecondaryIndexes ?? []).every(({ IndexName }: { IndexName: string }) =>
        all
          .ofType('AWS::CloudWatch::Alarm')
          .some(
            ({ properties }) =>
              names(properties, table) &&
              JSON.stringify(properties).includes(`"GlobalSecondaryIndexName","Value":"${IndexName}"`),
          ),
      ),
    breaks: [
      (table, all) =>
        all.without(
          ({ resource, properties }) => resource.Type === 'AWS::CloudWatch::Alarm' && names(properties, table),
        ),
    ],
  },
  T4: {
    says: 'every table is backed up each day, to a vault that nobody can empty',
    of: tables,
    holds: (table, all) =>
      rulesOf(all, table).length > 0 &&
      rulesOf(all, table).every(
        ({ TargetBackupVault, ScheduleExpression, Lifecycle }) =>
          ScheduleExpression.startsWith('cron(') &&
          Lifecycle.DeleteAfterDays >= 35 &&
          all.ofType('AWS::Backup::BackupVault').some((vault) => names(TargetBackupVault, vault) && isLocked(vault)),
      ),
    breaks: [
      (_, all) => all.without(({ resource }) => resource.Type === 'AWS::Backup::BackupSelection'),
      (_, all) =>
        all.changed(all.ofType('AWS::Backup::BackupVault')[0]!, (properties) => delete properties.LockConfiguration),
    ],
  },
  'T4, copy': {
    says: 'backups are copied to where the loss of a region or an account does not reach',
    isSwitched: true,
    of: tables,
    holds: (table, all) =>
      rulesOf(all, table).length > 0 &&
      rulesOf(all, table).every(({ CopyActions }) => isText(CopyActions?.[0]?.DestinationBackupVaultArn)),
    breaks: [
      (table, all) =>
        all.changed(
          plansOf(all, table)[0]!,
          (properties) => delete properties.BackupPlan.BackupPlanRule[0].CopyActions,
        ),
    ],
  },
  T5: {
    says: 'restoring is practised, of every table, by a machine',
    isSwitched: true,
    of: tables,
    holds: (table, all) => {
      const [plan] = all.ofType('AWS::Backup::RestoreTestingPlan');
      return (
        plan !== undefined &&
        all
          .ofType('AWS::Backup::RestoreTestingSelection')
          .some(
            ({ properties }) =>
              names(properties.ProtectedResourceArns, table) &&
              (names(properties.RestoreTestingPlanName, plan) ||
                properties.RestoreTestingPlanName === plan.properties.RestoreTestingPlanName),
          )
      );
    },
    breaks: [
      (_, all) => all.without(({ resource }) => resource.Type === 'AWS::Backup::RestoreTestingPlan'),
      (_, all) => all.without(({ resource }) => resource.Type === 'AWS::Backup::RestoreTestingSelection'),
    ],
  },
  B1: {
    says: 'buckets are closed to the public, encrypted, versioned, and spoken to over TLS only',
    of: buckets,
    holds: (bucket, all) => {
      const { PublicAccessBlockConfiguration, BucketEncryption, VersioningConfiguration } = bucket.properties;
      const blocks = Object.values(PublicAccessBlockConfiguration ?? {});
      return (
        blocks.length === 4 &&
        blocks.every((isBlocked) => isBlocked === true) &&
        BucketEncryption !== undefined &&
        VersioningConfiguration?.Status === 'Enabled' &&
        bucketPolicies(all, bucket).some(({ properties }) =>
          JSON.stringify(properties.PolicyDocument).includes('"aws:SecureTransport":"false"'),
        )
      );
    },
    breaks: [
      by((properties) => (properties.PublicAccessBlockConfiguration.BlockPublicPolicy = false)),
      by((properties) => delete properties.BucketEncryption),
      by((properties) => delete properties.VersioningConfiguration),
      (bucket, all) =>
        all.without(({ resource, properties }) => {
          return resource.Type === 'AWS::S3::BucketPolicy' && names(properties.Bucket, bucket);
        }),
    ],
  },
  B2: {
    says: 'buckets forget what was never finished; who asked for evidence is logged',
    of: buckets,
    holds: (bucket, all) => {
      const rules: Found['properties'][] = bucket.properties.LifecycleConfiguration?.Rules ?? [];
      return (
        rules.some(({ AbortIncompleteMultipartUpload }) => AbortIncompleteMultipartUpload !== undefined) &&
        (logsOf(all, bucket) || bucket.properties.LoggingConfiguration !== undefined)
      );
    },
    breaks: [
      by((properties) => delete properties.LifecycleConfiguration),
      (bucket, all) =>
        evidence(all)
          .filter(({ id, properties }) => id === bucket.id || names(properties.LoggingConfiguration, bucket))
          .reduce((changed, one) => changed.changed(one, (properties) => delete properties.LoggingConfiguration), all),
    ],
  },
  B3: {
    says: 'evidence is locked: nobody deletes a version of it',
    of: evidence,
    holds: ({ properties }) =>
      properties.ObjectLockEnabled === true && properties.ObjectLockConfiguration?.Rule?.DefaultRetention?.Days >= 365,
    breaks: [
      by((properties) => delete properties.ObjectLockEnabled),
      by((properties) => delete properties.ObjectLockConfiguration),
    ],
  },
  S1: {
    says: 'no secret is written down, and each is rotated, or says how',
    of: secret,
    holds: (one, all) =>
      one.properties.SecretString === undefined &&
      (all.ofType('AWS::SecretsManager::RotationSchedule').some(({ properties }) => names(properties.SecretId, one)) ||
        one.properties.Tags?.some(({ Key, Value }: { Key: string; Value: string }) => {
          return Key === 'runbook' && Value.startsWith('docs/runbooks/');
        })),
    breaks: [by((properties) => (properties.SecretString = 'abc')), by((properties) => (properties.Tags = []))],
  },
  S2: {
    says: 'keys rotate',
    of: each('AWS::KMS::Key'),
    holds: ({ properties }) => properties.EnableKeyRotation === true,
    breaks: [by((properties) => delete properties.EnableKeyRotation)],
  },
};
