import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';

import { randomBytes } from 'node:crypto';

import { placingDeps, wire } from '#payments/wire.ts';
import { database } from '#platform/database.ts';
import { env } from '#platform/env.ts';
import { log } from '#platform/log.ts';
import { showCounter, takeAmount, type Deps as CounterDeps } from '#store-codes/answers.ts';

import { giveAsset, outage, packed, showPage, takeAnswer, takeChoice, tellState, type Deps } from './answers.ts';
import { assetsIn } from './assets.ts';
import { cashierUrl } from './link.ts';
import { leadToSignIn, takeSignIn, type Deps as SignInDeps } from './sign-in-answers.ts';
import { signInsIn } from './store.ts';
import { cashierKey } from './wire.ts';

const wired = wire(database());
const deps: Deps = {
  ...placingDeps(wired, () => false),
  app: wired.configuration.app,
  key: cashierKey(wired.now),
  assets: assetsIn(new URL(import.meta.url)),
};
const atCounters: CounterDeps = {
  ...deps,
  storeCode: wired.configuration.storeCode,
  chance: randomBytes,
  pageOf: async (payment) => cashierUrl(env('PUBLIC_URL'), await deps.key(), payment),
};

const signingIn: SignInDeps = {
  ...deps,
  chance: randomBytes,
  origin: env('PUBLIC_URL'),
  isFirst: signInsIn(wired.db, env('BOOKS_TABLE'), wired.now),
};

const answers: Readonly<
  Record<
    string,
    (event: APIGatewayProxyEventV2) => APIGatewayProxyStructuredResultV2 | Promise<APIGatewayProxyStructuredResultV2>
  >
> = {
  'GET /cashier/{id}': (event) => showPage(deps, event),
  'POST /cashier/{id}/attempts': (event) => takeChoice(deps, event),
  'POST /cashier/{id}/challenge': (event) => takeAnswer(deps, event),
  'GET /cashier/{id}/state': (event) => tellState(deps, event),
  'GET /cashier/{id}/sign-in': (event) => leadToSignIn(signingIn, event),
  'GET /cashier/{id}/signed-in': (event) => takeSignIn(signingIn, event),
  'GET /cashier/assets/{name}': (event) => giveAsset(deps, event),
  'GET /s/{code}': (event) => showCounter(atCounters, event),
  'POST /s/{code}': (event) => takeAmount(atCounters, event),
};

/** The payers' door: no signature, the address itself is the key. Whatever goes wrong, a payer reads a page. */
export const handler = async (event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> => {
  try {
    const answer = answers[event.routeKey];
    if (!answer) throw new Error(`no answer to ${event.routeKey}`);
    return packed(event, await answer(event));
  } catch (error) {
    log.error('failed', error, { trace_id: event.requestContext.requestId });
    return outage(deps, event);
  }
};
