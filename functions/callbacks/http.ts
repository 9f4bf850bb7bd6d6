import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import * as z from 'zod';

import { IdOf } from '#kernel/id.ts';
import { applyOutcome } from '#payments/apply-outcome.ts';
import { paymentDeps, wire } from '#payments/wire.ts';
import { database } from '#platform/database.ts';
import { env } from '#platform/env.ts';
import { requestOf } from '#platform/http.ts';
import { count, log } from '#platform/log.ts';
import { applyRefundOutcome } from '#refunds/apply-refund-outcome.ts';
import { refundDeps } from '#refunds/wire.ts';

import { callbackStore } from './store.ts';
import { takeCallback } from './take-callback.ts';

const db = database();
const wired = wire(db);
const payments = paymentDeps(wired, () => false);
const refunds = refundDeps(wired, db);
const deps = {
  ...wired,
  callbacks: callbackStore(db, env('ORDERS_TABLE')),
  findPayment: wired.payments.find,
  refundExists: async (id: string) => (await refunds.refunds.find(id)) !== undefined,
  applyOutcome: applyOutcome.bind(undefined, payments),
  applyRefundOutcome: applyRefundOutcome.bind(undefined, refunds),
  noteRefusal: (why: string) => {
    log.warn('callback refused', { why });
    count('CallbackRefused');
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
