import type { Server } from 'node:http';

import type { Deployment } from '../assembly/deployment.ts';
import type { Addressing } from '../machine/addresses.ts';
import type { Ports } from '../machine/data-folder.ts';
import { needsOf, type Need } from './needs.ts';
import { witness } from './witness.ts';

export interface Watched extends Addressing {
  /** Which port stands before which. */
  readonly before: ReadonlyMap<number, number>;
}

const url = (port: number): string => `http://127.0.0.1:${port}`;

/** The addresses that functions are given when what they ask is to be heard: in front of each service somebody listens. */
export const watchedAddresses = async (addressing: Addressing, ports: Ports): Promise<Watched> => {
  const { gatewayPort, objectsPort, tablesPort, addresses, endpoints } = addressing;
  const before = new Map<number, number>();
  for (const port of [gatewayPort, objectsPort, tablesPort]) before.set(await ports.take(`witness of ${port}`), port);
  const [gateway = 0, objects = 0, tables = 0] = before.keys();
  return {
    ...addressing,
    portOf: (id) => addressing.portOf(id),
    before,
    addresses: { ...addresses, gateway: url(gateway), objects: url(objects), apiOf: (id) => addresses.apiOf(id) },
    endpoints: {
      ...endpoints,
      AWS_ENDPOINT_URL: url(gateway),
      AWS_ENDPOINT_URL_S3: url(objects),
      AWS_ENDPOINT_URL_DYNAMODB: url(tables),
    },
  };
};

/** Hears the calls of functions; of anybody else's, who has no role here, nothing is told. */
export const watchCalls = (
  { before }: Watched,
  deployment: Deployment,
  hear: (need: Need) => void,
): Promise<Server[]> => {
  const functions = new Set(deployment.ofType('AWS::Lambda::Function').map(({ name }) => name));
  const needed = needsOf(deployment);
  return Promise.all(
    [...before].map(([port, to]) =>
      witness(port, to, (call) => {
        if (functions.has(call.function)) for (const need of needed(call)) hear(need);
      }),
    ),
  );
};
