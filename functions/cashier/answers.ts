import { gzipSync } from 'node:zlib';

import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';

import { Failure, type FailureCode } from '#kernel/failure.ts';
import { answerChallenge, sendCodeAgain } from '#payments/placing/answer-challenge.ts';
import { requestOf } from '#platform/http.ts';

import type { assetsIn } from './assets.ts';
import { activeApp, chooseMethod, type Deps as ChooseDeps } from './choose-method.ts';
import { languageOf } from './copy/language.ts';
import { problemIn, problems } from './copy/problems.ts';
import { standings } from './copy/standings.ts';
import { paymentPage, plainPage } from './page/document.ts';
import { always, pageHeaders } from './page/headers.ts';
import { signs } from './page/icons.ts';
import { addressesOf } from './page/model.ts';
import { paymentOf, showOrder, signInFor, type Deps as ShowDeps, type Order } from './show-order.ts';
import { standOf } from './standing.ts';

export type Deps = ShowDeps & ChooseDeps & { readonly assets: ReturnType<typeof assetsIn> };
export type Result = APIGatewayProxyStructuredResultV2;

/** A form holds one method. */
const bodyLimit = 1_024;

/** What a payer's browser asks. */
export const visitOf = (event: APIGatewayProxyEventV2) => {
  const { headers, query, body } = requestOf(event);
  const asked = new URLSearchParams(query);
  const lang = asked.get('lang') ?? undefined;
  return {
    id: event.pathParameters?.['id'] ?? '',
    token: asked.get('token') ?? '',
    choosing: asked.has('choose'),
    method: asked.get('method') ?? '',
    /** Of a choice that was not done, when its page was left meanwhile. */
    problem: problemIn(asked.get('problem')),
    code: asked.get('code') ?? '',
    state: asked.get('state') ?? '',
    isNamed: lang === 'zh' || lang === 'en',
    language: languageOf(lang, headers['accept-language']),
    userAgent: headers['user-agent'] ?? '',
    known: headers['if-none-match'],
    ip: event.requestContext.http.sourceIp,
    body,
  };
};
export type Visit = ReturnType<typeof visitOf>;

/** The HTTP API compresses nothing by itself. */
export const packed = (event: APIGatewayProxyEventV2, result: Result): Result => {
  const accepts = /\bgzip\b/.test(event.headers['accept-encoding'] ?? '');
  if (!accepts || typeof result.body !== 'string' || result.body.length < 600) return result;
  return {
    ...result,
    headers: { ...result.headers, 'content-encoding': 'gzip', vary: 'accept-encoding' },
    body: gzipSync(result.body).toString('base64'),
    isBase64Encoded: true,
  };
};

export const notFound = ({ assets }: Deps, { language }: Visit): Result => ({
  statusCode: 404,
  headers: pageHeaders(),
  body: plainPage(standings.not_found, signs.over, language, assets.addresses),
});

/** Something is wrong on our side. The payer is told that nothing is lost, and to come back. */
export const outage = ({ assets }: Pick<Deps, 'assets'>, event: APIGatewayProxyEventV2): Result => ({
  statusCode: 503,
  headers: { ...pageHeaders(), 'retry-after': '5' },
  body: plainPage(problems.busy, signs.wait, visitOf(event).language, assets.addresses),
});

interface Drawing {
  readonly problem?: FailureCode | undefined;
  /** What the payer wants to pay by, and must sign in for first. */
  readonly signInFor?: string;
  readonly status?: number;
}

const drawn = (
  deps: Deps,
  visit: Visit,
  order: Order,
  { problem, signInFor: wanted, status = 200 }: Drawing = {},
): Result => {
  const { payment, merchant, offers, environment } = order;
  const { id, token, language, isNamed, choosing } = visit;
  const now = deps.now();
  const stand = standOf(payment, now);
  const body = paymentPage(
    {
      payment,
      merchant: merchant.name,
      stand,
      offers,
      environment,
      language,
      choosing,
      problem,
      signInFor: wanted,
      now,
      addresses: addressesOf(id, token, language, isNamed),
    },
    deps.assets.addresses,
  );
  return { statusCode: status, headers: pageHeaders(stand.attempt?.action), body };
};

