import { GetCommand } from '@aws-sdk/lib-dynamodb';

import { applyAgain } from '#callbacks/apply-callback.ts';
import { attachCallbacks } from '#callbacks/attach-callbacks.ts';
import { callbackOf } from '#callbacks/callback.ts';
import { callbackLists, callbackStore } from '#callbacks/store.ts';
import { takeCallback, type Deps } from '#callbacks/take-callback.ts';
import { consequencesOf } from '#changes/change.ts';
import { CallbackRefused, type Channel, type Heard, type RawCallback } from '#channels/channel.ts';
import { applyOutcome } from '#payments/following/apply-outcome.ts';
import { applyPayoutOutcome } from '#payouts/sending/send-payout.ts';
import { payoutStore } from '#payouts/store.ts';
import { listingWriter } from '#platform/listed.ts';
import type { Database } from '#platform/database.ts';
import { applyRefundOutcome } from '#refunds/apply-refund-outcome.ts';

import { shop } from '../shop.ts';

/** What the paper channel writes into its callbacks. Dates travel as texts, amounts as texts too. */
type Said = Record<string, unknown>;

const revived = (name: string, value: unknown): unknown => {
  if (name === 'amount' && typeof value === 'string') return BigInt(value);
  return (name === 'at' || name.endsWith('At')) && typeof value === 'string' ? new Date(value) : value;
};

const text = (said: Said) =>
  JSON.stringify(said, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value));

/**
 * Callbacks over real tables, from a channel that signs with a word and a time: it believes those that say `genuine` and are
 * at most five minutes old, by the clock with which it was opened.
 */
export const callbackWorld = (db: Database) => {
  const the = shop(db);
  const { deps, account, clock } = the;
  const keys = { word: 'genuine' };
  const noted = { refused: [] as string[], quarantined: [] as string[] };
  const nonces = { next: 0 };

  const readAt =
    (now: () => Date): Channel['readCallback'] =>
    ({ headers, body }) => {
      if (headers['paperpay-signature'] !== keys.word) throw new CallbackRefused('the signature does not match');
      if (Math.abs(now().getTime() - Date.parse(headers['paperpay-timestamp'] ?? '')) > 300_000)
        throw new CallbackRefused('it is too old');
      const { nonce: _, ...heard } = JSON.parse(body.toString('utf8'), revived);
      return heard as Heard;
    };
  const opened = async (id: string, now: () => Date) => {
    const found = await deps.open(id);
    return { ...found, channel: { ...found.channel, readCallback: readAt(now) } };
  };

  const payouts = payoutStore(db, 'orders', deps.now);
  const callbacks = callbackStore(db, 'orders');
  const lists = callbackLists(db, 'books');
  const taking: Deps = {
    open: (id) => opened(id, deps.now),
    callbacks,
    findPayment: deps.payments.find,
    findRefund: deps.refunds.find,
    findAgreement: async () => undefined,
    applyAgreementOutcome: async () => undefined,
    applyOutcome: applyOutcome.bind(undefined, deps),
    applyRefundOutcome: applyRefundOutcome.bind(undefined, deps),
    findPayout: payouts.find,
    applyPayoutOutcome: applyPayoutOutcome.bind(undefined, { ...deps, payouts }),
    now: deps.now,
    noteRefusal: (why) => void noted.refused.push(why),
    noteQuarantine: ({ id }) => void noted.quarantined.push(id),
  };
  const again = { ...taking, openAt: (id: string, at: Date) => opened(id, () => at), lists, callbacks };

  /** A callback as the channel sends it now. Each has a nonce of its own, as real ones have. */
  const raw = (heard: object, over: { word?: string; nonce?: string; at?: Date } = {}): RawCallback => ({
    headers: {
      'paperpay-signature': over.word ?? keys.word,
      'paperpay-timestamp': (over.at ?? clock.now).toISOString(),
      'payload-secret': 'whatever a proxy adds',
      authorization: 'Bearer of nothing',
    },
    body: Buffer.from(text({ ...heard, nonce: over.nonce ?? String((nonces.next += 1)) })),
  });
  const row = async (pk: string) => (await db.send(new GetCommand({ TableName: 'orders', Key: { pk } }))).Item;

  return {
    ...the,
    keys,
    noted,
    callbacks,
    lists,
    taking,
    again,
    raw,
    take: (callback: RawCallback, deps_: Deps = taking) => takeCallback(deps_, account.id, callback),
    keyOf: (callback: RawCallback) => callbackOf(account.id, callback, clock.now).pk,
    kept: (callback: RawCallback) => row(callbackOf(account.id, callback, clock.now).pk),
    replay: (key: string) => callbacks.find(key).then((found) => applyAgain(again, found!, 'replay')),
    attach: (id: string) => attachCallbacks(again, id),
    /** What the fold of the stream does when a row has appeared. */
    appear: async (noun: { id: string }) => {
      const { appeared } = consequencesOf({ pk: noun.id, before: undefined, after: await row(noun.id) });
      for (const id of await callbacks.awaited(appeared)) await attachCallbacks(again, id);
    },
    /** What the fold of the stream does about the lists, of a callback as it stands. */
    list: async (callback: RawCallback) => {
      const pk = callbackOf(account.id, callback, clock.now).pk;
      const { listings } = consequencesOf({ pk, before: undefined, after: await row(pk) });
      for (const listing of listings) await listingWriter(db, 'books')(listing);
    },
  };
};
