import { log } from '#platform/log.ts';

import {
  afterAnswer,
  afterSilence,
  endpointId,
  newEndpoint,
  passageOf,
  shutWhileProbing,
  verdictOf,
  type Endpoint,
  type Passage,
} from './breaker.ts';
import type { Reply } from './endpoint.ts';
import type { Notice } from '../notice.ts';
import type { EndpointStore } from '../store.ts';

export interface Deps {
  readonly endpoints: Pick<EndpointStore, 'find' | 'save'>;
  readonly now: () => Date;
}

/** A delivery that may be made, with what was known of its endpoint before it. */
export interface Pass {
  readonly id: string;
  readonly known: Endpoint | undefined;
  readonly isProbe: boolean;
}

type Asking = Pick<Notice, 'app_id' | 'url' | 'next_at'>;

/** A delivery that nobody may put off: a person has asked for it. */
export const passAnyway = async ({ endpoints }: Deps, notice: Asking): Promise<Pass> => {
  const id = endpointId(notice);
  return { id, known: await endpoints.find(id), isProbe: false };
};

/** Whether the next step of a notice's schedule may be made now; otherwise until when it waits. One read, no write, while all is well. */
export const passFor = async (deps: Deps, notice: Asking): Promise<Pass | { readonly until: Date }> => {
  const pass = await passAnyway(deps, notice);
  const now = deps.now();
  const dueAt = notice.next_at ?? now;
  let passage: Passage = passageOf(pass.known, dueAt, now);
  if (passage.kind === 'probe') {
    const claimed = await deps.endpoints.save(passage.probing);
    if (claimed.won) return { ...pass, known: claimed.noun, isProbe: true };
    passage = shutWhileProbing(dueAt, now);
  }
  return passage.kind === 'shut' ? { until: passage.until } : pass;
};

const triesAtMost = 5;

/** Writes down what was learnt of the endpoint, over whatever others have learnt meanwhile. */
const learn = async (
  deps: Deps,
  pass: Pass,
  change: (known: Endpoint | undefined, isProbe: boolean) => Endpoint | undefined,
) => {
  let { known, isProbe } = pass;
  for (let tries = 0; tries < triesAtMost; tries += 1) {
    const changed = change(known, isProbe);
    if (!changed || (await deps.endpoints.save(changed)).won) return;
    known = await deps.endpoints.find(pass.id);
    // Somebody else has heard of it since it was asked: what they heard stands.
    isProbe = false;
  }
};

/** Takes in how a delivery went. What cannot be written down is only known later: no delivery fails for it. */
export const noteReply = async (deps: Deps, pass: Pass, reply: Reply): Promise<void> => {
  const verdict = verdictOf(reply);
  if (verdict === 'unsent') return;
  const now = deps.now();
  const change = (known: Endpoint | undefined, isProbe: boolean) =>
    verdict === 'answered'
      ? afterAnswer(known, now)
      : afterSilence(known ?? newEndpoint(pass.id, now), { isProbe, now });
  await learn(deps, pass, change).catch((error: unknown) => log.error('an endpoint cannot be judged', error));
};