export const showPage = async (deps: Deps, event: APIGatewayProxyEventV2): Promise<Result> => {
  const visit = visitOf(event);
  const payment = await paymentOf(deps, visit);
  if (!payment) return notFound(deps, visit);
  return drawn(deps, visit, await showOrder(deps, payment, visit), { problem: visit.problem });
};

/** Then the page is asked for anew, so that reloading it chooses nothing again. */
export const seeOther = ({ id, token, language, isNamed }: Visit, problem?: FailureCode): Result => {
  const { page } = addressesOf(id, token, language, isNamed);
  const location = problem === undefined ? page : `${page}&problem=${problem}`;
  return { statusCode: 303, headers: { ...pageHeaders(), location } };
};

/** What a form of the page has asked for, when it is done; the page as it then stands, with the refusal, when it is not. */
const done = async (
  deps: Deps,
  visit: Visit,
  order: Order,
  act: (fields: URLSearchParams) => Promise<Result | undefined>,
) => {
  try {
    return (await act(new URLSearchParams(visit.body.toString('utf8')))) ?? seeOther(visit);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    // What the payer reads must be how it stands after the refusal, not before.
    const payment = (await deps.find(order.payment.id)) ?? order.payment;
    return drawn(deps, visit, { ...order, payment }, { problem: error.code, status: error.status });
  }
};

const posted = async (
  deps: Deps,
  event: APIGatewayProxyEventV2,
  act: (order: Order, visit: Visit, fields: URLSearchParams) => Promise<Result | undefined>,
): Promise<Result> => {
  const visit = visitOf(event);
  if (visit.body.length > bodyLimit) return { statusCode: 413, headers: always };
  const payment = await paymentOf(deps, visit);
  if (!payment) return notFound(deps, visit);
  const order = await showOrder(deps, payment, visit);
  return done(deps, visit, order, (fields) => act(order, visit, fields));
};

export const takeChoice = (deps: Deps, event: APIGatewayProxyEventV2): Promise<Result> =>
  posted(deps, event, async (order, visit, fields) => {
    const method = fields.get('method');
    if (method === null) throw new Failure('method_required');
    if (signInFor(order, method)) return drawn(deps, visit, order, { signInFor: method });
    await chooseMethod(deps, { payment: order.payment, offers: order.offers, method, ip: visit.ip });
    return undefined;
  });

/** The payer's code; or another one is to be sent. */
export const takeAnswer = (deps: Deps, event: APIGatewayProxyEventV2): Promise<Result> =>
  posted(deps, event, async ({ payment }, _, fields) => {
    const app = await activeApp(deps, payment);
    if (fields.has('resend')) {
      await sendCodeAgain(deps, app, payment.id);
      return undefined;
    }
    const answer = fields.get('answer') ?? '';
    // What is no code at all is misread, and takes none of the five away.
    if (!/^\d{6}$/.test(answer)) throw new Failure('challenge_failed');
    await answerChallenge(deps, app, { id: payment.id, answer });
    return undefined;
  });

/** Asked often: one read, and an answer of about a hundred bytes, or none when nothing has changed. */
export const tellState = async (deps: Deps, event: APIGatewayProxyEventV2): Promise<Result> => {
  const visit = visitOf(event);
  const payment = await paymentOf(deps, visit);
  const headers = { ...always, 'content-type': 'application/json', 'cache-control': 'no-store' };
  if (!payment) return { statusCode: 404, headers, body: '{}' };
  const now = deps.now();
  const { standing, revision } = standOf(payment, now);
  const etag = `"${revision}"`;
  if (visit.known === etag) return { statusCode: 304, headers: { ...headers, etag } };
  return { statusCode: 200, headers: { ...headers, etag }, body: JSON.stringify({ standing, revision, now }) };
};

export const giveAsset = ({ assets }: Pick<Deps, 'assets'>, event: APIGatewayProxyEventV2): Result => {
  const asset = assets.find(event.pathParameters?.['name'] ?? '');
  if (!asset) return { statusCode: 404, headers: always };
  const caching = asset.isExact ? 'public, max-age=31536000, immutable' : 'no-store';
  return {
    statusCode: 200,
    headers: { ...always, 'content-type': asset.type, 'cache-control': caching },
    body: asset.body,
  };
};
