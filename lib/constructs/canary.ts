import { ArnFormat, Stack } from 'aws-cdk-lib';
import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import { LambdaApplication, LambdaDeploymentConfig, LambdaDeploymentGroup } from 'aws-cdk-lib/aws-codedeploy';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Alias } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';

import { acknowledged } from '../acknowledged.ts';

/** How new versions go live: a tenth of the calls for five minutes, then all; back at once when an alarm rings. */
export class Canary extends Construct {
  readonly #application: LambdaApplication;
  readonly #role: Role;

  static of(scope: Construct): Canary {
    const stack = Stack.of(scope);
    const existing = stack.node.tryFindChild('Canary');
    return existing instanceof Canary ? existing : new Canary(stack, 'Canary');
  }

  private constructor(scope: Construct, id: string) {
    super(scope, id);
    const stack = Stack.of(this);
    const any = (service: string, resource: string) =>
      stack.formatArn({ service, resource, resourceName: '*', arnFormat: ArnFormat.COLON_RESOURCE_NAME });
    this.#application = new LambdaApplication(this, 'Application');
    // One role for all, without the managed policy, which may invoke and read far more.
    this.#role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('codedeploy.amazonaws.com') });
    this.#role.addToPolicy(
      new PolicyStatement({
        actions: ['lambda:GetAlias', 'lambda:UpdateAlias', 'lambda:GetProvisionedConcurrencyConfig'],
        resources: [any('lambda', 'function')],
      }),
    );
    this.#role.addToPolicy(
      new PolicyStatement({ actions: ['cloudwatch:DescribeAlarms'], resources: [any('cloudwatch', 'alarm')] }),
    );
    const here = ['<AWS::Partition>', '<AWS::Region>:<AWS::AccountId>'];
    acknowledged(
      this.#role,
      'CodeDeploy moves the aliases of every function of the stack and watches their alarms; naming each would be a circle',
      ...['lambda:%:function', 'cloudwatch:%:alarm'].map(
        (kind) => `AwsSolutions-IAM5[Resource::arn:${here[0]}:${kind.replace('%', String(here[1]))}:*]`,
      ),
    );
  }

  guards(alias: Alias, alarm: Alarm): LambdaDeploymentGroup {
    return new LambdaDeploymentGroup(alias, 'Canary', {
      application: this.#application,
      role: this.#role.withoutPolicyUpdates(),
      alias,
      deploymentConfig: LambdaDeploymentConfig.CANARY_10PERCENT_5MINUTES,
      alarms: [alarm],
      autoRollback: { failedDeployment: true, stoppedDeployment: true, deploymentInAlarm: true },
    });
  }
}
