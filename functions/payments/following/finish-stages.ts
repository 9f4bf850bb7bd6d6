import { changePayment, type Deps as WriteDeps } from './apply-outcome.ts';
import { askChannel } from './ask-channel.ts';
import { changeAttempt, hear, type Payment } from '../payment.ts';
import { nextStep } from '../stages.ts';

type Deps = WriteDeps & Parameters<typeof askChannel>[0];

/**
 * Takes what is held once the rest is paid, or lets it go once nothing may pay the rest any more. That it is let go is
 * written first: whoever adds an attempt meanwhile makes a hold of its own, and no charge is completed by one that is going.
 */
export const finishStages = async (deps: Deps, payment: Payment): Promise<Payment> => {
  const step = nextStep(payment);
  if (!step) return payment;
  const marked =
    step.kind === 'capture'
      ? payment
      : await changePayment(
          deps,
          payment.id,
          (read) =>
            nextStep(read)?.kind === 'release'
              ? changeAttempt(read, step.no, (hold) => (hold.releasing ? hold : { ...hold, releasing: true }))
              : read,
          payment,
        );
  const hold = marked.attempts.find(({ no }) => no === step.no);
  if (!hold || nextStep(marked)?.kind !== step.kind) return marked;
  const learnt = await askChannel(deps, marked, hold, {
    closing: step.kind === 'release',
    capture: step.kind === 'capture',
  });
  if (!learnt) return marked;
  return changePayment(
    deps,
    payment.id,
    // A hold is ended for good at its channel: what was learnt of its end holds of any later version.
    (read) => hear(read, step.no, learnt.outcome, { identity: learnt.identity, now: deps.now() }),
    marked,
  );
};
