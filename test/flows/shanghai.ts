const hour = 3_600_000;

/** Shanghai has no summer time. */
export const dateInShanghai = (instant: Date): string =>
  new Date(instant.getTime() + 8 * hour).toISOString().slice(0, 10);

/** The next time at which a clock in Shanghai shows this. */
export const nextInShanghai = (after: Date, time: `${number}:${number}`): Date => {
  const today = new Date(`${dateInShanghai(after)}T${time}:00+08:00`);
  return today > after ? today : new Date(today.getTime() + 24 * hour);
};

export const dayAfter = (date: string): string =>
  new Date(Date.parse(`${date}T00:00:00Z`) + 24 * hour).toISOString().slice(0, 10);
