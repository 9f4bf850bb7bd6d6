import { resolve } from 'node:path';

import { readAssembly } from './assembly/assembly.ts';
import type { Report } from './lambda/environment.ts';
import { assemble } from './machine/assemble.ts';
import { prepareGround } from './machine/ground.ts';
import type { Grant } from './permissions/grants.ts';
import type { Need } from './permissions/needs.ts';

export interface RuntimeOptions {
  /** The folder of a cloud assembly: where manifest.json is. */
  readonly assembly: string;
  /** Where all state lives; created when missing. */
  readonly dataDir: string;
  /** Of the HTTP API; 0 is a free one. */
  readonly port?: number;
  /** Where the clock of a new folder begins, when that is later than now. */
  readonly beginsAt?: Date;
  /** CloudFormation parameter values by name; without one its default counts. */
  readonly parameters?: Record<string, string>;
  /** Other addresses for functions than those of the services themselves: of something that looks at what passes. */
  readonly tap?: (endpoints: Readonly<Record<string, string>>) => Readonly<Record<string, string>>;
  /** Hears what each invocation has cost. */
  readonly report?: (report: Report) => void;
  /** Hears what functions need of their roles, to be compared with `grants`: nothing is refused here. */
  readonly needs?: (need: Need) => void;
  /** Hears structured lines of functions and of the runtime itself. */
  readonly log?: (line: string) => void;
}

export interface Runtime {
  readonly api: string;
  readonly region: string;
  /** What an SDK client outside needs in its environment. */
  readonly endpoints: Readonly<Record<string, string>>;
  /** Every output of every stack, by name and by `stack.name`. */
  readonly outputs: Readonly<Record<string, string>>;
  /** What the roles of the functions allow. */
  grants(): readonly Grant[];
  readonly clock: { now(): Date; advance(seconds: number): Promise<void> };
  /** Rejects with the function's error. */
  invoke(functionNameOrArn: string, payload: unknown): Promise<unknown>;
  /** Resolves when everything that was caused has been done. */
  idle(): Promise<void>;
  stop(): Promise<void>;
}

/** Runs a synthesized cloud assembly on this machine. It needs neither Docker nor an AWS account. */
export const startRuntime = async (options: RuntimeOptions): Promise<Runtime> => {
  const assembly = readAssembly(resolve(options.assembly));
  const ground = prepareGround(resolve(options.dataDir), options.log, options.beginsAt);
  const closing = new AsyncDisposableStack();
  closing.defer(() => ground.release());
  try {
    const machine = await assemble({
      assembly,
      ground,
      closing,
      port: options.port ?? 0,
      parameters: options.parameters ?? {},
      tap: options.tap ?? (() => ({})),
      report: options.report,
      needs: options.needs,
    });
    return {
      ...machine,
      stop: () => closing.disposeAsync(),
    };
  } catch (error) {
    await closing.disposeAsync();
    throw error;
  }
};
