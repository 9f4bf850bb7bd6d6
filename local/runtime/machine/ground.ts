import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { Activity } from './activity.ts';
import { Clock } from './clock.ts';
import { lockFolder, Ports } from './data-folder.ts';
import { Database } from './database.ts';
import { type Log, logTo } from './log.ts';

/** What every part of the machine stands on. */
export interface Ground {
  readonly folder: string;
  readonly database: Database;
  readonly clock: Clock;
  readonly activity: Activity;
  readonly ports: Ports;
  readonly log: Log;
  release(): void;
}

export const prepareGround = (
  folder: string,
  listener: ((line: string) => void) | undefined,
  beginsAt: Date | undefined,
): Ground => {
  mkdirSync(folder, { recursive: true });
  const lock = lockFolder(folder);
  const database = new Database(join(folder, 'runtime.sqlite'));
  const clock = new Clock(database, beginsAt);
  return {
    folder,
    database,
    clock,
    activity: new Activity(),
    ports: new Ports(folder),
    log: logTo(listener, () => clock.now()),
    release: () => {
      clock.stop();
      database.close();
      lock.release();
    },
  };
};
