import { isDeepStrictEqual } from 'node:util';

import { documentKey, type Upload } from '#documents/document.ts';
import type { DocumentStore } from '#documents/store.ts';
import { businessDate } from '#kernel/business-date.ts';
import { Failure } from '#kernel/failure.ts';
import { newId } from '#kernel/id.ts';
import { statusOf, type Payment } from '#payments/payment.ts';
import type { Commit, Write } from '#platform/commit.ts';
import { contend, lost } from '#platform/contend.ts';

import {
  advicesAtMost,
  advicesId,
  changedSince,
  dismissed,
  isWaitedFor,
  type Advice,
  type Advices,
  type AdviceToFile,
} from './advice.ts';
import type { AdviceStore } from './store.ts';

export interface Deps {
  readonly advices: Pick<AdviceStore, 'of' | 'writes'>;
  readonly documents: Pick<DocumentStore, 'uploadOf' | 'isFiled'>;
  readonly commit: Commit;
  readonly chance: (bytes: number) => Buffer;
  readonly now: () => Date;
}

/** Who says it, and what is written beside. */
export interface Saying {
  readonly by: string;
  readonly as: Advice['said_as'];
  readonly alongside?: (advice: Advice) => readonly Write[];
}

const refuse = (detail: string): never => {
  throw new Failure('action_not_possible', { detail });
};

const sameAgain = (known: Advice, { proof, ...said }: AdviceToFile): Advice => {
  const { name, content_type, size, sha256 } = known.proof;
  const { merchant_remittance_id, amount, payer, paid_on } = known;
  const before = { merchant_remittance_id, amount, payer, paid_on, proof: { name, content_type, size, sha256 } };
  if (!isDeepStrictEqual(before, { ...said, proof })) throw new Failure('idempotency_conflict');
  return known;
};

/** The account that the payment's payer was shown; told of is what can still be paid, or was paid too late. */
const accountFor = (payment: Payment, { paid_on }: AdviceToFile, now: Date): Advice['channel_account_id'] => {
  const attempt = payment.attempts.findLast(({ method }) => method === 'bank_transfer');
  if (!attempt) return refuse('the payment waits for no transfer');
  if (statusOf(payment) === 'paid') return refuse('the payment is paid');
  if (paid_on > businessDate(now, attempt.time_zone))
    throw new Failure('invalid_request', { errors: [{ pointer: '/paid_on', detail: 'that day is still to come' }] });
  return attempt.channel_account_id;
};

const drafted = (deps: Deps, payment: Payment, file: Advices, asked: AdviceToFile, { by, as }: Saying): Advice => {
  const now = deps.now();
  const asking = { id: newId('doc', now), asked_at: now, asked_by: by };
  return {
    ...asked,
    no: file.advices.length + 1,
    channel_account_id: accountFor(payment, asked, now),
    currency: payment.currency,
    proof: { ...asked.proof, ...asking, key: documentKey(advicesId(payment.id), deps.chance(32)) },
    said_by: by,
    said_as: as,
    said_at: now,
    status: 'waiting',
  };
};

/**
 * 认领: takes down that a payment was paid by transfer, with how to send what proves it. No money and no state of the payment
 * changes: it is waited for the bank's statement. The same number and content answer the same again.
 */
export const fileAdvice = async (
  deps: Deps,
  payment: Payment,
  saying: Saying,
  asked: AdviceToFile,
): Promise<{ advice: Advice; upload: Upload | null; isNew: boolean }> => {
  const { advice, isNew } = await contend(async () => {
    const file = await deps.advices.of(payment);
    const known = file.advices.find((each) => each.merchant_remittance_id === asked.merchant_remittance_id);
    if (known) return { advice: sameAgain(known, asked), isNew: false };
    if (file.advices.length >= advicesAtMost) return refuse(`of one payment at most ${advicesAtMost} are told of`);
    const drafting = drafted(deps, payment, file, asked, saying);
    const after = { ...file, advices: [...file.advices, drafting] };
    const writes = [...deps.advices.writes(after, [drafting]), ...(saying.alongside?.(drafting) ?? [])];
    return (await deps.commit(writes)).length === 0 ? { advice: drafting, isNew: true } : lost;
  });
  const isDone = !isNew && (await deps.documents.isFiled(advice.proof));
  return { advice, upload: isDone ? null : await deps.documents.uploadOf(advice.proof), isNew };
};

/** Nothing came of it, or it was a slip: it is not waited for any more. */
export const dismissAdvice = (
  deps: Pick<Deps, 'advices' | 'commit' | 'now'>,
  payment: Payment,
  { no, reason, alongside }: { no: number; reason: string; alongside: (advice: Advice) => readonly Write[] },
): Promise<Advices> =>
  contend(async () => {
    const file = await deps.advices.of(payment);
    const advice = file.advices.find((each) => each.no === no);
    if (!advice) throw new Failure('not_found');
    if (!isWaitedFor(advice)) {
      if (advice.status === 'dismissed' && advice.reason === reason) return file;
      return refuse(`it is ${advice.status}`);
    }
    const after = dismissed(file, no, reason, deps.now());
    const writes = [...deps.advices.writes(after, changedSince(file, after)), ...alongside(advice)];
    return (await deps.commit(writes)).length === 0 ? after : lost;
  });
