import { randomUUID } from 'node:crypto';

import * as z from 'zod';

import { Flag } from '../assembly/template.ts';
import type { Deployment } from '../assembly/deployment.ts';
import type { Change } from '../objects/object-store.ts';
import { Refusal } from '../refusal.ts';
import type { EventBuses } from './event-bus.ts';

const Notifications = z.object({
  NotificationConfiguration: z
    .object({
      EventBridgeConfiguration: z.object({ EventBridgeEnabled: Flag.default(true) }).optional(),
      LambdaConfigurations: z.unknown().optional(),
      QueueConfigurations: z.unknown().optional(),
      TopicConfigurations: z.unknown().optional(),
    })
    .default({}),
});

const speakingBuckets = (deployment: Deployment): string[] =>
  deployment.ofType('AWS::S3::Bucket').flatMap(({ path, name, properties }) => {
    const { EventBridgeConfiguration: eventBridge, ...others } =
      Notifications.parse(properties).NotificationConfiguration;
    const [other] = Object.entries(others).filter(([, configuration]) => configuration !== undefined);
    if (other !== undefined) throw new Refusal(`${path}: ${other[0]} are not supported, EventBridgeConfiguration is`);
    return eventBridge?.EventBridgeEnabled === true ? [name] : [];
  });

/** Tells the default bus what happens in those buckets that say so. */
export const objectEvents = (deployment: Deployment, buses: EventBuses): ((change: Change) => void) => {
  const speaking = new Set(speakingBuckets(deployment));
  return ({ kind, reason, bucket, key, size, etag }) => {
    if (!speaking.has(bucket)) return;
    const isCreated = kind === 'created';
    const sequencer = Date.now().toString(16).toUpperCase().padStart(16, '0');
    buses.publish('default', {
      source: 'aws.s3',
      detailType: isCreated ? 'Object Created' : 'Object Deleted',
      resources: [`arn:aws:s3:::${bucket}`],
      detail: {
        version: '0',
        bucket: { name: bucket },
        object: isCreated ? { key, size, etag, sequencer } : { key, sequencer },
        'request-id': randomUUID(),
        requester: deployment.account,
        'source-ip-address': '127.0.0.1',
        reason,
        ...(isCreated ? {} : { 'deletion-type': 'Permanently Deleted' }),
      },
    });
  };
};
