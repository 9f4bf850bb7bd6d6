import * as z from 'zod';

import { IdOf } from '#kernel/id.ts';
import type { AppSecrets } from '#merchants/app.ts';
import { webhookSecretsAt } from '#merchants/webhook-secret.ts';
import { count, log } from '#platform/log.ts';
import type { Send } from '#platform/sender.ts';

import type { Post, Reply } from './endpoint.ts';
import { afterDelivery, isAsked, messageDelay, needsAlarm, type Notice } from './notice.ts';
import { headersOf } from './signature.ts';
import type { NoticeStore } from './store.ts';

/** Asks for the delivery that follows so many, or, from the sweep, for whatever is due. */
export const DeliveryMessage = z.object({ id: IdOf('ntc'), attempt: z.int().min(0).optional() });
export type DeliveryMessage = z.infer<typeof DeliveryMessage>;

export interface DeliverDeps {
  readonly notices: Pick<NoticeStore, 'find' | 'save'>;
  readonly secretsOf: (appId: string) => Promise<AppSecrets>;
  readonly post: Post;
  readonly send: Send;
  /** Where the exhausted go, for a person to look at. Moved back to the queue, each is delivered once more. */
  readonly bury: Send;
  readonly now: () => Date;
}

const alarm = (notice: Notice): void => {
  const metric = needsAlarm(notice);
  if (!metric) return;
  count(metric);
  const { id, app_id, type, attempt, last } = notice;
  log.warn('an app does not take its notices', {
    metric,
    notice_id: id,
    app_id,
    type,
    attempt,
    status: last?.status,
    error: last?.error,
  });
};

/**
 * Signs and sends. Without a secret nothing is sent, and that counts as a delivery that failed: an app that was given none
 * would otherwise be due for ever, and hold up the sweep for all others.
 */
const posted = async ({ secretsOf, post }: DeliverDeps, notice: Notice, at: Date): Promise<Reply> => {
  const secrets = await secretsOf(notice.app_id).catch((error: unknown) => {
    log.error('a notice cannot be signed', error, { notice_id: notice.id, app_id: notice.app_id });
    return undefined;
  });
  if (!secrets) return { error: 'no_secret' };
  return post(notice.url, headersOf(notice, webhookSecretsAt(secrets, at), at), notice.body);
};

/** One delivery and its result. Deliveries are at least once: we may die after the app has answered. */
const attemptOf = async (deps: DeliverDeps, notice: Notice): Promise<Notice> => {
  const at = deps.now();
  const reply = await posted(deps, notice, at);
  const end = deps.now();
  return afterDelivery(notice, { at, ms: Math.max(0, end.getTime() - at.getTime()), ...reply }, end);
};

/** Delivers a notice if it is still asked for, and has the next delivery made at its time. Safe to repeat. */
export const deliver = async (deps: DeliverDeps, { id, attempt }: DeliveryMessage): Promise<void> => {
  const before = await deps.notices.find(id);
  if (!before || !isAsked(before, attempt, deps.now())) return;
  const after = await attemptOf(deps, before);
  const next: DeliveryMessage = { id, attempt: after.attempt };
  // Buried before it is written down: the other way round, dying between the two would lose it silently.
  if (after.status === 'exhausted') await deps.bury([{ body: next }]);
  // Who lost has delivered at the same time as somebody else: their result stands, and they have sent what follows.
  if (!(await deps.notices.save(after)).won) return;
  alarm(after);
  const delaySeconds = messageDelay(after);
  if (delaySeconds !== undefined) await deps.send([{ body: next, delaySeconds }]);
};
