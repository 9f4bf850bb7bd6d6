import { Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/**
 * A finding of a rule pack that stays, on the construct it is about, with its reason. A rule that names what it found, such
 * as `AwsSolutions-IAM5[Resource::*]`, is acknowledged for that alone: the next wildcard is a finding again.
 */
export const acknowledged = (construct: IConstruct, reason: string, ...ids: readonly string[]): void => {
  const validations = Validations.of(construct);
  for (const id of ids) validations.acknowledge({ id, reason });
};
