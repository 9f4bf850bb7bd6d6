import { CallbackRefused, type Acknowledgement, type Heard, type RawCallback } from '#channels/channel.ts';

import { applyHeard, type Deps as ApplyDeps } from './apply-callback.ts';
import { aboutOf, callbackOf, subjectOf, type About, type Callback } from './callback.ts';
import type { CallbackStore } from './store.ts';

export type Deps = ApplyDeps & {
  readonly callbacks: Pick<CallbackStore, 'keep' | 'refuse' | 'quarantine' | 'end'>;
  readonly now: () => Date;
  readonly noteRefusal: (why: string) => void;
  readonly noteQuarantine: (callback: Callback, about: About) => void;
};

/**
 * Keeps a genuine callback about nothing that we know until what it is about appears. That may happen at this very moment:
 * it is written that somebody waits, and only then looked once more. Whoever writes the payment looks for those who wait after
 * writing it; so whoever of the two is second sees the other.
 */
const quarantine = async (deps: Deps, callback: Callback, heard: Exclude<Heard, { about: 'nothing' }>) => {
  const waits_for = subjectOf(heard);
  const about = aboutOf(heard);
  if (await deps.callbacks.quarantine(callback, about, waits_for)) deps.noteQuarantine(callback, about);
  if (waits_for === undefined || !(await applyHeard(deps, callback.channel_account_id, heard))) return;
  await deps.callbacks.end({ ...callback, status: 'quarantined', waits_for }, 'attached', deps.now());
};

/**
 * Raw body stored first; then the source verified, then translated, then applied through the one door, and only then
 * acknowledged in the channel's own words. Whatever goes wrong on our side leaves it unacknowledged: it comes again.
 * A genuine callback about an order that we do not know is kept in quarantine, and acknowledged.
 */
export const takeCallback = async (
  deps: Deps,
  accountId: Callback['channel_account_id'],
  raw: RawCallback,
): Promise<Acknowledgement> => {
  const opened = await deps.open(accountId);
  const callback = callbackOf(accountId, raw, deps.now());
  const isNew = await deps.callbacks.keep(callback);
  try {
    const heard = opened.channel.readCallback(raw);
    const isApplied = await applyHeard(deps, accountId, heard);
    if (!isApplied && heard.about !== 'nothing') await quarantine(deps, callback, heard);
    return opened.kind.acknowledge(true, raw);
  } catch (error) {
    if (!(error instanceof CallbackRefused)) throw error;
    deps.noteRefusal(error.message);
    // A forgery of bytes that were kept before it must not take those with it.
    if (isNew) await deps.callbacks.refuse(callback);
    return opened.kind.acknowledge(false, raw);
  }
};
