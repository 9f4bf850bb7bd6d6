import type { Send } from '#platform/sender.ts';

interface Deps {
  /** The ids in one shard of the due index whose instant has come, the longest due first. */
  readonly dueIn: (shard: string, until: Date, limit: number) => Promise<string[]>;
  readonly shards: readonly string[];
  readonly sendLooks: Send;
  readonly sendNotices: Send;
}

/** A minute's sweep takes at most this many of each shard; what is left is due in the next minute too. */
const perShard = 500;

/** Hands everything that is due to the queue that looks after it. Sweeping twice asks twice, which changes nothing. */
export const sweep = async (deps: Deps, until: Date): Promise<{ looks: number; notices: number }> => {
  const found = await Promise.all(deps.shards.map((shard) => deps.dueIn(shard, until, perShard)));
  const ids = found.flat();
  const notices = ids.filter((id) => id.startsWith('ntc_'));
  const looks = ids.filter((id) => id.startsWith('pay_') || id.startsWith('rfd_'));
  await Promise.all([
    deps.sendLooks(looks.map((id) => ({ body: { id, due: true } }))),
    deps.sendNotices(notices.map((id) => ({ body: { id } }))),
  ]);
  return { looks: looks.length, notices: notices.length };
};
