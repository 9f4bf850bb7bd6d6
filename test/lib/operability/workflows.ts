import { by, each, isWatched, unwatched, type Found, type Items } from './assembly.ts';

const machines = each('AWS::StepFunctions::StateMachine');

interface State {
  Type: string;
  Retry?: unknown[];
  Catch?: unknown[];
  TimeoutSeconds?: number;
  ItemProcessor?: { States: Record<string, State> };
  Branches?: { States: Record<string, State> }[];
}

interface Definition {
  TimeoutSeconds?: number;
  States: Record<string, State>;
}

/** A definition as CloudFormation would join it, with something in place of what only a deployment knows. */
const definitionOf = ({ properties: { DefinitionString } }: Found): Definition => {
  if (typeof DefinitionString === 'string') return JSON.parse(DefinitionString);
  const parts: unknown[] = DefinitionString['Fn::Join'][1];
  return JSON.parse(parts.map((part) => (typeof part === 'string' ? part : 'x')).join(''));
};

const tasksIn = (states: Record<string, State>): State[] =>
  Object.values(states).flatMap((state) => [
    ...(state.Type === 'Task' ? [state] : []),
    ...tasksIn(state.ItemProcessor?.States ?? {}),
    ...(state.Branches ?? []).flatMap((branch) => tasksIn(branch.States)),
  ]);

/** Of one task alone: the last, which is the one most easily forgotten. */
const brokenTask = (change: (task: State) => void) =>
  by((properties) => {
    const definition = definitionOf({ properties } as Found);
    change(tasksIn(definition.States).at(-1)!);
    properties.DefinitionString = JSON.stringify(definition);
  });

export const workflows: Items = {
  W1: {
    says: 'workflows are logged without what they carry, traced, and end',
    of: machines,
    holds: (machine) => {
      const { LoggingConfiguration, TracingConfiguration } = machine.properties;
      return (
        LoggingConfiguration?.Level === 'ALL' &&
        LoggingConfiguration.IncludeExecutionData === false &&
        TracingConfiguration?.Enabled === true &&
        (definitionOf(machine).TimeoutSeconds ?? 0) > 0
      );
    },
    breaks: [
      by((properties) => delete properties.LoggingConfiguration),
      by((properties) => (properties.LoggingConfiguration.IncludeExecutionData = true)),
      by((properties) => delete properties.TracingConfiguration),
      by((properties) => {
        const definition = definitionOf({ properties } as Found);
        delete definition.TimeoutSeconds;
        properties.DefinitionString = JSON.stringify(definition);
      }),
    ],
  },
  W2: {
    says: 'each task is tried again, caught when it fails for good, and ends',
    of: machines,
    holds: (machine) => {
      const tasks = tasksIn(definitionOf(machine).States);
      return (
        tasks.length > 0 &&
        tasks.every(
          ({ Retry, Catch, TimeoutSeconds }) =>
            (Retry?.length ?? 0) > 0 && (Catch?.length ?? 0) > 0 && (TimeoutSeconds ?? 0) > 0,
        )
      );
    },
    breaks: [
      brokenTask((task) => delete task.Retry),
      brokenTask((task) => delete task.Catch),
      brokenTask((task) => delete task.TimeoutSeconds),
    ],
  },
  W3: {
    says: 'a workflow that failed, or ran out of time, rings',
    of: machines,
    holds: (machine, all) =>
      ['ExecutionsFailed', 'ExecutionsTimedOut'].every((figure) => isWatched(all, figure, machine)),
    breaks: ['ExecutionsFailed', 'ExecutionsTimedOut'].map(unwatched),
  },
};
