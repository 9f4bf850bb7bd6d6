import { randomUUID } from 'node:crypto';

import * as z from 'zod';

import type { Deployment } from '../assembly/deployment.ts';
import type { Ground } from '../machine/ground.ts';
import { RuleProperties } from './event-bus.ts';
import { inputFor } from './target-input.ts';
import type { Targets } from './targets.ts';
import { isShort, type Timetable, timetableOf } from './timetable.ts';

const ScheduleProperties = z.object({
  ScheduleExpression: z.string(),
  ScheduleExpressionTimezone: z.string().default('UTC'),
  State: z.string().default('ENABLED'),
  StartDate: z.undefined('start dates are not supported').optional(),
  EndDate: z.undefined('end dates are not supported').optional(),
  GroupName: z.string().default('default'),
  Target: z.object({ Arn: z.string(), Input: z.string().optional() }),
});

interface Schedule {
  readonly name: string;
  readonly timetable: Timetable;
  readonly targets: readonly { readonly arn: string; readonly payload: (scheduled: Date) => string }[];
}

const FiredUntil = z.object({ fired_until: z.number() });

/** A machine that was off for long catches up on this many runs of a schedule, not on all of a century. */
const mostMissedRuns = 400;
const longestTimer = 3_600_000;

const withoutMillis = (instant: Date): string => instant.toISOString().replace(/\.\d+Z$/, 'Z');

const schedulerSchedules = (deployment: Deployment): Schedule[] =>
  deployment.ofType('AWS::Scheduler::Schedule').flatMap(({ path, name, properties }) => {
    const schedule = ScheduleProperties.parse(properties);
    if (schedule.State === 'DISABLED') return [];
    const { region, account } = deployment;
    const scheduleArn = `arn:aws:scheduler:${region}:${account}:schedule/${schedule.GroupName}/${name}`;
    const payload = (scheduled: Date): string =>
      (schedule.Target.Input ?? '{}')
        .replaceAll('<aws.scheduler.scheduled-time>', withoutMillis(scheduled))
        .replaceAll('<aws.scheduler.schedule-arn>', scheduleArn)
        .replaceAll('<aws.scheduler.execution-id>', randomUUID())
        .replaceAll('<aws.scheduler.attempt-number>', '1');
    const timetable = timetableOf(schedule.ScheduleExpression, schedule.ScheduleExpressionTimezone);
    return [{ name: path, timetable, targets: [{ arn: schedule.Target.Arn, payload }] }];
  });

const ruleSchedules = (deployment: Deployment): Schedule[] =>
  deployment.ofType('AWS::Events::Rule').flatMap(({ path, name, properties }) => {
    const rule = RuleProperties.parse(properties);
    if (rule.ScheduleExpression === undefined || rule.State === 'DISABLED') return [];
    const { region, account } = deployment;
    const arn = `arn:aws:events:${region}:${account}:rule/${name}`;
    const event = (scheduled: Date): object => ({
      version: '0',
      id: randomUUID(),
      'detail-type': 'Scheduled Event',
      source: 'aws.events',
      account,
      time: withoutMillis(scheduled),
      region,
      resources: [arn],
      detail: {},
    });
    const targets = rule.Targets.map((target) => ({
      arn: target.Arn,
      payload: (scheduled: Date) => inputFor(target, event(scheduled), { name, arn }),
    }));
    return [{ name: path, timetable: timetableOf(rule.ScheduleExpression, 'UTC'), targets }];
  });

/** Fires schedules by the machine's clock, each run with its own scheduled time, and none twice or never over a restart. */
export class Schedules {
  readonly #schedules: readonly Schedule[];
  readonly #targets: Targets;
  readonly #ground: Ground;
  #timer: NodeJS.Timeout | undefined;
  #isHeld = true;
  #isStopped = false;
  caughtUp: Promise<void> = Promise.resolve();

  constructor(deployment: Deployment, targets: Targets, ground: Ground) {
    this.#targets = targets;
    this.#ground = ground;
    this.#schedules = [...schedulerSchedules(deployment), ...ruleSchedules(deployment)];
  }

