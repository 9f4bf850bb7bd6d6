import * as z from 'zod';

import { Refusal } from '../refusal.ts';

/** What the intrinsic functions of one stack look things up in. */
export interface Scope {
  ref(name: string): unknown;
  attribute(id: string, attribute: string): string;
  imported(name: string): unknown;
  condition(name: string): unknown;
  mapped(map: string, first: string, second: string): unknown;
}

type Arguments = (value: unknown) => unknown;

/** The value of `AWS::NoValue`: a member that has it is left out. */
export const noValue = Symbol('AWS::NoValue');

const Pair = z.tuple([z.unknown(), z.unknown()]);
const Triple = z.tuple([z.unknown(), z.unknown(), z.unknown()]);
const asText = (value: unknown): string => z.coerce.string().parse(value);
const asList = (value: unknown): unknown[] => z.array(z.unknown()).parse(value);
const isTrue = (value: unknown): boolean => value === true || value === 'true';

const attributePath = (value: unknown): [string, string] => {
  const [id = '', ...rest] = typeof value === 'string' ? value.split('.') : z.array(z.string()).parse(value);
  return [id, rest.join('.')];
};

const substitute = (value: unknown, scope: Scope, resolve: Arguments): string => {
  const [pattern, own] =
    typeof value === 'string' ? [value, {}] : z.tuple([z.string(), z.record(z.string(), z.unknown())]).parse(value);
  return pattern.replaceAll(/\$\{([^}]+)\}/g, (_, name: string) => {
    if (name.startsWith('!')) return `\${${name.slice(1)}}`;
    if (Object.hasOwn(own, name)) return asText(resolve(own[name]));
    return name.includes('.') ? scope.attribute(...attributePath(name)) : asText(scope.ref(name));
  });
};

const functions: Readonly<Record<string, (value: unknown, scope: Scope, resolve: Arguments) => unknown>> = {
  Ref: (value, scope) => scope.ref(asText(value)),
  Condition: (value, scope, resolve) => resolve(scope.condition(asText(value))),
  'Fn::GetAtt': (value, scope) => scope.attribute(...attributePath(value)),
  'Fn::ImportValue': (value, scope, resolve) => scope.imported(asText(resolve(value))),
  'Fn::Sub': substitute,
  'Fn::Join': (value, _, resolve) => {
    const [separator, parts] = Pair.parse(value);
    return asList(resolve(parts)).map(asText).join(asText(separator));
  },
  'Fn::Split': (value, _, resolve) => {
    const [separator, whole] = Pair.parse(value);
    return asText(resolve(whole)).split(asText(separator));
  },
  'Fn::Select': (value, _, resolve) => {
    const [index, list] = Pair.parse(value);
    return asList(resolve(list))[Number(resolve(index))];
  },
  'Fn::Base64': (value, _, resolve) => Buffer.from(asText(resolve(value))).toString('base64'),
  'Fn::FindInMap': (value, scope, resolve) => {
    const [map, first, second] = Triple.parse(resolve(value));
    return scope.mapped(asText(map), asText(first), asText(second));
  },
  'Fn::If': (value, scope, resolve) => {
    const [condition, yes, no] = Triple.parse(value);
    return resolve(isTrue(resolve(scope.condition(asText(condition)))) ? yes : no);
  },
  'Fn::Equals': (value, _, resolve) => {
    const [left, right] = Pair.parse(resolve(value));
    return asText(left) === asText(right);
  },
  'Fn::Not': (value, _, resolve) => !isTrue(asList(resolve(value))[0]),
  'Fn::And': (value, _, resolve) => asList(resolve(value)).every(isTrue),
  'Fn::Or': (value, _, resolve) => asList(resolve(value)).some(isTrue),
};

/** Replaces every intrinsic function in a value by what it stands for. */
export const resolveIn = (value: unknown, scope: Scope): unknown => {
  const resolve = (inner: unknown): unknown => resolveIn(inner, scope);
  if (Array.isArray(value)) return value.map(resolve).filter((item) => item !== noValue);
  if (typeof value === 'string' && value.includes('{{resolve:')) {
    throw new Refusal(`dynamic references are not supported: ${value}`);
  }
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  const [first] = entries;
  if (entries.length === 1 && first !== undefined && /^(Ref|Condition|Fn::.*)$/.test(first[0])) {
    const known = Object.hasOwn(functions, first[0]) ? functions[first[0]] : undefined;
    // A member may be called `Condition` without being the intrinsic: in a policy it holds an object.
    if (known !== undefined && !(first[0] === 'Condition' && typeof first[1] !== 'string')) {
      return known(first[1], scope, resolve);
    }
    if (first[0].startsWith('Fn::')) throw new Refusal(`the intrinsic function ${first[0]} is not supported`);
  }
  return Object.fromEntries(entries.map(([key, item]) => [key, resolve(item)]).filter(([, item]) => item !== noValue));
};
