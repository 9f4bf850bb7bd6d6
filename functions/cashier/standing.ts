import { isLive, type Attempt } from '#payments/attempt.ts';
import { statusOf, earned, type Payment } from '#payments/payment.ts';

/** How a payment stands for its payer. */
export type Standing =
  | 'open'
  | 'starting'
  | 'waiting'
  | 'unknown'
  | 'failed'
  | 'challenged'
  | 'paid'
  | 'late'
  | 'duplicate'
  | 'closed'
  | 'expired';

export interface Stand {
  readonly standing: Standing;
  /** The attempt that has paid, that the payer is busy with, or that ended last. */
  readonly attempt?: Attempt;
  /** Changes exactly when a payer would see something else: it is the answer's ETag. */
  readonly revision: string;
}

/** Money may still arrive: only the channel knows, so nothing is said to have failed. */
const liveStanding = (payment: Payment, attempt: Attempt, now: Date): Standing => {
  const isOver = payment.close_requested_at !== undefined || payment.expires_at <= now;
  if (attempt.status === 'unknown' || isOver) return 'unknown';
  return attempt.action ? 'waiting' : 'starting';
};

const standingOf = (payment: Payment, attempt: Attempt | undefined, now: Date): Standing => {
  const status = statusOf(payment);
  if (status === 'paid_late') return 'late';
  if (status === 'paid') return payment.attempts.some(({ duplicate }) => duplicate) ? 'duplicate' : 'paid';
  if (status === 'closed') return payment.close_reason === 'expired' ? 'expired' : 'closed';
  if (attempt && isLive(attempt)) return liveStanding(payment, attempt, now);
  if (payment.expires_at <= now) return 'expired';
  if (status === 'challenged') return 'challenged';
  return attempt?.status === 'failed' ? 'failed' : 'open';
};

/** Only what the platform knows decides; nothing that a wallet's bridge or a page says. */
export const standOf = (payment: Payment, now: Date): Stand => {
  const attempt = earned(payment) ?? payment.attempts.find(isLive) ?? payment.attempts.at(-1);
  const standing = standingOf(payment, attempt, now);
  return { standing, ...(attempt && { attempt }), revision: `${standing}.${attempt?.no ?? 0}` };
};

/** A method may be chosen, also again. */
export const isChoosable = (standing: Standing): boolean => standing === 'open' || standing === 'failed';

/** The order may still be paid, whatever the payer has to do for it. */
export const isPayable = (standing: Standing): boolean =>
  isChoosable(standing) || isMoving(standing) || standing === 'challenged';

/** Something may change by itself: worth asking. */
export const isMoving = (standing: Standing): boolean =>
  standing === 'starting' || standing === 'waiting' || standing === 'unknown';
