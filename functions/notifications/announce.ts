import type { Id } from '#kernel/id.ts';
import type { App } from '#merchants/app.ts';
import type { Publish } from '#platform/bus.ts';
import type { Message, Send } from '#platform/sender.ts';

import type { DeliveryMessage } from './deliver.ts';
import type { BusinessEvent } from './event.ts';
import { noticeOf, type Notice } from './notice.ts';
import type { NoticeStore } from './store.ts';

export interface AnnounceDeps {
  readonly publish: Publish;
  readonly app: (id: string) => Promise<App | undefined>;
  readonly notices: Pick<NoticeStore, 'save'>;
  readonly send: Send;
  readonly now: () => Date;
}

type AppEvent = BusinessEvent & { readonly appId: Id<'app'> };

const isOfApp = (event: BusinessEvent): event is AppEvent => event.appId !== undefined;

/** Puts the notice, or finds the one that an earlier telling has put. */
const putNotice = async ({ notices }: AnnounceDeps, notice: Notice): Promise<Notice> => {
  const saved = await notices.save(notice);
  if (saved.won) return saved.noun;
  if (saved.existing) return saved.existing;
  throw new Error(`${notice.id} was being written by somebody else: tell it again`);
};

/** The message of the first delivery, unless the app wants to be told nowhere or a delivery has been made already. */
const firstMessage = async (deps: AnnounceDeps, event: AppEvent): Promise<Message[]> => {
  const url = event.notifyUrl ?? (await deps.app(event.appId))?.notify_url;
  if (url === undefined) return [];
  const { id, status, attempt } = await putNotice(deps, noticeOf(event, url, deps.now()));
  // A notice put by an earlier telling may have lost its message: we may have died between the put and the send.
  if (status !== 'waiting' || attempt > 0) return [];
  return [{ body: { id, attempt } satisfies DeliveryMessage }];
};

const sendNotices = async (deps: AnnounceDeps, events: readonly BusinessEvent[]): Promise<void> => {
  const results = await Promise.allSettled(events.filter(isOfApp).map((event) => firstMessage(deps, event)));
  // What could be put is sent, whatever became of the others.
  await deps.send(results.flatMap((result) => (result.status === 'fulfilled' ? result.value : [])));
  for (const result of results) if (result.status === 'rejected') throw result.reason;
};

const publishEvents = ({ publish }: AnnounceDeps, events: readonly BusinessEvent[]): Promise<void> =>
  publish(
    events.map(({ id, type, at, appId, data }) => ({
      type,
      at,
      detail: { id, type, timestamp: at, app_id: appId, data },
    })),
  );

/**
 * Tells what happened: everything on the bus, and what is an app's to that app. Told again it is the same event and the
 * same notice, so whoever calls may try again; neither way waits for the other to work.
 */
export const announce = async (deps: AnnounceDeps, events: readonly BusinessEvent[]): Promise<void> => {
  const told = await Promise.allSettled([publishEvents(deps, events), sendNotices(deps, events)]);
  for (const result of told) if (result.status === 'rejected') throw result.reason;
};
