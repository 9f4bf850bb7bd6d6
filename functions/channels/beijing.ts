const offset = 8 * 3_600_000;

/** `yyyy-MM-dd HH:mm:ss`, as most channels write instants: in Beijing, which has no daylight saving, and in whole seconds. */
export const beijingTime = (instant: Date): string =>
  new Date(instant.getTime() + offset).toISOString().slice(0, 19).replace('T', ' ');

/** The instant that such a text says; nothing for what is no time. */
export const instantInBeijing = (text: string): Date | undefined => {
  if (!/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(text)) return undefined;
  const at = new Date(`${text.replace(' ', 'T')}+08:00`);
  // The round trip refuses the thirtieth of February, which `Date` moves to March.
  return !Number.isNaN(at.getTime()) && beijingTime(at) === text ? at : undefined;
};
