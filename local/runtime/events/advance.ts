import type { Ground } from '../machine/ground.ts';
import type { Schedules } from './schedules.ts';

const hour = 3_600_000;

const earliest = (...instants: (number | undefined)[]): number =>
  Math.min(...instants.filter((instant) => instant !== undefined));

const nextFullHour = (after: number): number => (Math.floor(after / hour) + 1) * hour;

/**
 * Moves the clock forward as time itself would pass: from one instant at which something is due to the next, and lets
 * what it causes come to rest before going on. Schedules shorter than an hour run once per hour.
 */
const advance = async (seconds: number, { clock, activity }: Ground, schedules: Schedules): Promise<void> => {
  await activity.idle();
  let at = clock.millis();
  const end = at + seconds * 1000;
  const hasShort = schedules.hasShort();
  do {
    at = earliest(end, schedules.nextLong(), clock.nextWaking(), hasShort ? nextFullHour(at) : undefined);
    clock.moveTo(at);
    for (const fire of schedules.dueLong(at)) {
      fire();
      await activity.idle();
    }
    if (hasShort && (at === end || at % hour === 0)) schedules.fireShort(at);
    await activity.idle();
  } while (at < end);
};

/** One advance at a time; schedules are held meanwhile. */
export const advancing = (ground: Ground, schedules: Schedules): ((seconds: number) => Promise<void>) => {
  let last: Promise<void> = Promise.resolve();
  const run = async (seconds: number): Promise<void> => {
    await schedules.caughtUp;
    schedules.hold();
    try {
      await advance(seconds, ground, schedules);
    } finally {
      schedules.resume();
    }
  };
  return (seconds) => {
    if (!(seconds >= 0))
      return Promise.reject(new RangeError(`the clock moves forward only, not by ${seconds} seconds`));
    const next = last.then(() => run(seconds));
    last = next.catch(() => undefined);
    return next;
  };
};
