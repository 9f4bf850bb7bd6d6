import * as z from 'zod';

import { functionNameOf } from '../assembly/physical.ts';
import { Refusal } from '../refusal.ts';
import { checkExpressions } from './expression.ts';

const Retrier = z.strictObject({
  ErrorEquals: z.array(z.string()),
  IntervalSeconds: z.number().default(1),
  MaxAttempts: z.number().default(3),
  BackoffRate: z.number().default(2),
  MaxDelaySeconds: z.number().optional(),
  JitterStrategy: z.enum(['FULL', 'NONE']).default('NONE'),
  Comment: z.string().optional(),
});
export type Retrier = z.infer<typeof Retrier>;

const Catcher = z.strictObject({
  ErrorEquals: z.array(z.string()),
  Next: z.string(),
  Output: z.unknown().optional(),
  Assign: z.record(z.string(), z.unknown()).optional(),
  Comment: z.string().optional(),
});

const about = { Comment: z.string().optional(), QueryLanguage: z.string().optional() };
const flow = {
  Next: z.string().optional(),
  End: z.boolean().optional(),
  Output: z.unknown().optional(),
  Assign: z.record(z.string(), z.unknown()).optional(),
};
const recovery = { Retry: z.array(Retrier).default([]), Catch: z.array(Catcher).default([]) };

const Task = z.strictObject({
  Type: z.literal('Task'),
  Resource: z.string(),
  Arguments: z.unknown().optional(),
  TimeoutSeconds: z.union([z.number(), z.string()]).optional(),
  Credentials: z.undefined('other accounts are not supported').optional(),
  ...about,
  ...flow,
  ...recovery,
});
const Pass = z.strictObject({ Type: z.literal('Pass'), ...about, ...flow });
const Succeed = z.strictObject({ Type: z.literal('Succeed'), Output: z.unknown().optional(), ...about });
const Fail = z.strictObject({
  Type: z.literal('Fail'),
  Error: z.string().optional(),
  Cause: z.string().optional(),
  ...about,
});
const Wait = z.strictObject({
  Type: z.literal('Wait'),
  Seconds: z.union([z.number(), z.string()]).optional(),
  Timestamp: z.string().optional(),
  ...about,
  ...flow,
});
const Choice = z.strictObject({
  Type: z.literal('Choice'),
  Choices: z.array(
    z.strictObject({
      Condition: z.union([z.string(), z.boolean()]),
      Next: z.string(),
      Output: z.unknown().optional(),
      Assign: z.record(z.string(), z.unknown()).optional(),
      Comment: z.string().optional(),
    }),
  ),
  Default: z.string().optional(),
  Output: z.unknown().optional(),
  Assign: z.record(z.string(), z.unknown()).optional(),
  ...about,
});
const Parallel = z.strictObject({
  Type: z.literal('Parallel'),
  Arguments: z.unknown().optional(),
  get Branches() {
    return z.array(Branch);
  },
  ...about,
  ...flow,
  ...recovery,
});
const MapState = z.strictObject({
  Type: z.literal('Map'),
  Items: z.unknown().optional(),
  ItemSelector: z.unknown().optional(),
  MaxConcurrency: z.union([z.number(), z.string()]).optional(),
  get ItemProcessor() {
    return Branch.extend({ ProcessorConfig: z.strictObject({ Mode: z.literal('INLINE') }).optional() });
  },
  ...about,
  ...flow,
  ...recovery,
});

const State = z.discriminatedUnion('Type', [Task, Pass, Succeed, Fail, Wait, Choice, Parallel, MapState]);
export type State = z.infer<typeof State>;
export type StateOf<Type extends State['Type']> = Extract<State, { Type: Type }>;

const Branch = z.strictObject({
  StartAt: z.string(),
  Comment: z.string().optional(),
  get States() {
    return z.record(z.string(), State);
  },
});
export type Branch = z.infer<typeof Branch>;

const Machine = Branch.extend({
  QueryLanguage: z.string().default('JSONPath'),
  TimeoutSeconds: z.number().optional(),
  Version: z.string().optional(),
});
export type Machine = z.infer<typeof Machine>;

export const invokeResource = 'arn:aws:states:::lambda:invoke';

/** The functions a machine may call are known when it is loaded, unless an expression says which. */
const checkTask = (
  where: string,
  { Resource: resource, Arguments: given }: StateOf<'Task'>,
  knows: (name: string) => boolean,
): void => {
  const isDirect = resource.startsWith('arn:aws:lambda:');
  if (resource !== invokeResource && !isDirect)
    throw new Refusal(`${where}: the integration ${resource} is not supported`);
  const Arguments = z.strictObject({
    FunctionName: z.string(),
    Payload: z.unknown().optional(),
    Qualifier: z.string().optional(),
    InvocationType: z.literal('RequestResponse').optional(),
  });
  const called = isDirect ? resource : Arguments.parse(given).FunctionName;
  if (!called.startsWith('{%') && !knows(functionNameOf(called)))
    throw new Refusal(`${where}: the function ${called} is not on this machine`);
};

const nextsOf = (state: State): string[] => {
  const caught = 'Catch' in state ? state.Catch.map(({ Next }) => Next) : [];
  if (state.Type === 'Choice')
    return [...state.Choices.map(({ Next }) => Next), ...(state.Default === undefined ? [] : [state.Default])];
  return 'Next' in state && state.Next !== undefined ? [...caught, state.Next] : caught;
};

const checkBranch = (path: string, branch: Branch, language: string, knows: (name: string) => boolean): void => {
  for (const [name, state] of Object.entries(branch.States)) {
    const where = `${path}, state ${name}`;
    const spoken = state.QueryLanguage ?? language;
    if (spoken !== 'JSONata') throw new Refusal(`${where}: the query language ${spoken} is not supported, JSONata is`);
    const missing = nextsOf(state).find((next) => !Object.hasOwn(branch.States, next));
    if (missing !== undefined) throw new Refusal(`${where}: there is no state ${missing}`);
    const { ...own } = state;
    if (own.Type === 'Parallel') for (const inner of own.Branches) checkBranch(where, inner, language, knows);
    if (own.Type === 'Map') checkBranch(where, own.ItemProcessor, language, knows);
    if (own.Type === 'Task') checkTask(where, own, knows);
    checkExpressions(
      where,
      Object.fromEntries(Object.entries(own).filter(([key]) => key !== 'Branches' && key !== 'ItemProcessor')),
    );
  }
  if (!Object.hasOwn(branch.States, branch.StartAt)) throw new Refusal(`${path}: there is no state ${branch.StartAt}`);
};

const kinds: readonly string[] = ['Task', 'Pass', 'Succeed', 'Fail', 'Wait', 'Choice', 'Parallel', 'Map'];

const Sketch = z.looseObject({ States: z.record(z.string(), z.looseObject({ Type: z.string() })) });

/** Reads a definition, and refuses at once whatever the interpreter would not do as AWS does. */
export const readDefinition = (path: string, text: string, knowsFunction: (name: string) => boolean): Machine => {
  const json: unknown = JSON.parse(text);
  for (const [name, { Type }] of Object.entries(Sketch.parse(json).States)) {
    if (!kinds.includes(Type)) throw new Refusal(`${path}, state ${name}: the state type ${Type} is not supported`);
  }
  const machine = Machine.safeParse(json);
  if (!machine.success) throw new Refusal(`${path}: ${z.prettifyError(machine.error)}`);
  checkBranch(path, machine.data, machine.data.QueryLanguage, knowsFunction);
  return machine.data;
};
