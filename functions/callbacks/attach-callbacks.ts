import { applyAgain, type AgainDeps } from './apply-callback.ts';
import type { CallbackStore } from './store.ts';

type Deps = AgainDeps & { readonly callbacks: Pick<CallbackStore, 'find' | 'waiting'> };

/** A payment or refund has appeared, or an attempt of it: applies the callbacks that came before it. Safe to repeat. */
export const attachCallbacks = async (deps: Deps, id: string): Promise<void> => {
  for (const key of await deps.callbacks.waiting(id)) {
    const callback = await deps.callbacks.find(key);
    if (callback?.status === 'quarantined') await applyAgain(deps, callback, 'attach');
  }
};
