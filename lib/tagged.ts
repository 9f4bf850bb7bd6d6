import { Tags } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

import { switchOf } from './switches.ts';

/** By which the bill is divided. */
export const tagged = (scope: Construct): void => {
  const tags = {
    project: 'suanpan',
    environment: switchOf(scope, 'environment') ?? 'production',
    'cost-center': switchOf(scope, 'costCenter') ?? 'payments',
  };
  for (const [name, value] of Object.entries(tags)) Tags.of(scope).add(name, value);
};
