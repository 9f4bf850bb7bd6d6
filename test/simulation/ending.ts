import { shardOf } from '#kernel/id.ts';

import type { Trade } from './ports/channel.ts';
import * as given from '../given.ts';
import {
  foldedOf,
  isMoney,
  isWinner,
  statusOf,
  type RawAttempt,
  type RawPayment,
  type RawRefund,
} from './invariants.ts';
import { accounts, feePpm, type World } from './world.ts';
import type { Row } from './ports/tables.ts';

/* The end of a history, judged by the channels' books. Everything has come to rest; what is not there now is lost. */

type Say = (fact: boolean, complaint: string) => void;

const shanghaiDay = (instant: string | Date) =>
  new Date(new Date(instant).getTime() + 8 * 3_600_000).toISOString().slice(0, 10);

const halfUp = (amount: number, ppm: number) => Math.floor((2 * amount * ppm + 1_000_000) / 2_000_000);

const costPpm = (accountId: string) => accounts.find(({ id }) => id === accountId)?.cost.rate_ppm ?? 0;

const orderNo = ({ id }: RawPayment, { no, repeats }: RawAttempt) =>
  `${id.slice(-26)}${String(repeats ?? no).padStart(2, '0')}`;

/** What the channels took and what we have heard of it are the same; nothing is lost and nothing is invented. */
const truth = (world: World, payments: readonly RawPayment[], say: Say) => {
  const ours = new Map<string, string>();
  const whose = new Map(
    world.channels.flatMap((channel) => channel.trades().map((trade) => [trade.tradeNo, trade.merchant])),
  );
  for (const payment of payments)
    for (const attempt of payment.attempts) {
      const { receipt } = attempt;
      if (!receipt) continue;
      say(
        (whose.get(receipt.trade_no) === given.identity.merchant) === (attempt.mismatch?.field !== 'merchant'),
        `truth: trade ${receipt.trade_no} is somebody else's, or ours`,
      );
      say(!ours.has(receipt.trade_no), `truth: trade ${receipt.trade_no} is counted twice`);
      ours.set(
        receipt.trade_no,
        `${orderNo(payment, attempt)} ${receipt.amount} ${receipt.currency} ${receipt.paid_at}`,
      );
      const wrong = [attempt.mismatch !== undefined, receipt.amount !== payment.amount];
      say(!wrong[1] || wrong[0] === true, `amount: ${receipt.trade_no} is not what was asked for, and nobody says so`);
    }
  const theirs = (trade: Trade) => `${trade.orderNo} ${trade.amount} ${trade.currency} ${trade.paidAt.toISOString()}`;
  for (const trade of world.channels.flatMap((channel) => channel.trades())) {
    say(
      ours.get(trade.tradeNo) === theirs(trade),
      `truth: trade ${trade.tradeNo} is ${ours.get(trade.tradeNo) ?? 'lost'}`,
    );
    ours.delete(trade.tradeNo);
  }
  for (const trade of ours.keys()) say(false, `truth: trade ${trade} was never made`);
};

const refundsTruth = (world: World, refunds: readonly RawRefund[], say: Say) => {
  const theirs = new Map(world.channels.flatMap((channel) => [...channel.refunds]));
  for (const refund of refunds) {
    const no = refund.id.slice(-26);
    const known = theirs.get(no);
    theirs.delete(no);
    say(known !== undefined, `refunds: ${refund.id} never reached its channel`);
    if (!known) continue;
    const state = known.state === 'refused' ? 'failed' : known.state;
    say(refund.status === state, `refunds: ${refund.id} is ${refund.status}, at its channel ${known.state}`);
    say(
      Number(known.asked.amount) === refund.amount && known.asked.channelOrderNo === refund.channel_order_no,
      `refunds: ${refund.id} is another at its channel`,
    );
    if (refund.status === 'succeeded')
      say(
        refund.accepted?.flow_date === shanghaiDay(known.acceptedAt) &&
          refund.flow?.startsWith(`${refund_account(world, refund)}#${refund.accepted.flow_date}#`) === true,
        `flow: ${refund.id} is not where its day's statement will show it`,
      );
  }
  for (const no of theirs.keys()) say(false, `refunds: the channel has ${no}, which is none of ours`);
};

const refund_account = (world: World, { channel_order_no }: RawRefund) => world.channelOf(channel_order_no)?.accountId;

