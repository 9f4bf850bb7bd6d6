import type { BusinessDate } from '#kernel/business-date.ts';
import { isMoney } from '#payments/attempt.ts';
import type { Payment } from '#payments/payment.ts';
import type { BankReceipt } from '#remittances/receipt.ts';

import type { Judgement } from './settle-account.ts';

interface Deps {
  readonly paymentsOf: (channelAccountId: string, date: BusinessDate) => Promise<readonly Payment[]>;
  readonly receipts: (ids: readonly string[]) => Promise<readonly BankReceipt[]>;
}

/**
 * A day of a bank account: each payment is proved by the entry of the bank's statement that it was confirmed by, or by the last of
 * several that were confirmed together. What has none is withheld.
 */
export const proveTransfers =
  ({ paymentsOf, receipts }: Deps) =>
  async (channelAccountId: string, date: BusinessDate): Promise<Judgement> => {
    const payments = await paymentsOf(channelAccountId, date);
    const claims = payments.flatMap((payment) =>
      payment.attempts
        .filter(
          (attempt) =>
            isMoney(attempt) && attempt.channel_account_id === channelAccountId && attempt.receipt?.flow_date === date,
        )
        .map(({ receipt }) => ({ payment, tradeNo: receipt?.trade_no ?? '', amount: receipt?.amount })),
    );
    const found = await receipts([...new Set(claims.map(({ tradeNo }) => tradeNo))]);
    const byId = new Map(found.map((receipt): [string, BankReceipt] => [receipt.id, receipt]));
    const unproved = claims.filter(({ payment, tradeNo, amount }) => {
      const shown = byId.get(tradeNo);
      return shown?.status !== 'attached' || shown.payment_id !== payment.id || (shown.told ?? shown.amount) !== amount;
    });
    return {
      kind: 'released',
      batchId: null,
      withheld: new Set(unproved.map(({ payment }) => payment.id)),
      payments: payments.length,
    };
  };
