import { join } from 'node:path';

import * as z from 'zod';

import { serveApi } from '../api/http-front.ts';
import { apisOf } from '../api/routes.ts';
import type { Assembly } from '../assembly/assembly.ts';
import { deploy, type Deployment } from '../assembly/deployment.ts';
import { serveGateway } from '../gateway/gateway.ts';
import { Secrets } from '../gateway/secrets.ts';
import { advancing } from '../events/advance.ts';
import { EventBuses } from '../events/event-bus.ts';
import { objectEvents } from '../events/object-events.ts';
import { Schedules } from '../events/schedules.ts';
import { Targets } from '../events/targets.ts';
import { AsyncInvocations } from '../lambda/async-invocations.ts';
import { eventSourcesOf } from '../lambda/event-sources.ts';
import { functionsOf } from '../lambda/functions.ts';
import type { Report } from '../lambda/environment.ts';
import { FunctionHost } from '../lambda/host.ts';
import { invokeApi } from '../lambda/invoke-api.ts';
import { BucketCors } from '../objects/cors.ts';
import { ObjectStore } from '../objects/object-store.ts';
import { S3 } from '../objects/s3-server.ts';
import { Uploads } from '../objects/uploads.ts';
import { QueueService } from '../queues/queue-operations.ts';
import { queuesOf } from '../queues/queue-spec.ts';
import { Queues } from '../queues/queues.ts';
import { grantsOf, type Grant } from '../permissions/grants.ts';
import type { Need } from '../permissions/needs.ts';
import { watchCalls, watchedAddresses } from '../permissions/watched.ts';
import { executionOperations } from '../states/execution-operations.ts';
import { Executions } from '../states/executions.ts';
import { TableEngine } from '../tables/engine.ts';
import { provisionTables } from '../tables/tables.ts';
import { type Addressing, takeAddresses } from './addresses.ts';
import type { Ground } from './ground.ts';
import { closeServer } from './server.ts';

const FunctionError = z.object({ errorType: z.string().default('Error'), errorMessage: z.string().default('') });

export interface Blueprint {
  readonly assembly: Assembly;
  readonly ground: Ground;
  /** Everything that is started here is stopped by it, in the opposite order. */
  readonly closing: AsyncDisposableStack;
  readonly port: number;
  readonly parameters: Record<string, string>;
  readonly tap: (endpoints: Readonly<Record<string, string>>) => Readonly<Record<string, string>>;
  readonly report: ((report: Report) => void) | undefined;
  /** Hears what functions need of their roles; every call takes a step more. */
  readonly needs: ((need: Need) => void) | undefined;
}

const startTables = async ({ ground, closing }: Blueprint, deployment: Deployment, { tablesPort }: Addressing) => {
  const onEnd = (): void =>
    ground.log({ level: 'error', message: 'the table engine has ended: start this machine again' });
  const engine = new TableEngine(tablesPort, ground.folder, deployment.region, onEnd);
  closing.defer(() => engine.stop());
  await engine.started();
  return { engine, streams: await provisionTables(engine, deployment) };
};

const makeHost = (
  { assembly, ground, closing, tap, report }: Blueprint,
  deployment: Deployment,
  { endpoints }: Addressing,
): FunctionHost => {
  // Beside the code, so that every machine that runs it has it.
  const codeCache = join(assembly.folder, '.compiled');
  const environment = { PATH: process.env['PATH'] ?? '', LANG: 'en_US.UTF-8', ...endpoints, ...tap(endpoints) };
  const host = new FunctionHost(
    functionsOf(deployment, assembly),
    { ...ground, codeCache, environment, report },
    ground.activity,
  );
  closing.defer(() => host.stop());
  return host;
};

const makeObjects = ({ ground }: Blueprint, deployment: Deployment): { store: ObjectStore; s3: S3 } => {
  const buckets = deployment.ofType('AWS::S3::Bucket');
  const names = buckets.map(({ name }) => name);
  const store = new ObjectStore(join(ground.folder, 'objects'), names, ground.database, ground.clock);
  const cors = new Map(
    buckets.map(({ name, properties }) => [name, BucketCors.parse(properties).CorsConfiguration?.CorsRules]),
  );
  const corsOf = (bucket: string) => cors.get(bucket);
  return { store, s3: new S3(store, new Uploads(store, ground.database), ground.clock, corsOf) };
};

