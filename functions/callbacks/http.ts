import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import * as z from 'zod';

import { IdOf } from '#kernel/id.ts';
import { wire } from '#payments/wire.ts';
import { database } from '#platform/database.ts';
import { requestOf } from '#platform/http.ts';
import { count, log } from '#platform/log.ts';

import { takeCallback, type Deps } from './take-callback.ts';
import { callbackDeps } from './wire.ts';

const db = database();
const wired = wire(db);
const deps: Deps = {
  ...callbackDeps(wired, db),
  noteRefusal: (why) => {
    log.warn('callback refused', { why });
    count('CallbackRefused');
  },
  noteQuarantine: ({ id, channel_account_id }, { kind, order_no, outcome }) => {
    log.warn('callback about nothing that we know', { callback_id: id, channel_account_id, kind, order_no, outcome });
    count('CallbackQuarantined');
  },
};

const Path = z.object({ channel: z.string(), account: IdOf('chn') });
const bodyLimit = 64 * 1024;

/** Works on bytes: a signature is over what was sent, not over what a parser made of it. */
export const handler = async (event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> => {
  const { headers, body } = requestOf(event);
  const path = Path.safeParse(event.pathParameters);
  const account = path.success ? await wired.configuration.channelAccount(path.data.account) : undefined;
  if (!path.success || account?.channel !== path.data.channel) return { statusCode: 404 };
  if (body.length > bodyLimit) return { statusCode: 413 };
  const answer = await takeCallback(deps, account.id, { headers, body });
  return {
    statusCode: answer.status,
    headers: { 'content-type': answer.contentType ?? 'application/json' },
    body: answer.body,
  };
};
