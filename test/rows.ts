import * as z from 'zod';

import { Payment } from '#payments/payment.ts';
import { Payout } from '#payouts/payout.ts';
import { Refund } from '#refunds/refund.ts';

/** A noun as it stands in its row, as the stream shows it. */
export const encode = (pk: string, noun: Payment | Refund | Payout): unknown => {
  if (pk.startsWith('pyt_')) return JSON.parse(JSON.stringify(z.encode(Payout, noun as Payout)));
  return JSON.parse(
    JSON.stringify(pk.startsWith('pay_') ? z.encode(Payment, noun as Payment) : z.encode(Refund, noun as Refund)),
  );
};
