import { createHash } from 'node:crypto';

import jsonata from 'jsonata';

import { messageOf, Refusal } from '../refusal.ts';

/** An error as state machines know it: a name to match in Retry and Catch, and a cause for people. */
export class StateError extends Error {
  constructor(name: string, cause: string) {
    super(cause);
    this.name = name;
  }
}

const partition = (list: unknown[], size: number): unknown[][] =>
  Array.from({ length: Math.ceil(list.length / size) }, (_, at) => list.slice(at * size, at * size + size));

const range = (first: number, last: number, step: number): number[] =>
  Array.from({ length: Math.max(0, Math.floor((last - first) / step) + 1) }, (_, at) => first + at * step);

const hash = (value: unknown, algorithm: string): string =>
  createHash(algorithm.replace('-', '').toLowerCase())
    .update(typeof value === 'string' ? value : JSON.stringify(value))
    .digest('hex');

const parse = (text: string): unknown => {
  const value: unknown = JSON.parse(text);
  return value;
};

/**
 * An execution must give the same outcome when it is run again after a crash: what asks the clock or chance is refused,
 * and so is `$eval`, which Step Functions does not have.
 */
const refused = /\$(now|millis|random|uuid|eval)\s*\(/;

const compiled = new Map<string, jsonata.Expression>();

const sourceOf = (value: string): string | undefined => /^\{%([\s\S]*)%\}$/.exec(value)?.[1];

const compile = (source: string): jsonata.Expression => {
  const known = compiled.get(source);
  if (known !== undefined) return known;
  const expression = jsonata(source);
  expression.registerFunction('partition', partition, '<an:a>');
  expression.registerFunction('range', range, '<nnn:a>');
  expression.registerFunction('hash', hash, '<xs:s>');
  expression.registerFunction('parse', parse, '<s:x>');
  compiled.set(source, expression);
  return expression;
};

/** Compiles every expression of a state before anything runs. */
export const checkExpressions = (where: string, value: unknown): void => {
  if (typeof value === 'object' && value !== null) {
    for (const inner of Object.values(value)) checkExpressions(where, inner);
    return;
  }
  const source = typeof value === 'string' ? sourceOf(value) : undefined;
  if (source === undefined) return;
  const [, called] = refused.exec(source) ?? [];
  if (called !== undefined)
    throw new Refusal(`${where}: the function $${called}() is not supported in a state machine`);
  try {
    compile(source);
  } catch (error) {
    throw new Refusal(`${where}: ${messageOf(error)} in {%${source}%}`, { cause: error });
  }
};

/** Evaluates every `{% … %}` in a value. */
export const evaluate = async (
  value: unknown,
  states: object,
  variables: Readonly<Record<string, unknown>>,
): Promise<unknown> => {
  if (Array.isArray(value)) return Promise.all(value.map((item) => evaluate(item, states, variables)));
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(
      async ([name, inner]) => [name, await evaluate(inner, states, variables)] as const,
    );
    return Object.fromEntries(await Promise.all(entries));
  }
  const source = typeof value === 'string' ? sourceOf(value) : undefined;
  return source === undefined ? value : evaluateSource(source, states, variables);
};

const evaluateSource = async (
  source: string,
  states: object,
  variables: Readonly<Record<string, unknown>>,
): Promise<unknown> => {
  let result: unknown;
  try {
    result = await compile(source).evaluate(undefined, { ...variables, states });
  } catch (error) {
    const message =
      typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : String(error);
    throw new StateError('States.QueryEvaluationError', `${message} in {%${source}%}`);
  }
  if (result === undefined) throw new StateError('States.QueryEvaluationError', `{%${source}%} returned nothing`);
  // JSONata's lists carry marks of their own; what goes on is plain JSON.
  const plain: unknown = JSON.parse(JSON.stringify(result));
  return plain;
};
