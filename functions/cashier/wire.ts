import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import * as z from 'zod';

import type { Payment } from '#payments/payment.ts';
import { env } from '#platform/env.ts';
import { secretReader } from '#platform/secrets.ts';

import { cashierUrl, hasCashier } from './link.ts';

const Key = z.string().min(32);

/** The key of all tokens, generated when the platform was deployed; kept for at most 30 s. */
export const cashierKey = (now: () => Date): (() => Promise<string>) => {
  const read = secretReader(new SecretsManagerClient(), env('CASHIER_KEY'), now);
  return () => read('key', Key);
};

/** The page of a payment that has one. */
export const cashierLink = (now: () => Date) => {
  const key = cashierKey(now);
  return async (payment: Payment): Promise<string | null> =>
    hasCashier(payment) ? cashierUrl(env('PUBLIC_URL'), await key(), payment) : null;
};
