import * as z from 'zod';

import { Upload } from '#documents/document.ts';
import type { DocumentStore } from '#documents/store.ts';
import { greatest, sum } from '#kernel/money.ts';
import type { Payment } from '#payments/payment.ts';
import { askedOf } from '#payments/stages.ts';

import { isWaitedFor, type Advice, type Advices } from './advice.ts';
import { isToldBy } from './match.ts';
import { takenOf, type BankReceipt } from './receipt.ts';
import type { ReceiptStore } from './store.ts';
import { adviceView, receiptView, type ProvedAdviceView, type TransfersView } from './view.ts';

export const filedView = (
  paymentId: Advices['payment_id'],
  { advice, upload }: { advice: Advice; upload: Upload | null },
) => ({ ...adviceView(paymentId, advice), upload: upload && z.encode(Upload, upload) });

export const provedViews = (
  { documents }: { readonly documents: Pick<DocumentStore, 'shown'> },
  { payment_id, advices }: Advices,
): Promise<z.input<typeof ProvedAdviceView>[]> =>
  Promise.all(
    advices.map(async (advice) => {
      const { filed, url } = await documents.shown(advice.proof);
      const shown = adviceView(payment_id, advice);
      return { ...shown, proof: { ...shown.proof, filed, url } };
    }),
  );

interface Deps {
  readonly receipts: Pick<ReceiptStore, 'ofPayment' | 'page'>;
  readonly documents: Pick<DocumentStore, 'shown'>;
}

/** What is nobody's is little, or somebody has to look anyway: so many are compared. */
const pagesAtMost = 10;

/** Entries that came before they were told of. */
const offeredOf = async ({ receipts }: Deps, { advices }: Advices): Promise<BankReceipt[]> => {
  const waiting = advices.filter(isWaitedFor);
  const offered: BankReceipt[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < pagesAtMost && waiting.length > 0; page += 1) {
    const { found, next } = await receipts.page('open', { limit: 100, cursor });
    offered.push(
      ...found.filter((each) => each.payment_id === undefined && waiting.some((advice) => isToldBy(advice, each))),
    );
    if (next === null) break;
    cursor = next;
  }
  return offered;
};

const sumOf = (receipts: readonly BankReceipt[], ...statuses: BankReceipt['status'][]) =>
  sum(receipts.filter(({ status }) => statuses.includes(status)).map(takenOf));

/** How the transfers of a payment stand: what was said, what has come, what is missing. */
export const showTransfers = async (
  deps: Deps,
  payment: Payment,
  file: Advices,
): Promise<z.input<typeof TransfersView>> => {
  const receipts = await deps.receipts.ofPayment(payment.id);
  const attempt = payment.attempts.findLast(({ method }) => method === 'bank_transfer');
  const asked = attempt ? askedOf(payment, attempt) : payment.amount;
  const waiting = sumOf(receipts, 'open', 'pending_review');
  const attached = sumOf(receipts, 'attached');
  return {
    payment_id: payment.id,
    amount: Number(asked),
    currency: payment.currency,
    waiting: Number(waiting),
    attached: Number(attached),
    missing: Number(greatest(0n, asked - waiting - attached)),
    receipts: receipts.map(receiptView),
    offered: (await offeredOf(deps, file)).map(receiptView),
    remittances: await provedViews(deps, file),
  };
};
