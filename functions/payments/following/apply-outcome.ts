import { shardOf } from '#kernel/id.ts';
import type { Commit, Write } from '#platform/commit.ts';
import { contend, lost } from '#platform/contend.ts';

import { isMoney } from '../attempt.ts';
import { holdsFor, type Learnt } from './ask-channel.ts';
import { flowKey } from './flow-key.ts';
import { hear, type Payment } from '../payment.ts';
import type { PaymentStore } from '../store.ts';

export interface Deps {
  readonly payments: Pick<PaymentStore, 'get' | 'parse' | 'save' | 'write'>;
  readonly markers: (markers: readonly FlowMarker[]) => Write[];
  readonly commit: Commit;
  readonly now: () => Date;
}

/** A further receipt of a payment, on a day or account that the payment's own flow key does not name. */
export interface FlowMarker {
  readonly pk: string;
  readonly flow: string;
}

/** Where the statement will show each receipt: the first by the payment's own key, the others by a marker row. */
const markersOf = (payment: Payment): FlowMarker[] => {
  const [first, ...others] = payment.attempts.filter(isMoney);
  const keyOf = (attempt: typeof first) =>
    attempt?.receipt && flowKey(attempt.channel_account_id, attempt.receipt.flow_date, shardOf(payment.id, 16));
  return others.flatMap((attempt) => {
    const flow = keyOf(attempt);
    if (!flow || flow === keyOf(first)) return [];
    return [{ pk: `flow#${payment.id}#${attempt.no}`, flow }];
  });
};

/** A payment over the version that was read, and where the statements will show what it has received since. */
export const paymentWrites = (
  deps: Pick<Deps, 'markers'> & { readonly payments: Pick<PaymentStore, 'write'> },
  before: Payment,
  after: Payment,
): Write[] => {
  const known = new Set(markersOf(before).map(({ pk }) => pk));
  const markers = markersOf(after).filter(({ pk }) => !known.has(pk));
  return [deps.payments.write(after), ...(markers.length === 0 ? [] : deps.markers(markers))];
};

/** Writes a payment over the version that was read; nothing when somebody else was first. */
export const savePayment = async (deps: Deps, before: Payment, after: Payment): Promise<Payment | undefined> => {
  const refusals = await deps.commit(paymentWrites(deps, before, after));
  return refusals.length === 0 ? { ...after, version: after.version + 1 } : undefined;
};

/** Reads, decides and writes until it has won; writes nothing when the decision changes nothing. */
export const changePayment = (
  deps: Deps,
  id: string,
  decide: (payment: Payment) => Payment,
  first?: Payment,
): Promise<Payment> => {
  let read = first;
  return contend(async () => {
    const before = read ?? (await deps.payments.get(id));
    read = undefined;
    const after = decide(before);
    return after === before ? before : ((await savePayment(deps, before, after)) ?? lost);
  });
};

/**
 * Takes in what a channel says of an attempt. The one door for callbacks, queries and reconciliation; safe to repeat.
 * What follows from it (journals, events, notices) is folded from the table's stream.
 */
export const applyOutcome = (deps: Deps, read: Payment, learnt: Learnt): Promise<Payment> =>
  changePayment(
    deps,
    read.id,
    (payment) =>
      holdsFor(learnt, payment)
        ? hear(payment, learnt.no, learnt.outcome, { identity: learnt.identity, now: deps.now() })
        : payment,
    read,
  );
