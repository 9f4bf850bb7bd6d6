const EIGHT_HOURS = 8 * 3_600_000;

/** Chinese channels write Beijing time, which has no summer time: a fixed offset is the whole rule. */
const shifted = (ms: number): string => new Date(ms + EIGHT_HOURS).toISOString();

export const beijingDate = (ms: number): string => shifted(ms).slice(0, 10);

/** `2026-01-31 09:30:00`, as in statements. */
export const beijingTime = (ms: number): string => shifted(ms).slice(0, 19).replace('T', ' ');

/** `2026-01-31T09:30:00+08:00`, as in WeChat's replies. */
export const beijingInstant = (ms: number): string => `${shifted(ms).slice(0, 19)}+08:00`;

/** The first and the first-after instant of a Beijing day: statements are cut at 00:00:00. */
export const beijingDay = (date: string): { from: number; until: number } => {
  const from = Date.parse(`${date}T00:00:00+08:00`);
  return { from, until: from + 86_400_000 };
};
