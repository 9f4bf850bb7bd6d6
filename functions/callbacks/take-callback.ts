import { createHash } from 'node:crypto';

import { CallbackRefused, type Acknowledgement, type Heard, type RawCallback } from '#channels/channel.ts';
import type { OpenAccount, OpenChannel } from '#channels/open.ts';
import { derivedId } from '#kernel/id.ts';
import type { Learnt } from '#payments/ask-channel.ts';
import { placeOf, type Payment } from '#payments/payment.ts';
import type { RefundOutcome } from '#channels/channel.ts';

import type { CallbackStore } from './store.ts';

export interface Deps {
  readonly open: OpenChannel;
  readonly callbacks: CallbackStore;
  readonly findPayment: (id: string) => Promise<Payment | undefined>;
  readonly refundExists: (id: string) => Promise<boolean>;
  readonly applyOutcome: (payment: Payment, learnt: Learnt) => Promise<unknown>;
  readonly applyRefundOutcome: (refundId: string, outcome: RefundOutcome) => Promise<unknown>;
  readonly now: () => Date;
  readonly noteRefusal: (why: string) => void;
}

/** The body's digest is the key: the same bytes again are the same callback. */
const callbackKey = (accountId: string, body: Buffer) =>
  `cbk#${accountId}#${createHash('sha256').update(body).digest('hex')}`;

/** Does what a genuine callback says; answers false when it is about nothing that we know. */
const apply = async (deps: Deps, { channel }: OpenAccount, heard: Heard): Promise<boolean> => {
  if (heard.about === 'nothing') return true;
  if (heard.about === 'refund') {
    const id = `rfd_${heard.refundNo}`;
    if (!(await deps.refundExists(id))) return false;
    await deps.applyRefundOutcome(id, heard.outcome);
    return true;
  }
  const place = placeOf(heard.channelOrderNo);
  const payment = place && (await deps.findPayment(place.id));
  if (!place || !payment?.attempts.some(({ no }) => no === place.no)) return false;
  await deps.applyOutcome(payment, { no: place.no, outcome: heard.outcome, identity: channel.identity });
  return true;
};

/**
 * Raw body stored first; then the source verified, then translated, then applied through the one door, and only then
 * acknowledged in the channel's own words. Whatever goes wrong on our side leaves it unacknowledged: it comes again.
 * A genuine callback about an order that we do not know is kept, marked as quarantined, and acknowledged.
 */
export const takeCallback = async (deps: Deps, accountId: string, raw: RawCallback): Promise<Acknowledgement> => {
  const opened = await deps.open(accountId);
  const key = callbackKey(accountId, raw.body);
  await deps.callbacks.keep({
    pk: key,
    id: derivedId('cbk', key),
    channel_account_id: accountId,
    received_at: deps.now(),
    headers: raw.headers,
    body: raw.body,
  });
  try {
    const heard = opened.channel.readCallback(raw);
    if (!(await apply(deps, opened, heard))) await deps.callbacks.quarantine(key);
    return opened.kind.acknowledge(true);
  } catch (error) {
    if (!(error instanceof CallbackRefused)) throw error;
    deps.noteRefusal(error.message);
    return opened.kind.acknowledge(false);
  }
};
