import type { Assembly } from '../assembly/assembly.ts';
import type { Addresses } from '../assembly/physical.ts';
import type { Ports } from './data-folder.ts';

export interface Addressing {
  readonly addresses: Addresses;
  readonly gatewayPort: number;
  readonly objectsPort: number;
  readonly tablesPort: number;
  portOf(apiId: string): number;
  /** How SDK clients find this machine: endpoints, a region, and keys that are nobody's. */
  readonly endpoints: Readonly<Record<string, string>>;
}

const url = (port: number): string => `http://127.0.0.1:${port}`;

const countApis = (assembly: Assembly): number =>
  assembly.stacks
    .flatMap(({ template }) => Object.values(template.Resources))
    .filter(({ Type }) => Type === 'AWS::ApiGatewayV2::Api').length;

/** Takes every port before anything is resolved, because URLs are values that functions are given. */
export const takeAddresses = async (assembly: Assembly, ports: Ports, wishedPort: number): Promise<Addressing> => {
  const gatewayPort = await ports.take('gateway');
  const objectsPort = await ports.take('objects');
  const tablesPort = await ports.take('tables');
  const free: number[] = [];
  for (let api = 0; api < countApis(assembly); api += 1)
    free.push(await ports.take(`api ${api}`, api === 0 ? wishedPort : 0));
  const taken = new Map<string, number>();
  const portOf = (apiId: string): number => {
    const port = taken.get(apiId) ?? free.shift() ?? 0;
    taken.set(apiId, port);
    return port;
  };
  const region = assembly.stacks[0]?.region ?? 'us-east-1';
  return {
    gatewayPort,
    objectsPort,
    tablesPort,
    portOf,
    addresses: { gateway: url(gatewayPort), objects: url(objectsPort), apiOf: (apiId) => url(portOf(apiId)) },
    endpoints: {
      AWS_ENDPOINT_URL: url(gatewayPort),
      AWS_ENDPOINT_URL_S3: url(objectsPort),
      AWS_ENDPOINT_URL_DYNAMODB: url(tablesPort),
      AWS_ENDPOINT_URL_DYNAMODB_STREAMS: url(tablesPort),
      AWS_REGION: region,
      AWS_DEFAULT_REGION: region,
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
      AWS_EC2_METADATA_DISABLED: 'true',
    },
  };
};