const perPayment = (world: World, payment: RawPayment, refunds: readonly RawRefund[], say: Say) => {
  const { id, attempts } = payment;
  const stuck = attempts.some(({ mismatch }) => mismatch);
  const status = statusOf(payment);
  say(status !== 'under way' || stuck, `rest: ${id} never ends`);
  say(payment.due_at === undefined, `rest: ${id} is still looked at`);
  const of = refunds.filter(({ payment_id }) => payment_id === id);
  const total = (which: string) =>
    of.filter((refund) => refund.status === which).reduce((sum, { amount }) => sum + amount, 0);
  say(total('succeeded') === (payment.refunds?.succeeded ?? 0), `refunds: ${id} counts ${payment.refunds?.succeeded}`);
  say((payment.refunds?.in_flight ?? 0) === 0, `refunds: ${id} has ${payment.refunds?.in_flight} in flight for ever`);
  const paid = attempts.find(isWinner)?.receipt;
  if (paid) {
    say(paid.fee === Math.min(payment.amount, halfUp(payment.amount, feePpm)), `fee: ${paid.fee} of ${id}`);
    const done = of.filter((refund) => refund.status === 'succeeded');
    const shares = done.reduce((sum, { fee_returned }) => sum + fee_returned, 0);
    say(shares <= paid.fee, `fee: ${shares} of ${paid.fee} of ${id} returned`);
    if (total('succeeded') === payment.amount)
      say(shares === paid.fee, `fee: a full refund of ${id} returns ${shares} of ${paid.fee}`);
    const costs = done.reduce((sum, { accepted }) => sum + (accepted?.cost_returned ?? 0), 0);
    say(costs <= paid.cost, `cost: ${costs} of ${paid.cost} of ${id} returned`);
  }
  for (const attempt of attempts) {
    if (!attempt.receipt || !isMoney(attempt)) continue;
    const { receipt, channel_account_id: account } = attempt;
    const day = shanghaiDay(receipt.paid_at);
    say(receipt.flow_date === day, `flow: ${receipt.trade_no} is on ${receipt.flow_date}`);
    say(
      receipt.cost === Math.min(receipt.amount, halfUp(receipt.amount, costPpm(account))),
      `cost: of ${receipt.trade_no}`,
    );
    const key = `${account}#${day}#${shardOf(id, 16)}`;
    const isThere = [id, ...attempts.map(({ no }) => `flow#${id}#${no}`)].some(
      (pk) => world.tables.table('orders').get(pk)?.['flow'] === key,
    );
    say(isThere, `flow: ${receipt.trade_no} is not where its day's statement will show it`);
  }
};

interface Journal {
  cause: string;
  id: string;
  owner: string;
  currency: string;
  legs: { subject: string; side: string; amount: number; channel_account_id?: string }[];
}

/** Each receipt and each step of a refund has exactly its journal; the balances are their fold. */
const books = (world: World, payments: readonly RawPayment[], refunds: readonly RawRefund[], say: Say) => {
  const journals = world.rows<Journal>('jnl_', 'books');
  const causes = new Map(journals.map((journal) => [journal.cause, journal]));
  say(causes.size === journals.length, 'journals: two have one cause');
  const expected = new Set<string>();
  const moves = (cause: string, subject: string, side: string, amount: number) => {
    expected.add(cause);
    const journal = causes.get(cause);
    say(journal !== undefined, `journals: ${cause} was not posted`);
    const moved = journal?.legs
      .filter((leg) => leg.subject === subject)
      .reduce((sum, leg) => sum + (leg.side === side ? leg.amount : -leg.amount), 0);
    say(journal === undefined || moved === amount, `journals: ${cause} moves ${moved} of ${subject}, not ${amount}`);
  };
  for (const payment of payments)
    for (const attempt of payment.attempts) {
      const { receipt, channel_account_id: account } = attempt;
      if (!receipt || !isMoney(attempt)) continue;
      const cause = `${payment.id}#receipt#${String(attempt.no).padStart(2, '0')}`;
      const cost = halfUp(receipt.amount, costPpm(account));
      moves(cause, 'channel_clearing', 'debit', receipt.amount - cost);
      moves(cause, 'channel_cost', 'debit', cost);
      const fee = isWinner(attempt) ? halfUp(receipt.amount, feePpm) : 0;
      moves(cause, 'merchant_pending', 'credit', isWinner(attempt) ? receipt.amount - fee : 0);
      moves(cause, 'fee_income', 'credit', fee);
      moves(cause, 'suspense', 'credit', isWinner(attempt) ? 0 : receipt.amount);
    }
  for (const { id, amount, fee_returned, status, accepted } of refunds) {
    const net = amount - fee_returned;
    if (net > 0) {
      moves(`${id}#reserve`, 'merchant_pending', 'debit', net);
      moves(`${id}#reserve`, 'merchant_held', 'credit', net);
    }
    if (status === 'failed' && net > 0) moves(`${id}#reversal`, 'merchant_pending', 'credit', net);
    if (status !== 'succeeded') continue;
    moves(`${id}#success`, 'channel_clearing', 'credit', amount - (accepted?.cost_returned ?? 0));
    moves(`${id}#success`, 'fee_income', 'debit', fee_returned);
    moves(`${id}#success`, 'merchant_held', 'debit', net);
  }
  for (const cause of causes.keys()) say(expected.has(cause), `journals: ${cause} has no cause`);
  const folded = foldedOf(journals);
  let total = 0;
  for (const row of world.rows<Row>('acc_', 'books')) {
    const [owner, subject, currency, channel, balance] = [
      'owner',
      'subject',
      'currency',
      'channel_account_id',
      'balance',
    ].map((name) => row[name]);
    const account = `${String(owner)} ${String(subject)} ${String(currency)} ${typeof channel === 'string' ? channel : ''}`;
    say(
      (folded.get(account) ?? 0) === balance,
      `balance: ${account} is ${String(balance)}, its journals say ${folded.get(account)}`,
    );
    folded.delete(account);
    total += Number(balance) * (subject === 'channel_clearing' || subject === 'channel_cost' ? 1 : -1);
  }
  for (const [account, sum] of folded) say(sum === 0, `balance: ${account} is missing`);
  say(total === 0, `balance: all of them come to ${total}`);
};

