import { derivedId } from '#kernel/id.ts';
import { sum } from '#kernel/money.ts';

import type { BankReceipt } from './receipt.ts';

/** No payment comes in more parts: a transaction holds a hundred writes. */
export const partsAtMost = 20;

/** What entries make together of a payment, the latest last; nothing is taken of them when they do not suffice. */
export type Together =
  | { readonly kind: 'short'; readonly missing: bigint }
  | { readonly kind: 'needless'; readonly id: BankReceipt['id'] }
  | {
      readonly kind: 'whole';
      /** With what of each is taken, where that is not all of it. */
      readonly parts: readonly BankReceipt[];
      /** The last, by which it was paid. */
      readonly lead: BankReceipt;
      /** What is left of it. */
      readonly rest: BankReceipt | undefined;
    };

const place = ({ booked_on, id }: BankReceipt) => `${booked_on}#${id}`;

const restOf = (lead: BankReceipt, amount: bigint): BankReceipt => ({
  ...lead,
  id: derivedId('brc', lead.id, 'rest'),
  version: 0,
  status: 'open',
  amount,
  match: 'over',
  rest_of: lead.id,
  approval_id: undefined,
  by_advice: undefined,
});

/**
 * 合并认款: several transfers that pay one order. The payment takes exactly what it asks for, whole entries first and of the latest
 * what is wanting; the surplus is an entry of its own, in suspense as it was.
 */
export const together = (receipts: readonly BankReceipt[], asked: bigint): Together => {
  const parts = receipts.toSorted((a, b) => (place(a) < place(b) ? -1 : 1));
  const lead = parts.at(-1);
  const surplus = sum(parts.map(({ amount }) => amount)) - asked;
  if (!lead || surplus < 0n) return { kind: 'short', missing: -surplus };
  if (surplus >= lead.amount) return { kind: 'needless', id: lead.id };
  return {
    kind: 'whole',
    parts: parts.map((part) => (part === lead && surplus > 0n ? { ...part, taken: part.amount - surplus } : part)),
    lead,
    rest: surplus > 0n ? restOf(lead, surplus) : undefined,
  };
};
