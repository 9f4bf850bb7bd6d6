import { yuan } from '../books/arithmetic.ts';
import { methods, type Method } from '../terms.ts';
import type { Payment } from '../wire/answers.ts';
import type { World } from '../world.ts';
import { pay, place, type NewOrder } from './orders.ts';

/** The payer scans our code, and pays. */
export const scan = async (world: World, order: NewOrder & { readonly method: Method }): Promise<Payment> => {
  const payment = await place(world, order);
  await pay(world, methods[order.method], payment);
  return payment;
};

/** The counter scans what the payer's phone shows, and the channel charges it: some answer at once, some call back. */
export const charge = async (
  world: World,
  order: NewOrder & { readonly method: Method; readonly payerCode: string },
): Promise<Payment> => {
  const payment = await place(world, order);
  world.notebook.paid(payment.merchant_order_id);
  world.say(
    `  ${yuan(order.amount)}: the counter scans the payer's code, and the order is answered: ${payment.status}.`,
  );
  return payment;
};
