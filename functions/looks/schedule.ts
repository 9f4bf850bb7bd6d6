import { SQSClient } from '@aws-sdk/client-sqs';
import * as z from 'zod';

import { database } from '#platform/database.ts';
import { env } from '#platform/env.ts';
import { count, log } from '#platform/log.ts';
import { sender } from '#platform/sender.ts';
import { shards } from '#platform/table.ts';

import { dueReader } from './store.ts';
import { sweep } from './sweep.ts';

const sqs = new SQSClient();
const deps = {
  dueIn: dueReader(database(), env('ORDERS_TABLE')),
  shards,
  sendLooks: sender(sqs, env('LOOKS_QUEUE')),
  sendNotices: sender(sqs, env('NOTICES_QUEUE')),
};

/** The schedule's own instant, never "now": a minute that runs late is still that minute. */
const Minute = z.object({ scheduled_at: z.iso.datetime() });

export const handler = async (event: unknown) => {
  const swept = await sweep(deps, new Date(Minute.parse(event).scheduled_at));
  if (swept.looks + swept.notices > 0) log.info('swept', { ...swept });
  if (swept.overdueLooks > 0) count('LooksOverdue', swept.overdueLooks);
  if (swept.overdueNotices > 0) count('NoticesOverdue', swept.overdueNotices);
  return swept;
};
