import * as z from 'zod';

import { IdOf } from '#kernel/id.ts';
import type { AppSecrets } from '#merchants/app.ts';
import { webhookSecretsAt } from '#merchants/webhook-secret.ts';
import { count, log } from '#platform/log.ts';
import type { Send } from '#platform/sender.ts';

import type { Post, Reply } from './endpoints/endpoint.ts';
import {
  afterDelivery,
  afterRedelivery,
  isAsked,
  messageDelay,
  needsAlarm,
  postponed,
  type Delivery,
  type Notice,
} from './notice.ts';
import { noteReply, passAnyway, passFor, type Deps as PassDeps, type Pass } from './endpoints/pass.ts';
import { headersOf } from './signature.ts';
import type { NoticeStore } from './store.ts';

/**
 * Asks for the delivery that follows so many, or, from the sweep, for whatever is due; or, from a person, for one more beside
 * the schedule.
 */
export const DeliveryMessage = z.object({
  id: IdOf('ntc'),
  attempt: z.int().min(0).optional(),
  redelivery: z.literal(true).optional(),
});
export type DeliveryMessage = z.infer<typeof DeliveryMessage>;

export type DeliverDeps = PassDeps & {
  readonly notices: Pick<NoticeStore, 'find' | 'save'>;
  readonly secretsOf: (appId: string) => Promise<AppSecrets>;
  readonly post: Post;
  readonly send: Send;
  /** Where the exhausted go, for a person to look at. Moved back to the queue, each is delivered once more. */
  readonly bury: Send;
};

const alarm = (notice: Notice): void => {
  const metric = needsAlarm(notice);
  if (!metric) return;
  count(metric);
  const { id, app_id, type, attempt, deliveries } = notice;
  const last = deliveries.at(-1);
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

interface Made {
  readonly delivery: Delivery;
  readonly end: Date;
}

/** One delivery and its result. Deliveries are at least once: we may die after the app has answered. */
const made = async (deps: DeliverDeps, notice: Notice, pass: Pass): Promise<Made> => {
  const at = deps.now();
  const reply = await posted(deps, notice, at);
  const end = deps.now();
  await noteReply(deps, pass, reply);
  return { delivery: { at, ms: Math.max(0, end.getTime() - at.getTime()), ...reply }, end };
};

const triesAtMost = 10;

/** Writes down a result over what stands there by now, unless that has no place for it any more. */
const record = async (
  deps: DeliverDeps,
  before: Notice,
  change: (notice: Notice) => Promise<Notice> | Notice,
  hasPlace: (notice: Notice) => boolean,
): Promise<Notice | undefined> => {
  let read = before;
  for (let tries = 0; tries < triesAtMost; tries += 1) {
    const saved = await deps.notices.save(await change(read));
    if (saved.won) return saved.noun;
    const existing = saved.existing ?? (await deps.notices.find(before.id));
    if (!existing || !hasPlace(existing)) return undefined;
    read = existing;
  }
  throw new Error(`${before.id} is being written by too many at once`);
};

/** Puts a step of the schedule off: the same step, later, and not one of the sixteen less. */
const postpone = async (deps: DeliverDeps, notice: Notice, until: Date): Promise<void> => {
  if (!(await deps.notices.save(postponed(notice, until))).won) return;
  const delaySeconds = Math.ceil((until.getTime() - deps.now().getTime()) / 1_000);
  const message: DeliveryMessage = { id: notice.id, attempt: notice.attempt };
  await deps.send([{ body: message, delaySeconds }]);
};

/** A person asks, whatever the schedule and the endpoint: the next step of the schedule stays where it is. */
const redeliver = async (deps: DeliverDeps, notice: Notice): Promise<void> => {
  const { delivery, end } = await made(deps, notice, await passAnyway(deps, notice));
  await record(
    deps,
    notice,
    (read) => afterRedelivery(read, delivery, end),
    () => true,
  );
};

const deliverNext = async (deps: DeliverDeps, before: Notice, pass: Pass): Promise<void> => {
  const { delivery, end } = await made(deps, before, pass);
  const next: DeliveryMessage = { id: before.id, attempt: before.attempt + 1 };
  const after = await record(
    deps,
    before,
    async (read) => {
      const told = afterDelivery(read, delivery, end);
      // Buried before it is written down: the other way round, dying between the two would lose it silently.
      if (told.status === 'exhausted') await deps.bury([{ body: next }]);
      return told;
    },
    // Who lost this very step has delivered at the same time as somebody else: their result stands, and they have sent what
    // follows. A redelivery or a postponement has done neither.
    ({ attempt, status }) => attempt === before.attempt && status !== 'delivered',
  );
  if (!after) return;
  alarm(after);
  const delaySeconds = messageDelay(after);
  if (delaySeconds !== undefined) await deps.send([{ body: next, delaySeconds }]);
};

/** Delivers a notice if it is still asked for, and has the next delivery made at its time. Safe to repeat. */
export const deliver = async (deps: DeliverDeps, { id, attempt, redelivery }: DeliveryMessage): Promise<void> => {
  const notice = await deps.notices.find(id);
  if (!notice) return;
  if (redelivery) return redeliver(deps, notice);
  if (!isAsked(notice, attempt, deps.now())) return;
  const pass = await passFor(deps, notice);
  if ('until' in pass) return postpone(deps, notice, pass.until);
  return deliverNext(deps, notice, pass);
};
