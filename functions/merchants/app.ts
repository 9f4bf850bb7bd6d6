import * as z from 'zod';

import { Instant } from '#kernel/business-date.ts';
import { IdOf } from '#kernel/id.ts';
import { Threshold } from '#kernel/money.ts';

/** 复核: the amount in minor units above which a second person decides. A refund needs none, and a payout one, where nobody says. */
export const approvalAbove = {
  refund_approval_above: Threshold.optional(),
  payout_approval_above: Threshold.optional(),
};

/** 应用: a business system that places payments. Isolated: it sees only what is its own. */
export const App = z.strictObject({
  id: IdOf('app'),
  name: z.string().min(1).max(64),
  status: z.enum(['active', 'suspended']),
  /** Where events go when a payment names no address of its own. */
  notify_url: z.string().max(512).optional(),
  /** 迟到成功: whether late money waits for a person (`hold`, also when nothing is said) or goes back by itself. */
  on_late: z.enum(['hold', 'auto_refund']).optional(),
  /** What its merchants' refunds and payouts may come to without a second person, where the merchant says nothing itself. */
  ...approvalAbove,
});
export type App = z.infer<typeof App>;

/** The name of a key: an id of ours, or one that the app chose. */
export const KeyId = z.string().regex(/^[0-9A-Za-z._-]{1,64}$/);

export const PublicKeyPem = z.string().max(2_000);

const validity = { id: KeyId, app_id: IdOf('app'), not_before: Instant, not_after: Instant.optional() };

/** A key of an app. Keys rotate with overlap: several may be valid at once. An HMAC secret is kept in Secrets Manager. */
export const AppKey = z.discriminatedUnion('alg', [
  z.strictObject({ ...validity, alg: z.literal('ed25519'), public_key_pem: PublicKeyPem }),
  z.strictObject({ ...validity, alg: z.literal('rsa-v1_5-sha256'), public_key_pem: PublicKeyPem }),
  z.strictObject({ ...validity, alg: z.literal('hmac-sha256') }),
]);
export type AppKey = z.infer<typeof AppKey>;

export const WebhookSecret = z.string().regex(/^whsec_[A-Za-z0-9+/]{32,}={0,2}$/);

/** What Secrets Manager keeps for an app: the secrets its webhooks are signed with, and shared secrets of keys by their id. */
export const AppSecrets = z.strictObject({
  webhook_secret: WebhookSecret,
  /** Those before it: deliveries are signed with these too until then, so that an app can change over in its own time. */
  previous_webhook_secrets: z.array(z.strictObject({ secret: WebhookSecret, until: Instant })).optional(),
  hmac: z.record(KeyId, z.base64()).default({}),
});
export type AppSecrets = z.infer<typeof AppSecrets>;
