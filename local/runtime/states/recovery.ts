import type { Retrier } from './definition.ts';

const uncatchable = ['States.DataLimitExceeded', 'States.Runtime'];

const names = (listed: readonly string[], error: Error): boolean =>
  listed.some(
    (name) =>
      name === error.name ||
      (name === 'States.ALL' && !uncatchable.includes(error.name)) ||
      (name === 'States.TaskFailed' && error.name !== 'States.Timeout'),
  );

/** The first entry of Retry or Catch that names an error. */
export const entryFor = <Entry extends { ErrorEquals: readonly string[] }>(
  entries: readonly Entry[],
  error: Error,
): Entry | undefined => entries.find(({ ErrorEquals }) => names(ErrorEquals, error));

/** Seconds until the next try, after `tries` of them under this retrier. */
export const delaySeconds = (retrier: Retrier, tries: number): number => {
  const delay = Math.min(retrier.IntervalSeconds * retrier.BackoffRate ** tries, retrier.MaxDelaySeconds ?? Infinity);
  return retrier.JitterStrategy === 'FULL' ? Math.random() * delay : delay;
};
