import { falsehoods, terms } from '../terms.ts';
import { chargeOn, sharesReturned, sum } from './arithmetic.ts';
import type { Order } from './notebook.ts';

const feeOf = ({ amount }: Order): bigint => chargeOn(amount, terms.feePpm);
const costOf = ({ amount }: Order): bigint => chargeOn(amount, terms.costPpm);

const returned = (order: Order, charge: (order: Order) => bigint): bigint =>
  sum(sharesReturned(charge(order), order.amount, order.refunds));

const tally = (amounts: readonly bigint[]) => ({ count: amounts.length, amount: sum(amounts) });

/** What everything must come to, by the agreed terms and the list of what was done. */
export const expectedOf = (orders: readonly Order[]) => {
  const paid = orders.filter(({ fate }) => fate === 'paid');
  const late = orders.filter(({ fate }) => fate === 'late');
  const received = [...paid, ...late];
  const refunds = tally(orders.flatMap((order) => order.refunds));
  const fees = sum(paid.map(feeOf));
  const feesReturned = sum(paid.map((order) => returned(order, feeOf)));
  const cost = sum(received.map(costOf)) - sum(received.map((order) => returned(order, costOf)));
  const gross = tally(received.map(({ amount }) => amount));
  const onTime = tally(paid.map(({ amount }) => amount));
  const net = onTime.amount - refunds.amount - fees + feesReturned;
  const suspense = sum(late.map(({ amount }) => amount));
  return {
    paid: onTime,
    late: tally(late.map(({ amount }) => amount)),
    closed: orders.filter(({ fate, isClosed }) => fate === 'unpaid' && isClosed).length,
    refunds,
    fees,
    feesReturned,
    /** What the bill says, line by line: all money that came in, late or not. */
    bill: { payments: gross, refunds, cost, net: gross.amount - refunds.amount - cost },
    settlement: { payments: onTime, refunds, fees: fees - feesReturned, net },
    events: {
      'payment.paid': paid.length,
      'payment.closed': orders.filter(({ isClosed }) => isClosed).length,
      'payment.paid_late': late.length,
      'refund.succeeded': refunds.count,
    },
    /** After the release, each positive on its natural side. */
    balances: {
      channel_clearing: gross.amount - cost - refunds.amount,
      channel_cost: cost,
      fee_income: fees - feesReturned,
      merchant_pending: 0n,
      merchant_available: net,
      merchant_held: 0n,
      suspense,
    },
  };
};
export type Expected = ReturnType<typeof expectedOf>;

/** What a payment adds to the channel's net. */
const netOf = (amount: bigint): bigint => amount - chargeOn(amount, terms.costPpm);

/** How far the false bill's net is from the true one's. The changed line keeps its fee; only its amount is another. */
export const driftOfFalseBill = (): bigint => {
  const { missing, changed, extra } = falsehoods;
  return netOf(extra.amount) - netOf(missing) + changed.to - changed.from;
};

/** Both sides of a trial balance over these balances: what is ours to claim and what it cost, against what is owed and earned. */
export const trialOf = ({ balances }: Expected) => ({
  debit: balances.channel_clearing + balances.channel_cost,
  credit:
    balances.fee_income +
    balances.merchant_pending +
    balances.merchant_available +
    balances.merchant_held +
    balances.suspense,
});
