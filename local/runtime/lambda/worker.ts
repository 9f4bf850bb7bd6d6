import { existsSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { format } from 'node:util';
import { parentPort, workerData } from 'node:worker_threads';

import type { Invocation, Level, Said, Start } from './protocol.ts';
import { shiftDate } from './shifted-date.ts';

/** One execution environment of one function: a thread that serves one request at a time. */

const start: Start = workerData;
shiftDate(start.clock);

let requestId = '';
const say = (said: Said): void => parentPort?.postMessage(said, []);
const write = (level: Level, text: string, mayBeRecord: boolean): void => {
  for (const line of mayBeRecord ? text.split('\n').filter(Boolean) : [text.trimEnd()])
    say({ kind: 'log', level, text: line, mayBeRecord, requestId });
};

const channel =
  (level: Level) =>
  (...values: unknown[]): void => {
    const [only] = values;
    const isRecord = values.length === 1 && typeof only === 'object' && only !== null && !(only instanceof Error);
    write(level, isRecord ? JSON.stringify(only) : format(...values), isRecord);
  };
Object.assign(console, {
  log: channel('info'),
  info: channel('info'),
  debug: channel('debug'),
  trace: channel('debug'),
  warn: channel('warn'),
  error: channel('error'),
});
// Metrics in the embedded format are written past the console, so the streams are listened to as well.
const stream =
  (level: 'info' | 'error') =>
  (chunk: unknown, ...more: unknown[]): boolean => {
    write(level, chunk instanceof Uint8Array ? Buffer.from(chunk).toString() : String(chunk), true);
    const done = more.find((one) => typeof one === 'function');
    if (done !== undefined) queueMicrotask(() => void Reflect.apply(done, undefined, []));
    return true;
  };
process.stdout.write = stream('info');
process.stderr.write = stream('error');

const load = async (): Promise<(event: unknown, context: unknown) => unknown> => {
  const dot = start.handler.lastIndexOf('.');
  const file = start.handler.slice(0, dot);
  const exported = start.handler.slice(dot + 1);
  const path = ['.mjs', '.js', '.cjs']
    .map((ending) => join(start.folder, file + ending))
    .find((name) => existsSync(name));
  if (path === undefined) throw new Error(`Cannot find module '${file}' of the handler ${start.handler}`);
  const module: Record<string, unknown> = await import(pathToFileURL(path).href);
  const handler = module[exported];
  if (typeof handler !== 'function') throw new Error(`${start.handler} is undefined or not exported`);
  return (event, context): unknown => Reflect.apply(handler, undefined, [event, context]);
};

const failureOf = (error: unknown): string => {
  if (!(error instanceof Error))
    return JSON.stringify({ errorType: typeof error, errorMessage: String(error), trace: [] });
  return JSON.stringify({ errorType: error.name, errorMessage: error.message, trace: (error.stack ?? '').split('\n') });
};

const handler = load();

const announce = async (): Promise<void> => {
  await Promise.allSettled([handler]);
  say({ kind: 'ready' });
  // Threads are ended without notice, so what was compiled is kept at once.
  flushCompileCache();
};

const cpuMicroseconds = (): number => {
  const { user, system } = process.threadCpuUsage();
  return user + system;
};

const serve = async ({ payload, deadline }: Invocation): Promise<Said> => {
  const context = {
    functionName: start.name,
    functionVersion: '$LATEST',
    invokedFunctionArn: start.arn,
    memoryLimitInMB: String(start.memoryMb),
    awsRequestId: requestId,
    logGroupName: `/aws/lambda/${start.name}`,
    logStreamName: 'local',
    callbackWaitsForEmptyEventLoop: false,
    getRemainingTimeInMillis: () => Math.max(0, deadline - performance.timeOrigin - performance.now()),
  };
  const run = await handler.catch((error: unknown) => () => Promise.reject(error));
  const before = cpuMicroseconds();
  const done = { kind: 'done', requestId } as const;
  try {
    const result: unknown = await run(JSON.parse(payload), context);
    const text = JSON.stringify(result ?? null);
    return { ...done, payload: text, failed: false, cpuMicroseconds: cpuMicroseconds() - before };
  } catch (error) {
    const failure = failureOf(error);
    write('error', failure, true);
    return { ...done, payload: failure, failed: true, cpuMicroseconds: cpuMicroseconds() - before };
  }
};

parentPort?.on('message', (invocation: Invocation) => {
  ({ requestId } = invocation);
  void serve(invocation).then(say);
});
void announce();
