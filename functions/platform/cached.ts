/**
 * Keeps what a read returned for up to 30 s in this environment, so that suspensions and revoked keys act within 30 s.
 * Reads of the same key at the same time share one call; a read that failed is not kept.
 */
export const cached = <Value>(read: (key: string) => Promise<Value>, now: () => Date, seconds = 30) => {
  const kept = new Map<string, { until: number; value: Promise<Value> }>();
  return (key: string): Promise<Value> => {
    const hit = kept.get(key);
    if (hit && hit.until > now().getTime()) return hit.value;
    // An environment lives for hours and keys come from outside: never grow without limit.
    if (kept.size >= 1_000) kept.clear();
    const value = read(key);
    kept.set(key, { until: now().getTime() + seconds * 1_000, value });
    value.catch(() => kept.delete(key));
    return value;
  };
};
