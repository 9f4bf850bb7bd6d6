import { statSync } from 'node:fs';

import * as z from 'zod';

import type { Assembly } from '../assembly/assembly.ts';
import type { Deployment } from '../assembly/deployment.ts';
import { functionNameOf } from '../assembly/physical.ts';
import { Refusal } from '../refusal.ts';

const FunctionProperties = z.object({
  Handler: z.string().optional(),
  Runtime: z.string().optional(),
  PackageType: z.string().optional(),
  Code: z.object({ S3Key: z.string().optional(), ZipFile: z.string().optional() }),
  Timeout: z.coerce.number().default(3),
  MemorySize: z.coerce.number().default(128),
  ReservedConcurrentExecutions: z.coerce.number().optional(),
  Environment: z.object({ Variables: z.record(z.string(), z.coerce.string()).default({}) }).optional(),
  DeadLetterConfig: z.object({ TargetArn: z.string() }).optional(),
});

const InvokeConfig = z.object({
  FunctionName: z.string(),
  MaximumRetryAttempts: z.coerce.number().default(2),
  DestinationConfig: z
    .object({
      OnFailure: z.object({ Destination: z.string() }).optional(),
      OnSuccess: z.object({ Destination: z.string() }).optional(),
    })
    .default({}),
});

export interface FunctionSpec {
  readonly name: string;
  readonly arn: string;
  readonly folder: string;
  readonly handler: string;
  readonly timeoutMs: number;
  readonly memoryMb: number;
  readonly concurrency: number;
  readonly environment: Readonly<Record<string, string>>;
  /** Of asynchronous invocations. */
  readonly retries: number;
  readonly onFailure?: string;
  readonly onSuccess?: string;
  readonly deadLetters?: string;
}

const mostWorkers = 4;

const folderOf = (assembly: Assembly, path: string, { Code }: z.infer<typeof FunctionProperties>): string => {
  if (Code.S3Key === undefined)
    throw new Refusal(`${path}: only code from an asset is supported, not inline code or images`);
  const folder = assembly.assetFolder(Code.S3Key);
  if (!statSync(folder).isDirectory()) throw new Refusal(`${path}: the code asset is a file; give a folder`);
  return folder;
};

/** The functions of a deployment, with what AWS puts into their environment. */
export const functionsOf = (deployment: Deployment, assembly: Assembly): FunctionSpec[] => {
  const configs = deployment
    .ofType('AWS::Lambda::EventInvokeConfig')
    .map(({ properties }) => InvokeConfig.parse(properties))
    .map((config) => [functionNameOf(config.FunctionName), config] as const);
  const configOf = new Map(configs);
  return deployment.ofType('AWS::Lambda::Function').map(({ path, name, properties }) => {
    const spec = FunctionProperties.parse(properties);
    const { Handler: handler, Runtime: runtime = '', MemorySize } = spec;
    if (!runtime.startsWith('nodejs') || handler === undefined) {
      throw new Refusal(`${path}: the runtime ${runtime === '' ? spec.PackageType : runtime} is not supported`);
    }
    const folder = folderOf(assembly, path, spec);
    const config = configOf.get(name);
    return {
      name,
      arn: `arn:aws:lambda:${deployment.region}:${deployment.account}:function:${name}`,
      folder,
      handler,
      timeoutMs: spec.Timeout * 1000,
      memoryMb: MemorySize,
      concurrency: Math.max(1, Math.min(mostWorkers, spec.ReservedConcurrentExecutions ?? mostWorkers)),
      retries: config?.MaximumRetryAttempts ?? 2,
      onFailure: config?.DestinationConfig.OnFailure?.Destination,
      onSuccess: config?.DestinationConfig.OnSuccess?.Destination,
      deadLetters: spec.DeadLetterConfig?.TargetArn,
      environment: {
        ...spec.Environment?.Variables,
        // As a role has: whoever sees a request knows whose it is.
        AWS_ACCESS_KEY_ID: name,
        AWS_LAMBDA_FUNCTION_NAME: name,
        AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
        AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(MemorySize),
        AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${name}`,
        AWS_LAMBDA_LOG_STREAM_NAME: 'local',
        AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
        AWS_EXECUTION_ENV: `AWS_Lambda_${runtime}`,
        LAMBDA_TASK_ROOT: folder,
        _HANDLER: handler,
        TZ: ':UTC',
      },
    };
  });
};
