import { functionNameOf } from '../assembly/physical.ts';
import type { Activity } from '../machine/activity.ts';
import { ServiceError } from '../refusal.ts';
import { type Answer, Environment, type Surroundings } from './environment.ts';
import type { FunctionSpec } from './functions.ts';

const mostEnvironments = 40;
/** Milliseconds. A further environment takes longer to begin than most requests take: a free one is waited for so long first. */
const patience = 200;
const largestPayload = 6 * 1024 * 1024;

const remove = <T>(list: T[], item: T): void => {
  const at = list.indexOf(item);
  if (at >= 0) list.splice(at, 1);
};

interface Queue {
  readonly environments: Environment[];
  readonly waiting: (() => void)[];
}

/** One after the other is opened, and only for who has waited. */
const needsAnother = ({ concurrency }: FunctionSpec, { environments }: Queue, since: number): boolean =>
  environments.length === 0 ||
  (environments.length < concurrency &&
    performance.now() - since >= patience &&
    !environments.some(({ isStarting }) => isStarting));

/** Resolves when one may have become free, or, where there may be more of them, when it has been waited for long enough. */
const turnIn = ({ waiting }: Queue, isLimited: boolean): Promise<void> =>
  new Promise((resolve) => {
    const wake = (): void => {
      clearTimeout(timer);
      remove(waiting, wake);
      resolve();
    };
    const timer = isLimited ? setTimeout(wake, patience) : undefined;
    waiting.push(wake);
  });

/** Runs functions: a few threads each, one request per thread, further requests in line. */
export class FunctionHost {
  readonly #functions: ReadonlyMap<string, FunctionSpec>;
  readonly #around: Surroundings;
  readonly #activity: Activity;
  readonly #queues = new Map<string, Queue>();
  #running = 0;
  #isStopped = false;

  constructor(functions: readonly FunctionSpec[], around: Surroundings, activity: Activity) {
    this.#functions = new Map(functions.map((spec) => [spec.name, spec]));
    this.#around = around;
    this.#activity = activity;
    activity.watch({ isBusy: () => this.#running > 0 });
    // Threads share the time zone of their process, and on AWS functions run in UTC.
    process.env['TZ'] = 'UTC';
  }

  find(nameOrArn: string): FunctionSpec {
    const spec = this.#functions.get(functionNameOf(nameOrArn));
    if (spec === undefined)
      throw new ServiceError('ResourceNotFoundException', `Function not found: ${nameOrArn}`, 404);
    return spec;
  }

  has(name: string): boolean {
    return this.#functions.has(name);
  }

  /** An invocation that something on this machine caused: the machine is not idle before it has ended. */
  async invoke(nameOrArn: string, payload: string): Promise<Answer> {
    this.#running += 1;
    this.#activity.changed();
    try {
      return await this.invokeFromOutside(nameOrArn, payload);
    } finally {
      this.#running -= 1;
      this.#activity.changed();
    }
  }

  async invokeFromOutside(nameOrArn: string, payload: string): Promise<Answer> {
    const spec = this.find(nameOrArn);
    if (payload.length > largestPayload && Buffer.byteLength(payload) > largestPayload) {
      throw new ServiceError('RequestTooLargeException', `Request must be smaller than ${largestPayload} bytes`, 413);
    }
    const environment = await this.#acquire(spec);
    const answer = await environment.invoke(payload);
    this.#release(environment);
    this.#activity.changed();
    if (answer.payload.length <= largestPayload) return answer;
    const errorMessage = `Response payload size exceeded maximum allowed payload size (${largestPayload} bytes).`;
    const tooLarge = { errorType: 'Function.ResponseSizeTooLarge', errorMessage };
    return { requestId: answer.requestId, payload: JSON.stringify(tooLarge), failed: true };
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const { waiting } of this.#queues.values()) for (const wake of waiting.splice(0)) wake();
    await Promise.all([...this.#queues.values()].flatMap(({ environments }) => environments).map((one) => one.stop()));
  }

  async #acquire(spec: FunctionSpec): Promise<Environment> {
    const since = performance.now();
    const queue = this.#queues.get(spec.name) ?? { environments: [], waiting: [] };
    this.#queues.set(spec.name, queue);
    for (;;) {
      if (this.#isStopped) throw new ServiceError('ServiceException', 'the machine is stopping', 500);
      // A thread that died while it was free is found out here.
      for (const dead of queue.environments.filter(({ isDead }) => isDead)) remove(queue.environments, dead);
      const free = queue.environments.find(({ isBusy }) => !isBusy);
      const environment = free ?? (needsAnother(spec, queue, since) ? this.#open(spec, queue) : undefined);
      if (environment !== undefined) {
        environment.isBusy = true;
        return environment;
      }
      await turnIn(queue, queue.environments.length < spec.concurrency);
    }
  }

  #open(spec: FunctionSpec, queue: Queue): Environment {
    const all = [...this.#queues.values()].flatMap(({ environments }) => environments);
    const [oldest] = all.filter(({ isBusy }) => !isBusy).toSorted((one, other) => one.usedAt - other.usedAt);
    if (all.length >= mostEnvironments && oldest !== undefined) this.#close(oldest);
    const environment = new Environment(spec, this.#around);
    queue.environments.push(environment);
    return environment;
  }

  #close(environment: Environment): void {
    const { environments } = this.#queues.get(environment.spec.name) ?? { environments: [] };
    remove(environments, environment);
    void environment.stop();
  }

  #release(environment: Environment): void {
    const queue = this.#queues.get(environment.spec.name);
    if (queue !== undefined && environment.isDead) remove(queue.environments, environment);
    queue?.waiting.shift()?.();
  }
}
