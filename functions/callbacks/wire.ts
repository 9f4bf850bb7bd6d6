import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';

import { applyAgreementOutcome } from '#agreements/look-at-agreement.ts';
import { agreementDeps } from '#agreements/wire.ts';
import { openChannels } from '#channels/open.ts';
import { channelKind } from '#channels/registry.ts';
import { applyOutcome } from '#payments/following/apply-outcome.ts';
import { paymentDeps, type Wired } from '#payments/wire.ts';
import { applyPayoutOutcome } from '#payouts/sending/send-payout.ts';
import { payoutDeps } from '#payouts/wire.ts';
import type { Database } from '#platform/database.ts';
import { env } from '#platform/env.ts';
import { secretReader } from '#platform/secrets.ts';
import { applyRefundOutcome } from '#refunds/apply-refund-outcome.ts';
import { refundDeps } from '#refunds/wire.ts';

import { walletsOf } from '#wallets/wire.ts';

import { callbackStore } from './store.ts';

/** What takes callbacks in, reads them again and attaches them, made once for each environment. */
export const callbackDeps = (wired: Wired, db: Database) => {
  const payments = paymentDeps(wired);
  const refunds = refundDeps(wired, db);
  const payouts = payoutDeps(wired, db);
  const agreements = agreementDeps(wired);
  const readSecret = secretReader(new SecretsManagerClient(), env('CHANNEL_SECRETS'), wired.now);
  return {
    ...wired,
    callbacks: callbackStore(db, env('ORDERS_TABLE')),
    findPayment: wired.payments.find,
    findRefund: refunds.refunds.find,
    findPayout: payouts.payouts.find,
    applyPayoutOutcome: applyPayoutOutcome.bind(undefined, payouts),
    findAgreement: agreements.agreements.find,
    applyOutcome: applyOutcome.bind(undefined, payments),
    applyRefundOutcome: applyRefundOutcome.bind(undefined, refunds),
    applyAgreementOutcome: applyAgreementOutcome.bind(undefined, agreements),
    openAt: (accountId: string, at: Date) =>
      openChannels({
        account: wired.configuration.channelAccount,
        channelKind,
        secretsOf: (id, { secrets }) => readSecret(id, secrets),
        now: () => at,
        wallets: walletsOf(db, wired.now),
      })(accountId),
  };
};
