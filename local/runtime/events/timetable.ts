import { Cron } from 'croner';

import { Refusal } from '../refusal.ts';

/** When something is due, in epoch milliseconds. */
export interface Timetable {
  /** The first instant after one. */
  next(after: number): number | undefined;
  /** The last instant in (after, until]. */
  last(after: number, until: number): number | undefined;
}

const units: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };
const hour = 3_600_000;

const rate = (expression: string): Timetable => {
  const [, count = '', unit = ''] = /^(\d+) (minute|hour|day)s?$/.exec(expression) ?? [];
  const period = Number(count) * (units[unit] ?? Number.NaN);
  if (!(period > 0)) throw new Refusal(`the schedule rate(${expression}) is malformed`);
  return {
    next: (after) => after + period,
    last: (after, until) => {
      const periods = Math.floor((until - after) / period);
      return periods > 0 ? after + periods * period : undefined;
    },
  };
};

const once = (expression: string, timeZone: string): Timetable => {
  const instant = new Cron(expression, { timezone: timeZone, paused: true, allowPast: true })
    .nextRun(new Date(0))
    ?.getTime();
  if (instant === undefined) throw new Refusal(`the schedule at(${expression}) is malformed`);
  return {
    next: (after) => (instant > after ? instant : undefined),
    last: (after, until) => (instant > after && instant <= until ? instant : undefined),
  };
};

const cron = (expression: string, timezone: string): Timetable => {
  const job = new Cron(`0 ${expression}`, {
    timezone,
    mode: '7-part',
    alternativeWeekdays: true,
    sloppyRanges: true,
    paused: true,
  });
  return {
    next: (after) => job.nextRun(new Date(after))?.getTime(),
    last: (after, until) => {
      // The search begins a second later, as it finds what lies before an instant and not at it; so it may find one too many.
      const runs = job.previousRuns(2, new Date(until + 1000)).map((run) => run.getTime());
      const found = runs.find((run) => run <= until);
      return found !== undefined && found > after ? found : undefined;
    },
  };
};

/** Reads `cron(…)`, `rate(…)` or `at(…)`, as EventBridge writes them. */
export const timetableOf = (expression: string, timeZone: string): Timetable => {
  const [, kind, inner = ''] = /^(cron|rate|at)\((.+)\)$/.exec(expression) ?? [];
  try {
    if (kind === 'rate') return rate(inner);
    if (kind === 'cron') return cron(inner, timeZone);
    if (kind === 'at') return once(inner, timeZone);
  } catch (error) {
    throw new Refusal(`the schedule ${expression} is not supported`, { cause: error });
  }
  throw new Refusal(`the schedule ${expression} is not supported`);
};

/** Whether the runs that follow an instant are less than an hour apart. */
export const isShort = (timetable: Timetable, after: number): boolean => {
  const first = timetable.next(after);
  const second = first === undefined ? undefined : timetable.next(first);
  return first !== undefined && second !== undefined && second - first < hour;
};