  checkTargets(): void {
    for (const { name, targets } of this.#schedules) for (const { arn } of targets) this.#targets.check(name, arn);
  }

  /**
   * A schedule that is seen for the first time counts from now; the others run what was missed, one after the other, as
   * they would have run. Nobody has to wait for that, but `caughtUp` tells.
   */
  start(): void {
    const { database, clock } = this.#ground;
    for (const { name } of this.#schedules) {
      database.run('INSERT OR IGNORE INTO schedules VALUES (?, ?)', name, Math.floor(clock.millis()));
    }
    this.caughtUp = this.#catchUp();
  }

  stop(): void {
    this.#isStopped = true;
    this.hold();
  }

  /** While the clock is being moved, whoever moves it says what fires. */
  hold(): void {
    this.#isHeld = true;
    clearTimeout(this.#timer);
  }

  resume(): void {
    if (this.#isStopped) return;
    this.#isHeld = false;
    this.#tick();
  }

  /** The next instant at which one that runs hourly or less often is due. */
  nextLong(): number | undefined {
    return earliest(
      this.#schedules.filter((schedule) => !this.#isShort(schedule)).map((schedule) => this.#next(schedule)),
    );
  }

  hasShort(): boolean {
    return this.#schedules.some((schedule) => this.#isShort(schedule));
  }

  /** Fires what is due at an instant. Answers with one function per run, so that a caller can let each one settle. */
  dueLong(until: number): (() => void)[] {
    return this.#schedules
      .filter((schedule) => !this.#isShort(schedule))
      .flatMap((schedule) => this.#missed(schedule, until).map((instant) => ({ schedule, instant })))
      .toSorted((one, other) => one.instant - other.instant)
      .map(
        ({ schedule, instant }) =>
          () =>
            this.#fire(schedule, instant),
      );
  }

  fireShort(until: number): void {
    for (const schedule of this.#schedules.filter((one) => this.#isShort(one))) {
      const instant = schedule.timetable.last(this.#firedUntil(schedule), until);
      if (instant !== undefined) this.#fire(schedule, instant);
    }
  }

  async #catchUp(): Promise<void> {
    for (const fire of this.dueLong(this.#ground.clock.millis())) {
      if (this.#isStopped) return;
      fire();
      await this.#ground.activity.idle();
    }
    this.resume();
  }

  #tick(): void {
    if (this.#isHeld) return;
    const now = this.#ground.clock.millis();
    for (const fire of this.dueLong(now)) fire();
    this.fireShort(now);
    const next = earliest(this.#schedules.map((schedule) => this.#next(schedule)));
    if (next === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => this.#tick(),
      Math.max(1, Math.min(longestTimer, next - this.#ground.clock.millis())),
    );
  }

  #fire({ name, targets }: Schedule, instant: number): void {
    const { database } = this.#ground;
    database.transaction(() => {
      database.run('UPDATE schedules SET fired_until = ? WHERE name = ?', instant, name);
      for (const { arn, payload } of targets) this.#targets.deliver(arn, payload(new Date(instant)));
    });
  }

  #missed(schedule: Schedule, until: number): number[] {
    const instants: number[] = [];
    let next = this.#next(schedule);
    while (next !== undefined && next <= until && instants.length < mostMissedRuns) {
      instants.push(next);
      next = schedule.timetable.next(next);
    }
    return instants;
  }

  #isShort(schedule: Schedule): boolean {
    return isShort(schedule.timetable, this.#firedUntil(schedule));
  }

  #next(schedule: Schedule): number | undefined {
    return schedule.timetable.next(this.#firedUntil(schedule));
  }

  #firedUntil({ name }: Schedule): number {
    const row = this.#ground.database.first(FiredUntil, 'SELECT fired_until FROM schedules WHERE name = ?', name);
    return row?.fired_until ?? this.#ground.clock.millis();
  }
}

const earliest = (instants: readonly (number | undefined)[]): number | undefined => {
  const known = instants.filter((instant) => instant !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
};
