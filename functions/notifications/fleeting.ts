import * as z from 'zod';

import { Instant } from '#kernel/business-date.ts';
import { IdOf, type Id } from '#kernel/id.ts';
import type { App } from '#merchants/app.ts';
import { webhookSecretsAt } from '#merchants/webhook-secret.ts';
import type { Publish } from '#platform/bus.ts';
import { count, log } from '#platform/log.ts';
import type { Send } from '#platform/sender.ts';

import { publicationOf } from './announce.ts';
import { isWaitOfMessage, waitSeconds } from './backoff.ts';
import type { DeliverDeps } from './deliver.ts';
import { noteReply, passFor } from './endpoints/pass.ts';
import type { BusinessEvent } from './event.ts';
import { acknowledges } from './notice.ts';
import { headersOf } from './signature.ts';

/**
 * An event that must stand in no row, because of what it says. It lives in its message until `until`, when it says nothing any
 * more; nobody can have it delivered again.
 */
const Fleeting = z.object({
  event_id: IdOf('evt'),
  app_id: IdOf('app'),
  url: z.string(),
  body: z.string(),
  until: Instant,
  /** Deliveries made. */
  attempt: z.int().min(0),
});
type Fleeting = z.infer<typeof Fleeting>;

export const FleetingMessage = z.object({ fleeting: Fleeting });

interface TellDeps {
  readonly publish: Publish;
  readonly app: (id: string) => Promise<App | undefined>;
  readonly send: Send;
}

/** Tells an app, and whoever listens on the bus, what is worth nothing after `until`. */
export const tellOnce = async (
  { publish, app, send }: TellDeps,
  event: BusinessEvent & { readonly appId: Id<'app'> },
  until: Date,
): Promise<void> => {
  const { id: event_id, appId: app_id, type, at, data } = event;
  const url = event.notifyUrl ?? (await app(app_id))?.notify_url;
  const body = JSON.stringify({ type, timestamp: at, data });
  const fleeting = url !== undefined && { event_id, app_id, url, body, until, attempt: 0 };
  await Promise.all([publish([publicationOf(event)]), send(fleeting ? [{ body: { fleeting } }] : [])]);
};

type Deps = Pick<DeliverDeps, 'endpoints' | 'secretsOf' | 'post' | 'send' | 'now'>;

/** Its time is over and the app has not taken it: nobody will deliver it any more. */
const giveUp = ({ event_id, app_id }: Fleeting): void => {
  count('FleetingNotDelivered');
  log.warn('an app did not take in time what only it could use', { event_id, app_id });
};

const sendLater = async ({ send, now }: Deps, fleeting: Fleeting, at: Date): Promise<void> => {
  if (at >= fleeting.until) return giveUp(fleeting);
  const delaySeconds = Math.ceil((at.getTime() - now().getTime()) / 1_000);
  return send([{ body: { fleeting: z.encode(Fleeting, fleeting) }, delaySeconds }]);
};

/** Delivers it as notices are delivered, at the waits of the first of them, as long as there is any use in it. */
export const deliverFleeting = async (deps: Deps, fleeting: Fleeting): Promise<void> => {
  const at = deps.now();
  if (at >= fleeting.until) return giveUp(fleeting);
  const pass = await passFor(deps, fleeting);
  if ('until' in pass) return sendLater(deps, fleeting, pass.until);
  const secrets = webhookSecretsAt(await deps.secretsOf(fleeting.app_id), at);
  const reply = await deps.post(fleeting.url, headersOf(fleeting, secrets, at), fleeting.body);
  await noteReply(deps, pass, reply);
  if (acknowledges(reply)) return;
  const attempt = fleeting.attempt + 1;
  const wait = waitSeconds(attempt);
  const isOver = wait === undefined || !isWaitOfMessage(wait);
  const next = isOver ? fleeting.until : new Date(deps.now().getTime() + wait * 1_000);
  return sendLater(deps, { ...fleeting, attempt }, next);
};
