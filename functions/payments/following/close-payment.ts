import { Failure } from '#kernel/failure.ts';
import type { App } from '#merchants/app.ts';

import { paymentOf } from '../placing/add-attempt.ts';
import { changePayment } from './apply-outcome.ts';
import { isStuck, lookAt } from './look-again.ts';
import { requestClose, statusOf, type Payment } from '../payment.ts';
import type { Deps } from '../placing/place-payment.ts';

/**
 * Closes a payment, which means: closes it at its channel. The wish is written first, so that no new attempt begins and
 * the schedule goes on asking when the channel does not confirm.
 */
export const closePayment = async (deps: Deps, app: App, id: string): Promise<Payment> => {
  const read = await paymentOf(deps, app, id);
  if (isStuck(read))
    throw new Failure('payment_not_open', { detail: 'money of another amount came in: a person decides' });
  const wished = await changePayment(deps, id, (payment) => requestClose(payment, 'by_app', deps.now()), read);
  const seen = statusOf(wished) === 'paying' ? await lookAt(deps, wished, { close: 'by_app', moveOn: false }) : wished;
  if (statusOf(seen) === 'paid' || statusOf(seen) === 'paid_late')
    throw new Failure('payment_not_open', { detail: 'it is paid' });
  return seen;
};
