import * as z from 'zod';
import type { Channel, PayerOutcome } from '../channel.ts';
import type { Clock } from '../clock.ts';
import { Fault, type Faults } from '../faults.ts';
import { isLoopback } from '../loopback.ts';
import type { Call, Reply } from '../server.ts';
import { languageOf, payerPage, type Result } from './payer-page.ts';
import { json, parseJson, Problem } from './problem.ts';

export interface Controlled {
  readonly channels: ReadonlyMap<string, Channel>;
  readonly faults: Faults;
  readonly clock: Clock;
  readonly origins: Readonly<Record<string, string>>;
  readonly idle: () => Promise<void>;
}

interface Route {
  readonly method: 'GET' | 'POST';
  readonly path: RegExp;
  readonly handle: (controlled: Controlled, call: Call, names: readonly string[]) => Reply | Promise<Reply>;
}

const MOST_DAYS = 400;
const ArmRequest = z.strictObject({ channel: z.string(), fault: Fault, count: z.int().min(1).max(10_000).default(1) });
const AdvanceRequest = z.strictObject({
  advance_seconds: z
    .int()
    .min(1)
    .max(MOST_DAYS * 86_400),
});
const ShownResult = z.enum(['paid', 'failed', 'closed', 'paid_already', 'unknown']).optional().catch(undefined);

const channelNamed = (controlled: Controlled, name: string | undefined): Channel => {
  const channel = controlled.channels.get(name ?? '');
  if (channel === undefined) throw new Problem(404, 'not_found', `there is no channel ${name ?? ''}`);
  return channel;
};

const refusals = {
  unknown: { status: 404, code: 'not_found', detail: 'the channel knows no such order' },
  closed: { status: 409, code: 'order_closed', detail: 'the order is closed' },
  paid_already: { status: 409, code: 'order_paid', detail: 'the order is paid already' },
} as const;

const outcomeReply = (outcome: PayerOutcome, orderNo: string): Reply => {
  if (outcome.kind === 'paid') {
    const { channel_trade_no, amount, paid_at } = outcome;
    return json(200, { channel_order_no: orderNo, channel_trade_no, amount, paid_at });
  }
  if (outcome.kind === 'failed') {
    return json(200, { channel_order_no: orderNo, channel_trade_no: null, trade_state: outcome.state });
  }
  const { status, code, detail } = refusals[outcome.kind];
  return new Problem(status, code, detail).reply();
};

/** A person's form comes back to the page with the outcome; a program gets the answer itself. */
const gesture: Route['handle'] = (controlled, call, [name, orderNo = '', verb]) => {
  const channel = channelNamed(controlled, name);
  const outcome = verb === 'pay' ? channel.pay(orderNo) : channel.fail(orderNo);
  if (!(call.headers.accept ?? '').includes('text/html')) return outcomeReply(outcome, orderNo);
  const result: Result = outcome.kind;
  const language = languageOf(call.query.get('lang'), call.headers['accept-language']);
  return { status: 303, headers: { Location: `/payer?lang=${language}&result=${result}` } };
};

const Gesture = z.enum(['arrive', 'fail', 'bounce']);

/** What happens to a transfer at the payee's, which no merchant can ask for. */
const payeeGesture: Route['handle'] = (controlled, _call, [name, number = '', verb]) => {
  const outcome = channelNamed(controlled, name).payee?.(number, Gesture.parse(verb)) ?? { kind: 'unknown' };
  if (outcome.kind === 'done') return json(200, { transfer_no: number, status: outcome.state });
  if (outcome.kind === 'over') throw new Problem(409, 'transfer_over', `the transfer is ${outcome.state}`);
  throw new Problem(404, 'not_found', 'the channel knows no such transfer');
};

const AgreementGesture = z.enum(['sign', 'refuse', 'unsign']);

/** What a payer does about an agreement: signs or refuses what was opened, or ends what was signed. */
const agreementGesture: Route['handle'] = (controlled, _call, [name, number = '', verb]) => {
  const outcome = channelNamed(controlled, name).agreement?.(number, AgreementGesture.parse(verb)) ?? {
    kind: 'unknown',
  };
  if (outcome.kind === 'done') return json(200, { agreement_no: number, status: outcome.state });
  if (outcome.kind === 'over') throw new Problem(409, 'agreement_over', `the agreement is ${outcome.state}`);
  throw new Problem(404, 'not_found', 'the channel knows no such agreement: has its payer opened it?');
};

const page: Route['handle'] = (controlled, call) => {
  const items = [...controlled.channels.values()].flatMap((channel) =>
    channel.waiting().map((waiting) => ({ channel: channel.name, waiting })),
  );
  const language = languageOf(call.query.get('lang'), call.headers['accept-language']);
  return payerPage(items, language, ShownResult.parse(call.query.get('result') ?? undefined));
};

const arm: Route['handle'] = (controlled, call) => {
  const { channel, fault, count } = parseJson(ArmRequest, call.body);
  if (!controlled.channels.has(channel)) {
    const detail = `must be one of: ${[...controlled.channels.keys()].join(', ')}`;
    throw new Problem(400, 'invalid_request', 'the body does not fit', [{ pointer: '/channel', detail }]);
  }
  controlled.faults.arm(channel, fault, count);
  return json(200, { armed: controlled.faults.armed() });
};

