import type { Id } from '#kernel/id.ts';
import type { App } from '#merchants/app.ts';
import type { Publication, Publish } from '#platform/bus.ts';
import type { Send } from '#platform/sender.ts';

import type { DeliveryMessage } from './deliver.ts';
import type { BusinessEvent } from './event.ts';
import { noticeOf, postponed, type Notice } from './notice.ts';
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

/** The notice whose first delivery must be asked for, unless the app wants to be told nowhere or it has been made already. */
const firstOf = async (deps: AnnounceDeps, event: AppEvent): Promise<Notice[]> => {
  const url = event.notifyUrl ?? (await deps.app(event.appId))?.notify_url;
  if (url === undefined) return [];
  const notice = await putNotice(deps, noticeOf(event, url, deps.now()));
  // A notice put by an earlier telling may have lost its message: we may have died between the put and the send.
  return notice.status === 'waiting' && notice.attempt === 0 ? [notice] : [];
};

/**
 * A first delivery is in no index: whoever dies between the put and the send is asked to tell the event again. Where the queue
 * itself does not answer that may be asked in vain, so the notices are put off, which is what the sweep looks for.
 */
const sendFirst = async (deps: AnnounceDeps, notices: readonly Notice[]): Promise<void> => {
  try {
    await deps.send(notices.map(({ id, attempt }) => ({ body: { id, attempt } satisfies DeliveryMessage })));
  } catch (error) {
    await Promise.allSettled(notices.map((notice) => deps.notices.save(postponed(notice, deps.now()))));
    throw error;
  }
};

const sendNotices = async (deps: AnnounceDeps, events: readonly BusinessEvent[]): Promise<void> => {
  const results = await Promise.allSettled(events.filter(isOfApp).map((event) => firstOf(deps, event)));
  // What could be put is sent, whatever became of the others.
  await sendFirst(
    deps,
    results.flatMap((result) => (result.status === 'fulfilled' ? result.value : [])),
  );
  for (const result of results) if (result.status === 'rejected') throw result.reason;
};

/** An event as the bus carries it. */
export const publicationOf = ({ id, type, at, appId, data }: BusinessEvent): Publication => ({
  type,
  at,
  detail: { id, type, timestamp: at, app_id: appId, data },
});

/**
 * Tells what happened: everything on the bus, and what is an app's to that app. Told again it is the same event and the
 * same notice, so whoever calls may try again; neither way waits for the other to work.
 */
export const announce = async (deps: AnnounceDeps, events: readonly BusinessEvent[]): Promise<void> => {
  const told = await Promise.allSettled([deps.publish(events.map(publicationOf)), sendNotices(deps, events)]);
  for (const result of told) if (result.status === 'rejected') throw result.reason;
};
