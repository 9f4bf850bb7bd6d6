import { Stack } from 'aws-cdk-lib';
import { CfnConfigRule } from 'aws-cdk-lib/aws-config';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';

import { acknowledged } from '../acknowledged.ts';

/** Each day AWS Config asks CloudFormation whether somebody has changed what these stacks made. */
export class Drift extends Construct {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    // The CDK's own rule gives its role read access to the whole account; finding drift needs to describe what is here.
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('config.amazonaws.com') });
    const services = ['cloudformation', 'lambda', 'dynamodb', 'sqs', 'sns', 'events', 'scheduler', 'states'];
    role.addToPolicy(
      new PolicyStatement({
        actions: [
          'cloudformation:DetectStackDrift',
          'cloudformation:DetectStackResourceDrift',
          ...services.flatMap((service) => [`${service}:Describe*`, `${service}:Get*`, `${service}:List*`]),
        ],
        resources: ['*'],
      }),
    );
    acknowledged(
      role,
      'To find what was changed by hand it must be able to read, and only to read, what the stacks are made of',
      'AwsSolutions-IAM5[Resource::*]',
      ...services.flatMap((service) =>
        ['Describe', 'Get', 'List'].map((verb) => `AwsSolutions-IAM5[Action::${service}:${verb}*]`),
      ),
    );
    new CfnConfigRule(this, 'Rule', {
      source: { owner: 'AWS', sourceIdentifier: 'CLOUDFORMATION_STACK_DRIFT_DETECTION_CHECK' },
      inputParameters: { cloudformationRoleArn: role.roleArn },
      maximumExecutionFrequency: 'TwentyFour_Hours',
      scope: { tagKey: 'project', tagValue: 'suanpan' },
      description: `Drift of ${Stack.of(this).stackName}`,
    });
  }
}
