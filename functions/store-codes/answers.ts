import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';

import type { assetsIn } from '#cashier/assets.ts';
import { languageOf } from '#cashier/copy/language.ts';
import { plainPage } from '#cashier/page/document.ts';
import { always, pageHeaders } from '#cashier/page/headers.ts';
import { signs } from '#cashier/page/icons.ts';
import { IdOf } from '#kernel/id.ts';
import { Failure, type FailureCode } from '#kernel/failure.ts';
import type { Payment } from '#payments/payment.ts';
import { requestOf } from '#platform/http.ts';

import { newOnce, onceIn } from './once.ts';
import { counterPage } from './page.ts';
import { counterAt, payAtCounter, type Counter, type Deps as PayDeps } from './pay-at-counter.ts';
import { amountOf } from './store-code.ts';
import { closed, type Wrong } from './words.ts';

export type Deps = PayDeps & {
  readonly key: () => Promise<string>;
  readonly chance: (bytes: number) => Buffer;
  readonly assets: ReturnType<typeof assetsIn>;
  readonly pageOf: (payment: Payment) => Promise<string>;
};
type Result = APIGatewayProxyStructuredResultV2;

/** A form holds an amount and what the page was drawn with. */
const bodyLimit = 1_024;

const visitOf = (event: APIGatewayProxyEventV2) => {
  const { headers, query, body } = requestOf(event);
  const lang = new URLSearchParams(query).get('lang') ?? undefined;
  return {
    id: event.pathParameters?.['code'] ?? '',
    lang,
    language: languageOf(lang, headers['accept-language']),
    ip: event.requestContext.http.sourceIp,
    body,
  };
};
type Visit = ReturnType<typeof visitOf>;

/** One answer for every reason: whoever guesses learns nothing. */
const nobodyHere = ({ assets }: Deps, { language }: Visit): Result => ({
  statusCode: 404,
  headers: pageHeaders(),
  body: plainPage(closed, signs.over, language, assets.addresses),
});

const drawn = async (
  deps: Deps,
  { language }: Visit,
  { code, merchant }: Counter,
  { wrong, typed = '', status = 200 }: { wrong?: Wrong; typed?: string; status?: number } = {},
): Promise<Result> => {
  const once = newOnce(await deps.key(), code.id, deps.now(), deps.chance(12));
  const model = { code, merchant: merchant.name, language, once, typed: typed.slice(0, 12), wrong };
  return { statusCode: status, headers: pageHeaders(), body: counterPage(model, deps.assets.addresses) };
};

const counterOf = async (deps: Deps, { id }: Visit): Promise<Counter | undefined> =>
  IdOf('sto').safeParse(id).success ? counterAt(deps, id) : undefined;

export const showCounter = async (deps: Deps, event: APIGatewayProxyEventV2): Promise<Result> => {
  const visit = visitOf(event);
  const counter = await counterOf(deps, visit);
  return counter ? drawn(deps, visit, counter) : nobodyHere(deps, visit);
};

/** A refusal that the payer can do something about; with a fresh page it is another payment. */
const wrongs: Partial<Record<FailureCode, Wrong>> = {
  amount_out_of_range: 'amount',
  idempotency_conflict: 'stale',
  too_many_requests: 'busy',
};

const wrongOf = (error: unknown) => {
  const wrong = error instanceof Failure ? wrongs[error.code] : undefined;
  if (wrong === undefined || !(error instanceof Failure)) throw error;
  return { wrong, status: error.status };
};

/** Goes on in the cashier, which knows where it is open and what can be paid with there. */
const goOn = async (deps: Deps, { lang }: Visit, payment: Payment): Promise<Result> => {
  const page = new URL(await deps.pageOf(payment));
  if (lang === 'zh' || lang === 'en') page.searchParams.set('lang', lang);
  return { statusCode: 303, headers: { ...pageHeaders(), location: page.pathname + page.search } };
};

export const takeAmount = async (deps: Deps, event: APIGatewayProxyEventV2): Promise<Result> => {
  const visit = visitOf(event);
  if (visit.body.length > bodyLimit) return { statusCode: 413, headers: always };
  const counter = await counterOf(deps, visit);
  if (!counter) return nobodyHere(deps, visit);
  const fields = new URLSearchParams(visit.body.toString('utf8'));
  const typed = fields.get('amount') ?? '';
  const once = onceIn(await deps.key(), counter.code.id, fields.get('once') ?? '', deps.now());
  if (once === undefined) return drawn(deps, visit, counter, { wrong: 'stale', typed, status: 409 });
  const amount = amountOf(typed);
  if (amount === undefined) return drawn(deps, visit, counter, { wrong: 'amount', typed, status: 422 });
  try {
    return await goOn(deps, visit, await payAtCounter(deps, counter, { amount, once, ip: visit.ip }));
  } catch (error) {
    return drawn(deps, visit, counter, { ...wrongOf(error), typed });
  }
};
