import * as z from 'zod';

import type { Operations } from '../gateway/gateway.ts';
import { ServiceError } from '../refusal.ts';
import type { Execution, Executions } from './executions.ts';

const Start = z.object({
  stateMachineArn: z.string(),
  name: z
    .string()
    .regex(/^[\w+!@.()=',-]{1,80}$/)
    .optional(),
  input: z.string().default('{}'),
});
const Describe = z.object({ executionArn: z.string() });
const List = z.object({
  stateMachineArn: z.string(),
  statusFilter: z.string().optional(),
  maxResults: z.int().min(0).max(1000).default(100),
  nextToken: z.string().optional(),
});

const largestInput = 262_144;

const summary = (execution: Execution) => ({
  executionArn: execution.arn,
  stateMachineArn: execution.machine,
  name: execution.name,
  status: execution.status,
  startDate: execution.started_at / 1000,
  ...(execution.stopped_at === null ? {} : { stopDate: execution.stopped_at / 1000 }),
});

const checkInput = (input: string): void => {
  try {
    JSON.parse(input);
  } catch {
    throw new ServiceError('InvalidExecutionInput', `Invalid State Machine Execution Input: '${input.slice(0, 100)}'`);
  }
  if (Buffer.byteLength(input) > largestInput)
    throw new ServiceError('ValidationException', `input is longer than ${largestInput} bytes`);
};

/** Step Functions in its JSON protocol. */
export const executionOperations = (executions: Executions): Operations => ({
  'AWSStepFunctions.StartExecution': (request) => {
    const { stateMachineArn, name, input } = Start.parse(request);
    checkInput(input);
    const { arn, started_at: started } = executions.start(stateMachineArn, input, name);
    return { executionArn: arn, startDate: started / 1000 };
  },
  'AWSStepFunctions.DescribeExecution': (request) => {
    const execution = executions.get(Describe.parse(request).executionArn);
    const { input, output, error, cause } = execution;
    const ending = Object.fromEntries(Object.entries({ output, error, cause }).filter(([, value]) => value !== null));
    return { ...summary(execution), input, ...ending };
  },
  'AWSStepFunctions.ListExecutions': (request) => {
    const { stateMachineArn, statusFilter, maxResults, nextToken = '0' } = List.parse(request);
    const most = maxResults === 0 ? 100 : maxResults;
    const offset = Number(nextToken);
    const found = executions.list(stateMachineArn, statusFilter, offset, most + 1);
    const more = found.length > most ? { nextToken: String(offset + most) } : {};
    return { executions: found.slice(0, most).map(summary), ...more };
  },
});
