import * as z from 'zod';

import { Refusal } from '../refusal.ts';

/** What a rule's target is given: the event, a part of it, a constant, or a template filled from it. */
export const TargetInput = z.object({
  Input: z.string().optional(),
  InputPath: z.string().optional(),
  InputTransformer: z
    .object({ InputPathsMap: z.record(z.string(), z.string()).default({}), InputTemplate: z.string() })
    .optional(),
});
export type TargetInput = z.infer<typeof TargetInput>;

const pathPattern = /^\$(\.[\w-]+|\[\d+\]|\['[^']+'\])*$/;

const stepsOf = (path: string): string[] => {
  if (!pathPattern.test(path)) throw new Refusal(`the path ${path} is not supported`);
  return [...path.matchAll(/\.([\w-]+)|\[(\d+)\]|\['([^']+)'\]/g)].map(
    ([, name, index, quoted]) => name ?? index ?? quoted ?? '',
  );
};

const at = (path: string, event: unknown): unknown => {
  let value = event;
  for (const step of stepsOf(path)) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = Object.entries(value).find(([name]) => name === step)?.[1];
  }
  return value;
};

/** Inside quotes a variable is put as text, outside as JSON. */
const fill = (template: string, valueOf: (name: string) => unknown): string => {
  let isQuoted = false;
  return template.replaceAll(/\\.|"|<([\w.-]+)>/gs, (found, name?: string) => {
    if (found === '"') isQuoted = !isQuoted;
    if (name === undefined) return found;
    const value = valueOf(name);
    if (!isQuoted) return JSON.stringify(value ?? null);
    const text = typeof value === 'string' ? value : JSON.stringify(value ?? '');
    return JSON.stringify(text).slice(1, -1);
  });
};

/** Refuses at load what could only fail when an event comes. */
export const checkTargetInput = ({ InputPath, InputTransformer }: TargetInput): void => {
  if (InputPath !== undefined) stepsOf(InputPath);
  for (const path of Object.values(InputTransformer?.InputPathsMap ?? {})) stepsOf(path);
};

export const inputFor = (input: TargetInput, event: object, rule: { name: string; arn: string }): string => {
  if (input.Input !== undefined) return input.Input;
  if (input.InputPath !== undefined) return JSON.stringify(at(input.InputPath, event) ?? null);
  if (input.InputTransformer === undefined) return JSON.stringify(event);
  const { InputPathsMap: paths, InputTemplate: template } = input.InputTransformer;
  const own: Record<string, unknown> = {
    'aws.events.rule-arn': rule.arn,
    'aws.events.rule-name': rule.name,
    'aws.events.event': event,
    'aws.events.event.json': event,
    'aws.events.event.ingestion-time': at('$.time', event),
  };
  const filled = fill(template, (name) => {
    const path = Object.hasOwn(paths, name) ? paths[name] : undefined;
    return path === undefined ? own[name] : at(path, event);
  });
  try {
    JSON.parse(filled);
    return filled;
  } catch {
    return JSON.stringify(filled);
  }
};
