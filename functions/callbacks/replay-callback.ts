import { Failure } from '#kernel/failure.ts';

import { applyAgain, type AgainDeps } from './apply-callback.ts';
import type { Callback, CallbackStatus } from './callback.ts';
import type { CallbackLists, CallbackStore } from './store.ts';

/** A callback that a person can be shown. */
export type Shown = Callback & { readonly status: CallbackStatus };

export const isShown = (callback: Callback): callback is Shown =>
  callback.status !== undefined && callback.status !== 'refused';

interface FindDeps {
  readonly callbacks: Pick<CallbackStore, 'find' | 'findMany'>;
  readonly lists: CallbackLists;
}

/** One page of a status. A callback may have left it since its list was read. */
export const findCallbacks = async (
  { callbacks, lists }: FindDeps,
  asked: { status: CallbackStatus; limit: number; cursor: string | undefined },
): Promise<{ found: Shown[]; next: string | null }> => {
  const { keys, next } = await lists.page(asked.status, asked);
  const found = new Map((await callbacks.findMany(keys)).map((callback) => [callback.pk, callback]));
  const rows = keys.flatMap((key) => found.get(key) ?? []).filter(isShown);
  return { found: rows.filter(({ status }) => status === asked.status), next };
};

const shown = async ({ callbacks, lists }: FindDeps, id: string): Promise<Shown> => {
  const key = await lists.keyOf(id);
  const callback = key === undefined ? undefined : await callbacks.find(key);
  if (!callback || !isShown(callback)) throw new Failure('not_found');
  return callback;
};

/** A person has a callback read and applied again. Whatever it says twice is heard once: replaying cannot do harm. */
export const replayCallback = async (
  deps: AgainDeps & FindDeps & { readonly audit: (callback: Shown) => Promise<unknown> },
  id: string,
): Promise<Shown> => {
  const callback = await shown(deps, id);
  await deps.audit(callback);
  await applyAgain(deps, callback, 'replay');
  return shown(deps, id);
};
