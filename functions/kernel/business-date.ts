import * as z from 'zod';

/** A day of business, `YYYY-MM-DD`, in the time zone of the channel account it belongs to. */
export const BusinessDate = z.iso.date();
export type BusinessDate = z.infer<typeof BusinessDate>;

/** Instants are RFC 3339 UTC on the wire and in rows, and `Date` in code. */
export const Instant = z.codec(z.iso.datetime(), z.date(), {
  decode: (text) => new Date(text),
  encode: (instant) => instant.toISOString(),
});

const known = new Set<string>();

/** Asking costs tens of microseconds, and every attempt that is read or written names its zone. */
const isKnown = (zone: string): boolean => {
  if (known.has(zone)) return true;
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone }).format(0);
    if (known.size < 1_000) known.add(zone);
    return true;
  } catch {
    return false;
  }
};

/** An IANA time zone that this runtime knows. */
export const TimeZone = z.string().refine(isKnown, 'not a time zone');

const formats = new Map<string, Intl.DateTimeFormat>();

/** The day that an instant falls on there. Days are cut at 00:00:00, as the channels do. */
export const businessDate = (instant: Date, timeZone: string): BusinessDate => {
  // The Swedish locale writes dates as ISO 8601 does. Making a formatter is slow, hence one for each zone.
  const format = formats.get(timeZone) ?? new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short' });
  formats.set(timeZone, format);
  return format.format(instant);
};

const clocks = new Map<string, Intl.DateTimeFormat>();

/** `HH:MM`, as a clock there shows it. */
export const timeOfDay = (instant: Date, timeZone: string): string => {
  const format = clocks.get(timeZone) ?? new Intl.DateTimeFormat('sv-SE', { timeZone, timeStyle: 'short' });
  clocks.set(timeZone, format);
  return format.format(instant);
};

export const addDays = (date: BusinessDate, days: number): BusinessDate => {
  const at = new Date(`${date}T00:00:00Z`);
  at.setUTCDate(at.getUTCDate() + days);
  return at.toISOString().slice(0, 10);
};
