import type { HttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import type { EventBus } from 'aws-cdk-lib/aws-events';

import type { DataStack } from '../data-stack.ts';
import type { Routes } from '../constructs/routes.ts';
import type { WorkQueue } from '../constructs/queue-worker.ts';

/** What the capabilities share. */
export interface Shared {
  readonly data: DataStack;
  readonly api: HttpApi;
  readonly routes: Routes;
  readonly bus: EventBus;
  readonly looks: WorkQueue;
  readonly notices: WorkQueue;
  readonly publicUrl: string;
  readonly rolesClaim: string;
  readonly loopbackAllowed: string;
}