/** Each end is told, as what it is, on the bus and to the app; and nothing is told that was not so. */
const telling = (world: World, say: Say) => {
  const count = (all: readonly { key: string; id: string }[]) => {
    const ids = new Map<string, Set<string>>();
    for (const { key, id } of all) ids.set(key, (ids.get(key) ?? new Set()).add(id));
    return ids;
  };
  const published = count(
    world.bus.published.map(({ type, detail }) => ({ key: `${type} ${String(detail.data['id'])}`, id: detail.id })),
  );
  const acked = count(
    world.posted.filter((post) => post.acked).map(({ type, id, eventId }) => ({ key: `${type} ${id}`, id: eventId })),
  );
  const buried = new Set(world.queues.buried.map(({ body }) => (body as { id: string }).id));
  const dead = count(
    world
      .rows<{ id: string; type: string; event_id: string; body: string; status: string }>('ntc_')
      .filter(({ id, status }) => status === 'exhausted' && buried.has(id))
      .map(({ type, event_id, body }) => ({
        key: `${type} ${(JSON.parse(body) as { data: { id: string } }).data.id}`,
        id: event_id,
      })),
  );
  for (const [key, times] of world.watch.happened) {
    say(
      published.get(key)?.size === times,
      `telling: ${key} is on the bus ${published.get(key)?.size ?? 0} times, not ${times}`,
    );
    const heard = new Set([...(acked.get(key) ?? []), ...(dead.get(key) ?? [])]);
    say(heard.size === times, `telling: ${key} has reached its app ${heard.size} times, not ${times}`);
  }
  for (const key of [...published.keys(), ...acked.keys()])
    say(world.watch.happened.has(key), `telling: ${key} never happened`);
  for (const { type, data } of [
    ...world.posted,
    ...world.bus.published.map((each) => ({ type: each.type, data: each.detail.data })),
  ]) {
    if (type === 'payment.duplicate') continue;
    const [, status] = type.split('.');
    say(data['status'] === status, `telling: ${type} shows ${String(data['status'])}`);
  }
};

const answered = (world: World, say: Say) => {
  const first = new Map<string, string>();
  const made = new Map<string, number>();
  for (const { number, id, content, isNew } of world.answers) {
    const known = first.get(number);
    say(known === undefined || known === `${id} ${content}`, `answers: ${number} is ${id} ${content} and ${known}`);
    first.set(number, `${id} ${content}`);
    if (isNew) made.set(number, (made.get(number) ?? 0) + 1);
  }
  for (const [number, times] of made) say(times === 1, `answers: ${number} was new ${times} times`);
};

export const ended = (world: World): string[] => {
  const violations: string[] = [];
  const say: Say = (fact, complaint) => void (fact || violations.length >= 20 || violations.push(complaint));
  const payments = world.rows<RawPayment>('pay_');
  const refunds = world.rows<RawRefund>('rfd_');
  truth(world, payments, say);
  refundsTruth(world, refunds, say);
  for (const payment of payments) perPayment(world, payment, refunds, say);
  books(world, payments, refunds, say);
  telling(world, say);
  answered(world, say);
  for (const complaint of world.complaints) say(false, `answers: ${complaint}`);
  for (const channel of world.channels) for (const complaint of channel.complaints) say(false, `channel: ${complaint}`);
  say(world.callbacksUntaken === 0, `callbacks: ${world.callbacksUntaken} are never taken`);
  for (const { queue, message } of world.queues.dead) say(false, `queues: ${queue} can never handle ${message.body}`);
  say(world.due.size === 0, `rest: ${[...world.due.keys()].join(', ')} is due for ever`);
  const mismatches = payments.flatMap(({ attempts }) =>
    attempts.filter(({ mismatch, late, duplicate }) => mismatch ?? late ?? duplicate),
  ).length;
  const differences = world.rows<Row>('dif_', 'books').filter((row) => 'status' in row).length;
  say(differences === mismatches, `differences: ${differences} for ${mismatches} receipts that nobody asked for`);
  return violations;
};

export const identity = given.identity;
