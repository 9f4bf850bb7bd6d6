import * as z from 'zod';

import type { Deployment } from '../assembly/deployment.ts';
import { Refusal } from '../refusal.ts';

const QueueProperties = z.object({
  FifoQueue: z.unknown().optional(),
  DelaySeconds: z.coerce.number().max(900).default(0),
  VisibilityTimeout: z.coerce.number().default(30),
  MessageRetentionPeriod: z.coerce.number().default(345_600),
  ReceiveMessageWaitTimeSeconds: z.coerce.number().default(0),
  RedrivePolicy: z.object({ deadLetterTargetArn: z.string(), maxReceiveCount: z.coerce.number() }).optional(),
});

export interface QueueSpec {
  readonly name: string;
  readonly arn: string;
  readonly url: string;
  readonly delaySeconds: number;
  readonly visibilitySeconds: number;
  readonly retentionSeconds: number;
  readonly waitSeconds: number;
  readonly deadLetters?: { readonly queue: string; readonly maxReceives: number };
}

export const queueNameOf = (arnOrUrl: string): string => arnOrUrl.split(/[:/]/).at(-1) ?? arnOrUrl;

export const queuesOf = (deployment: Deployment): QueueSpec[] =>
  deployment.ofType('AWS::SQS::Queue').map(({ path, name, ref, properties }) => {
    const spec = QueueProperties.parse(properties);
    if (spec.FifoQueue !== undefined) throw new Refusal(`${path}: FIFO queues are not supported`);
    return {
      name,
      url: ref,
      arn: `arn:aws:sqs:${deployment.region}:${deployment.account}:${name}`,
      delaySeconds: spec.DelaySeconds,
      visibilitySeconds: spec.VisibilityTimeout,
      retentionSeconds: spec.MessageRetentionPeriod,
      waitSeconds: spec.ReceiveMessageWaitTimeSeconds,
      deadLetters: spec.RedrivePolicy && {
        queue: queueNameOf(spec.RedrivePolicy.deadLetterTargetArn),
        maxReceives: spec.RedrivePolicy.maxReceiveCount,
      },
    };
  });
