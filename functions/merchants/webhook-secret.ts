import type { AppSecrets } from './app.ts';

/** How long a webhook secret stays good beside its successor. */
export const overlapSeconds = 24 * 60 * 60;

/** More than these are never good at once: an app that rotates every hour drops the oldest. */
const previousAtMost = 4;

/** 32 bytes from a source of chance. */
export const webhookSecretOf = (bytes: Buffer): string => `whsec_${bytes.toString('base64')}`;

/** The secrets after a rotation. Those before stay good until the overlap has gone, and never longer than they were. */
export const rotated = (secrets: AppSecrets, next: string, overlap: number, now: Date): AppSecrets => {
  const until = new Date(now.getTime() + overlap * 1_000);
  const before = [{ secret: secrets.webhook_secret, until }, ...(secrets.previous_webhook_secrets ?? [])]
    .map((previous) => ({ ...previous, until: previous.until < until ? previous.until : until }))
    .filter((previous) => previous.until > now);
  return { ...secrets, webhook_secret: next, previous_webhook_secrets: before.slice(0, previousAtMost) };
};

/** Every secret that a delivery is signed with, the newest first. */
export const webhookSecretsAt = ({ webhook_secret, previous_webhook_secrets = [] }: AppSecrets, now: Date) => [
  webhook_secret,
  ...previous_webhook_secrets.filter(({ until }) => until > now).map(({ secret }) => secret),
];
