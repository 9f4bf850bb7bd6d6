import type { Send } from '#platform/sender.ts';

import type { Due } from './store.ts';

interface Deps {
  /** The ids in one shard of the due index whose instant has come, the longest due first. */
  readonly dueIn: (shard: string, until: Date, limit: number) => Promise<Due[]>;
  readonly shards: readonly string[];
  readonly sendLooks: Send;
  readonly sendNotices: Send;
}

/** A minute's sweep takes at most this many of each shard; what is left is due in the next minute too. */
const perShard = 500;

/** What a sweep has found before is gone by the next one, unless nobody gets round to it. */
const overdueAfter = 15 * 60_000;

const overdue = (due: readonly Due[], until: Date): number =>
  due.filter(({ dueAt }) => until.getTime() - dueAt.getTime() > overdueAfter).length;

/** How much was found, and how much of it should have been done long ago. */
interface Swept {
  readonly looks: number;
  readonly notices: number;
  readonly overdueLooks: number;
  readonly overdueNotices: number;
}

/** Hands everything that is due to the queue that looks after it. Sweeping twice asks twice, which changes nothing. */
export const sweep = async (deps: Deps, until: Date): Promise<Swept> => {
  const found = await Promise.all(deps.shards.map((shard) => deps.dueIn(shard, until, perShard)));
  const due = found.flat();
  const notices = due.filter(({ id }) => id.startsWith('ntc_'));
  const looks = due.filter(({ id }) => /^(pay|rfd|pyt|hld|agr)_/.test(id));
  await Promise.all([
    deps.sendLooks(looks.map(({ id }) => ({ body: { id, due: true } }))),
    deps.sendNotices(notices.map(({ id }) => ({ body: { id } }))),
  ]);
  return {
    looks: looks.length,
    notices: notices.length,
    overdueLooks: overdue(looks, until),
    overdueNotices: overdue(notices, until),
  };
};