/** What events can be sent to, each written down in the same database. */
const makeTargets = ({ ground }: Blueprint, deployment: Deployment, host: FunctionHost, queues: Queues) => {
  const targets = new Targets();
  const later = new AsyncInvocations(host, targets, ground);
  const executions = new Executions(deployment, host, ground);
  const buses = new EventBuses(deployment, targets, ground);
  targets.register('lambda', {
    deliver: (arn, payload) => later.accept(arn, payload),
    check: (arn) => void host.find(arn),
  });
  targets.register('sqs', {
    deliver: (arn, payload) => void queues.send(queues.find(arn), payload),
    check: (arn) => void queues.find(arn),
  });
  targets.register('states', {
    deliver: (arn, payload) => void executions.start(arn, payload),
    check: (arn) => executions.check(arn),
  });
  targets.register('events', {
    deliver: (arn, payload) => buses.forward(arn, payload),
    check: (arn) => void buses.find(arn),
  });
  return { targets, later, executions, buses };
};

/** Makes the parts of the machine, joins them and sets them going. */
export const assemble = async (blueprint: Blueprint) => {
  const { assembly, ground, closing } = blueprint;
  const { database, clock, activity, log } = ground;
  const addressing = await takeAddresses(assembly, ground.ports, blueprint.port);
  const watched = blueprint.needs ? await watchedAddresses(addressing, ground.ports) : undefined;
  const deployment = deploy(assembly, blueprint.parameters, (watched ?? addressing).addresses);
  const host = makeHost(blueprint, deployment, watched ?? addressing);
  const queues = new Queues(queuesOf(deployment), database, activity);
  const { targets, later, executions, buses } = makeTargets(blueprint, deployment, host, queues);
  const { store, s3 } = makeObjects(blueprint, deployment);
  store.onChange = objectEvents(deployment, buses);
  const schedules = new Schedules(deployment, targets, ground);
  buses.checkTargets();
  schedules.checkTargets();
  const secrets = new Secrets(deployment, database, clock);
  const apis = apisOf(deployment, () => clock.now());
  const { engine, streams } = await startTables(blueprint, deployment, addressing);
  const sources = await eventSourcesOf({ deployment, host, queues, engine, streams, database, activity, log });

  const operations = {
    ...new QueueService(queues, database).operations,
    ...secrets.operations,
    ...buses.operations,
    ...executionOperations(executions),
  };
  const rest = [invokeApi(host, later)];
  const servers = await Promise.all([
    serveGateway({ port: addressing.gatewayPort, operations, rest, clock, log }),
    s3.serve(addressing.objectsPort, log),
    ...apis.map((api) => serveApi(api, addressing.portOf(api.id), { host, clock, log, account: deployment.account })),
  ]);
  if (watched && blueprint.needs) servers.push(...(await watchCalls(watched, deployment, blueprint.needs)));
  closing.defer(async () => void (await Promise.all(servers.map(closeServer))));
  for (const source of sources) source.start();
  later.start();
  executions.resume();
  schedules.start();
  closing.defer(async () => {
    schedules.stop();
    executions.stop();
    later.stop();
    // Sources wait for what they have handed over, and that ends with the host.
    await Promise.all([host.stop(), ...sources.map((source) => source.stop())]);
  });

  let grants: readonly Grant[] | undefined;
  return {
    api: apis[0] === undefined ? '' : addressing.addresses.apiOf(apis[0].id),
    region: deployment.region,
    endpoints: addressing.endpoints,
    outputs: deployment.outputs,
    grants: () => (grants ??= grantsOf(deployment)),
    idle: async (): Promise<void> => {
      await schedules.caughtUp;
      await activity.idle();
    },
    clock: { now: () => clock.now(), advance: advancing(ground, schedules) },
    invoke: (nameOrArn: string, payload: unknown) => invokeOnce(host, nameOrArn, payload),
  };
};

const invokeOnce = async (host: FunctionHost, nameOrArn: string, payload: unknown): Promise<unknown> => {
  const answer = await host.invokeFromOutside(nameOrArn, JSON.stringify(payload ?? null));
  const result: unknown = JSON.parse(answer.payload);
  if (!answer.failed) return result;
  const { errorType, errorMessage } = FunctionError.parse(result);
  throw Object.assign(new Error(errorMessage, { cause: result }), { name: errorType });
};