const statement: Route['handle'] = (controlled, _call, [name, date, kind]) => {
  const channel = channelNamed(controlled, name);
  if (!z.iso.date().safeParse(date).success) throw new Problem(400, 'invalid_request', 'bill_date must be YYYY-MM-DD');
  const bytes = channel.statement(date ?? '', kind ?? '');
  if (bytes === undefined) throw new Problem(404, 'not_found', `${name} offers no ${kind} statement of ${date}`);
  return { status: 200, headers: { 'Content-Type': 'application/octet-stream' }, body: bytes };
};

const now = (controlled: Controlled): Reply => json(200, { now: controlled.clock.now().toISOString() });

const advance: Route['handle'] = async (controlled, call) => {
  const { advance_seconds: seconds } = parseJson(AdvanceRequest, call.body);
  await controlled.clock.advance(seconds);
  await controlled.idle();
  return now(controlled);
};

const home: Route['handle'] = (controlled) => ({
  status: 200,
  headers: { 'Content-Type': 'text/plain; charset=utf-8' },
  body: `Sandbox channels / 沙箱渠道
${Object.entries(controlled.origins)
  .map(([name, origin]) => `  ${name}  ${origin}`)
  .join('\n')}

GET  /payer                                   what waits to be paid, as a page / 待付款页面
POST /payer/{channel}/{channel_order_no}/pay  pay in the payer's place / 付款
POST /payer/{channel}/{channel_order_no}/fail fail in the payer's place / 付款失败
POST /payer/{channel}/agreements/{no}/{what} sign, refuse or unsign an agreement / 签约、拒绝、解约
POST /payees/{channel}/{transfer_no}/{what}   arrive, fail or bounce a transfer / 转账到账、失败、退票
GET  /faults                                  faults that wait for their events / 待触发的故障
POST /faults                                  {"channel","fault","count"}
     ${Fault.options.join(' ')}
GET  /statements/{channel}/{bill_date}/{kind} the channel's statement / 渠道账单
GET  /clock                                   {"now"}
POST /clock                                   {"advance_seconds"}
`,
});

const routes: readonly Route[] = [
  { method: 'GET', path: /^\/$/, handle: home },
  { method: 'GET', path: /^\/payer\/?$/, handle: page },
  { method: 'POST', path: /^\/payer\/([^/]+)\/([^/]+)\/(pay|fail)$/, handle: gesture },
  {
    method: 'POST',
    path: /^\/payer\/([^/]+)\/agreements\/([^/]+)\/(sign|refuse|unsign)$/,
    handle: agreementGesture,
  },
  { method: 'POST', path: /^\/payees\/([^/]+)\/([^/]+)\/(arrive|fail|bounce)$/, handle: payeeGesture },
  { method: 'GET', path: /^\/faults$/, handle: (controlled) => json(200, { armed: controlled.faults.armed() }) },
  { method: 'POST', path: /^\/faults$/, handle: arm },
  { method: 'GET', path: /^\/statements\/([^/]+)\/([^/]+)\/([^/]+)$/, handle: statement },
  { method: 'GET', path: /^\/clock$/, handle: now },
  { method: 'POST', path: /^\/clock$/, handle: advance },
];

const decoded = (name: string): string => {
  try {
    return decodeURIComponent(name);
  } catch {
    throw new Problem(400, 'invalid_request', 'the path is not well encoded');
  }
};

/** Pages of other sites must not pay here: a foreign name that resolves to this machine, or a form on a foreign page. */
const refuseForeign = (call: Call): void => {
  const host = URL.parse(`http://${call.headers.host ?? ''}`);
  if (host === null || !isLoopback(host)) throw new Problem(403, 'forbidden', 'only loopback names are served');
  if (call.headers['sec-fetch-site'] === 'cross-site')
    throw new Problem(403, 'forbidden', 'a page of another site asks');
};

const route = (controlled: Controlled, call: Call): Reply | Promise<Reply> => {
  refuseForeign(call);
  const known = routes.filter(({ path }) => path.test(call.path));
  const chosen = known.find(({ method }) => method === call.method);
  if (chosen === undefined) {
    throw known.length > 0
      ? new Problem(405, 'method_not_allowed', `${call.method} is not offered here`)
      : new Problem(404, 'not_found', `there is nothing at ${call.path}`);
  }
  const names = chosen.path.exec(call.path)?.slice(1) ?? [];
  return chosen.handle(controlled, call, names.map(decoded));
};

/** The side of the sandbox that belongs to no channel: for a person or a test standing in for the payer. */
export const answerControl = async (controlled: Controlled, call: Call): Promise<Reply> => {
  try {
    return await route(controlled, call);
  } catch (error) {
    if (error instanceof Problem) return error.reply();
    throw error;
  }
};

export const controlTooLarge = (): Reply => new Problem(413, 'too_large', 'a body is at most 64 KB').reply();
