import { beijingTime } from '#channels/beijing.ts';
import { instantOfStamp } from '#channels/stamp.ts';

/** `MMDD`, as settlement dates are written. */
export const monthAndDay = (date: string): string => date.slice(5).replace('-', '');

/** The instant of a `MMDDhhmmss`, which says no year: of the years around it is the nearest to what it belongs to. */
export const instantNear = (text: string, reference: Date): Date | undefined => {
  if (!/^\d{10}$/.test(text)) return undefined;
  const distance = (instant: Date) => Math.abs(instant.getTime() - reference.getTime());
  const year = Number(beijingTime(reference).slice(0, 4));
  return [year - 1, year, year + 1]
    .map((each) => instantOfStamp(`${each}${text}`))
    .filter((instant) => instant !== undefined)
    .toSorted((one, other) => distance(one) - distance(other))[0];
};
