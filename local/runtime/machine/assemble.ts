import { join } from 'node:path';

import { serveApi } from '../api/http-front.ts';
import { apisOf } from '../api/routes.ts';
import type { Assembly } from '../assembly/assembly.ts';
import { deploy, type Deployment } from '../assembly/deployment.ts';
import { serveGateway } from '../gateway/gateway.ts';
import { Secrets } from '../gateway/secrets.ts';
import { eventSourcesOf } from '../lambda/event-sources.ts';
import { functionsOf } from '../lambda/functions.ts';
import { FunctionHost } from '../lambda/host.ts';
import { ObjectStore } from '../objects/object-store.ts';
import { S3 } from '../objects/s3-server.ts';
import { Uploads } from '../objects/uploads.ts';
import { queueOperations } from '../queues/queue-operations.ts';
import { queuesOf } from '../queues/queue-spec.ts';
import { Queues } from '../queues/queues.ts';
import { TableEngine } from '../tables/engine.ts';
import { provisionTables } from '../tables/tables.ts';
import { type Addressing, takeAddresses } from './addresses.ts';
import type { Ground } from './ground.ts';
import { closeServer } from './server.ts';

export interface Blueprint {
  readonly assembly: Assembly;
  readonly ground: Ground;
  /** Everything that is started here is stopped by it, in the opposite order. */
  readonly closing: AsyncDisposableStack;
  readonly port: number;
  readonly parameters: Record<string, string>;
}

const startTables = async ({ ground, closing }: Blueprint, deployment: Deployment, { tablesPort }: Addressing) => {
  const engine = new TableEngine(tablesPort, ground.folder, deployment.region);
  closing.defer(() => engine.stop());
  await engine.started();
  return { engine, streams: await provisionTables(engine, deployment) };
};

const makeHost = (
  { assembly, ground, closing }: Blueprint,
  deployment: Deployment,
  { endpoints }: Addressing,
): FunctionHost => {
  const codeCache = join(ground.folder, 'code-cache');
  const environment = { PATH: process.env['PATH'] ?? '', LANG: 'en_US.UTF-8', ...endpoints };
  const host = new FunctionHost(
    functionsOf(deployment, assembly),
    { ...ground, codeCache, environment },
    ground.activity,
  );
  closing.defer(() => host.stop());
  return host;
};

const makeObjects = ({ ground }: Blueprint, deployment: Deployment): { store: ObjectStore; s3: S3 } => {
  const buckets = deployment.ofType('AWS::S3::Bucket').map(({ name }) => name);
  const store = new ObjectStore(join(ground.folder, 'objects'), buckets, ground.database, ground.clock);
  return { store, s3: new S3(store, new Uploads(store, ground.database), ground.clock) };
};

/** Makes the parts of the machine, joins them and sets them going. */
export const assemble = async (blueprint: Blueprint) => {
  const { assembly, ground, closing } = blueprint;
  const { database, clock, activity, log } = ground;
  const addressing = await takeAddresses(assembly, ground.ports, blueprint.port);
  const deployment = deploy(assembly, blueprint.parameters, addressing.addresses);
  const host = makeHost(blueprint, deployment, addressing);
  const queues = new Queues(queuesOf(deployment), database, activity);
  const { s3 } = makeObjects(blueprint, deployment);
  const secrets = new Secrets(deployment, database, clock);
  const apis = apisOf(deployment, () => clock.now());
  const { engine, streams } = await startTables(blueprint, deployment, addressing);
  const sources = await eventSourcesOf({ deployment, host, queues, engine, streams, database, activity, log });

  const operations = { ...queueOperations(queues, database), ...secrets.operations };
  const servers = await Promise.all([
    serveGateway({ port: addressing.gatewayPort, operations, rest: [], clock, log }),
    s3.serve(addressing.objectsPort, log),
    ...apis.map((api) => serveApi(api, addressing.portOf(api.id), { host, clock, log, account: deployment.account })),
  ]);
  closing.defer(async () => void (await Promise.all(servers.map(closeServer))));
  for (const source of sources) source.start();
  closing.defer(async () => void (await Promise.all(sources.map((source) => source.stop()))));

  return {
    api: apis[0] === undefined ? '' : addressing.addresses.apiOf(apis[0].id),
    region: deployment.region,
    endpoints: addressing.endpoints,
    outputs: deployment.outputs,
    invoke: async (nameOrArn: string, payload: unknown): Promise<unknown> => {
      const answer = await host.invokeFromOutside(nameOrArn, JSON.stringify(payload ?? null));
      const result: unknown = JSON.parse(answer.payload);
      if (!answer.failed) return result;
      throw Object.assign(new Error(answer.payload), result);
    },
  };
};
