/** Seconds at which what is left is said aloud. */
const saidAt: readonly number[] = [180, 60, 30];

export const isSaid = (seconds: number): boolean => saidAt.includes(seconds);

const two = (number: number) => String(number).padStart(2, '0');

/** `1:02:03`, `02:03`. */
export const clockText = (seconds: number): string => {
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const tail = `${two(minutes % 60)}:${two(seconds % 60)}`;
  return hours > 0 ? `${hours}:${tail}` : tail;
};

/** Whole seconds until then by the server's clock; the payer's may be wrong by hours. */
export const secondsUntil = (end: number, localNow: number, skew: number): number =>
  Math.max(0, Math.ceil((end - localNow - skew) / 1_000));
