/** The names of keys and indexes: what infrastructure and stores must agree on. Keys themselves are made in each store. */
export const key = { partition: 'pk', sort: 'sk' } as const;

export const orders = {
  /** Everything that must be looked at again, by instant. Sparse, keys only. */
  due: { name: 'due', partition: 'due_shard', sort: 'due_at' },
  /** What the statement of a channel account and date must show. Sparse, keys only. */
  flow: { name: 'flow', partition: 'flow' },
  ttl: 'ttl',
} as const;

export const books = {
  /** Rows that a person or a merchant lists, newest first. Sparse, keys only. */
  list: { name: 'list', partition: 'list', sort: 'listed_at' },
  ttl: 'ttl',
} as const;

export const shards = Array.from({ length: 16 }, (_, shard) => String(shard));
