import { takesFault, type Desk } from '../desk.ts';
import { ok, refusalFields } from '../wire/messages.ts';
import { Refusal } from '../wire/refusal.ts';
import type { Request } from '../wire/requests.ts';
import type { Fields } from '../wire/signature.ts';
import { placeOrder, takeMoney } from './orders.ts';

/**
 * Charges a payer by the code on the payer's phone: 19 digits that begin with 62. What it means here is told by its last two, which
 * are the codes that UnionPay itself answers with:
 *
 *   …03  is charged, and the answer is that nobody knows.
 *   …05  waits for a password, until the control side pays or fails.
 *   …44  is not valid.
 *   …64  has too little: it is taken, and then declined.
 *
 * Any other pays at once, and for ever: a real code is good for a minute and for one payment.
 */
export const chargeCode = (desk: Desk, request: Request<'code'>): Fields | 'silence' => {
  const omen = request.qrNo.slice(-2);
  if (!/^62\d{17}$/.test(request.qrNo) || omen === '44') throw new Refusal('44');
  const trade = placeOrder(desk, 'code', request);
  if (takesFault(desk, 'timeout_but_paid')) {
    takeMoney(desk, trade);
    return 'silence';
  }
  if (omen === '05') return { ...ok, respCode: '05', queryId: trade.query_id };
  if (omen === '64') desk.books.save({ ...trade, state: 'failed', failure: '64' });
  else takeMoney(desk, trade);
  return omen === '03' ? refusalFields(new Refusal('03')) : { ...ok, queryId: trade.query_id };
};
