import { ArnFormat, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import {
  BackupPlan,
  BackupPlanRule,
  BackupResource,
  BackupVault,
  CfnRestoreTestingPlan,
  CfnRestoreTestingSelection,
} from 'aws-cdk-lib/aws-backup';
import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Schedule } from 'aws-cdk-lib/aws-events';
import { ManagedPolicy, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';

import { acknowledged } from '../acknowledged.ts';
import { isOn, switchOf } from '../switches.ts';

/**
 * A backup of every table each day, kept for a year in a vault whose lock nobody can shorten below 35 days; copied to
 * another vault where there is one. Point-in-time recovery covers mistakes; this covers the loss of the tables themselves.
 */
export class Backups extends Construct {
  constructor(scope: Construct, id: string, tables: readonly TableV2[]) {
    super(scope, id);
    const vault = new BackupVault(this, 'Vault', {
      lockConfiguration: { minRetention: Duration.days(35) },
      removalPolicy: RemovalPolicy.RETAIN,
    });
    const copyTo = switchOf(this, 'backupCopyVaultArn');
    const deleteAfter = Duration.days(365);
    const plan = new BackupPlan(this, 'Plan', {
      backupVault: vault,
      backupPlanRules: [
        new BackupPlanRule({
          ruleName: 'Daily',
          scheduleExpression: Schedule.cron({ hour: '19', minute: '0' }),
          deleteAfter,
          ...(copyTo !== undefined && {
            copyActions: [
              {
                destinationBackupVault: BackupVault.fromBackupVaultArn(this, 'Copies', copyTo),
                deleteAfter,
              },
            ],
          }),
        }),
      ],
    });
    const role = this.#role();
    plan.addSelection('Tables', { resources: tables.map((table) => BackupResource.fromDynamoDbTable(table)), role });
    if (isOn(this, 'restoreTesting')) this.#testRestores(vault, tables, role);
  }

  /** Backing up and restoring is what AWS’s own policies describe; they are its to keep up with its service. */
  #role(): Role {
    const names = ['ForBackup', 'ForRestores'].map((what) => `service-role/AWSBackupServiceRolePolicy${what}`);
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('backup.amazonaws.com'),
      managedPolicies: names.map((name) => ManagedPolicy.fromAwsManagedPolicyName(name)),
    });
    acknowledged(
      role,
      'The role of a service of AWS, not of code of ours: it needs what AWS says that it needs, and that changes with it',
      ...names.map((name) => `AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/${name}]`),
    );
    return role;
  }

  /** On the first of each month the newest backup of each table becomes a table for a day. */
  #testRestores(vault: BackupVault, tables: readonly TableV2[], role: Role): void {
    const unique = Stack.of(this).stackName.replaceAll(/\W/g, '');
    const plan = new CfnRestoreTestingPlan(this, 'RestoreTest', {
      restoreTestingPlanName: `${unique}Monthly`,
      scheduleExpression: 'cron(0 21 1 * ? *)',
      recoveryPointSelection: {
        algorithm: 'LATEST_WITHIN_WINDOW',
        includeVaults: [vault.backupVaultArn],
        recoveryPointTypes: ['SNAPSHOT'],
      },
    });
    const selection = new CfnRestoreTestingSelection(this, 'RestoreTestTables', {
      restoreTestingPlanName: plan.restoreTestingPlanName,
      restoreTestingSelectionName: `${unique}Tables`,
      iamRoleArn: role.roleArn,
      protectedResourceType: 'DynamoDB',
      protectedResourceArns: tables.map(({ tableName }) =>
        Stack.of(this).formatArn({
          service: 'dynamodb',
          resource: 'table',
          resourceName: tableName,
          arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
        }),
      ),
      validationWindowHours: 24,
    });
    selection.addResourceDependency(plan);
  }
}
