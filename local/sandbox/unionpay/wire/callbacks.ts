import type { CallbackProtocol } from '../../postman.ts';
import { CHANNEL, type Desk } from '../desk.ts';
import type { DoneTrade } from '../trade/books.ts';
import { doneFields } from '../trade/views.ts';
import { ok } from './messages.ts';
import { signedFields } from './signature.ts';

/** Five times in all, each wait twice the one before: the demo says no more than 0, 1, 2 and 4 minutes. */
const WAIT_SECONDS = [60, 120, 240, 480];

export const unionpayCallbacks: CallbackProtocol = {
  waitSeconds: WAIT_SECONDS,
  timeoutMs: 10_000,
  headers: () => ({ 'Content-Type': 'application/x-www-form-urlencoded;charset=UTF-8' }),
  // The status alone, whatever the body says.
  acknowledged: (status) => status === 200 || status === 302,
};

/** Only what is done is told. */
export const notify = (desk: Desk, trade: DoneTrade): void => {
  if (trade.back_url === undefined) return;
  const fields = { accessType: '0', merId: desk.issued.mer_id, ...doneFields(trade), ...ok };
  desk.postman.post(CHANNEL, {
    event_id: trade.query_id,
    url: trade.back_url,
    body: (forged) => new URLSearchParams(signedFields(fields, desk.issued, forged)).toString(),
  });
};
