/** The key under which a channel account's business date is found in the `flow` index. */
export const flowKey = (channelAccountId: string, date: string, shard: string) =>
  `${channelAccountId}#${date}#${shard}`;
