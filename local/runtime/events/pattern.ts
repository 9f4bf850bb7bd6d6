import { Refusal } from '../refusal.ts';

/** An event pattern, as in a rule or in the filter of an event source. */
export type Pattern = Readonly<Record<string, unknown>>;

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : [value]);
const lower = (value: unknown): string => String(value).toLowerCase();

const numeric = (value: unknown, conditions: unknown): boolean => {
  if (typeof value !== 'number') return false;
  const parts = listOf(conditions);
  const compare: Record<string, (bound: number) => boolean> = {
    '=': (bound) => value === bound,
    '<': (bound) => value < bound,
    '<=': (bound) => value <= bound,
    '>': (bound) => value > bound,
    '>=': (bound) => value >= bound,
  };
  for (let at = 0; at < parts.length; at += 2) {
    if (compare[String(parts[at])]?.(Number(parts[at + 1])) !== true) return false;
  }
  return true;
};

const wildcard = (value: unknown, pattern: unknown): boolean => {
  if (typeof value !== 'string') return false;
  const source = String(pattern)
    .split('*')
    .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`))
    .join('.*');
  return new RegExp(`^${source}$`, 's').test(value);
};

const affix = (value: unknown, affixed: unknown, test: 'startsWith' | 'endsWith'): boolean => {
  if (typeof value !== 'string') return false;
  return isRecord(affixed) ? lower(value)[test](lower(affixed['equals-ignore-case'])) : value[test](String(affixed));
};

const addressNumber = (address: string): number =>
  address.split('.').reduce((number, part) => number * 256 + Number(part), 0);

const cidr = (value: unknown, range: unknown): boolean => {
  const [base = '', bits = '32'] = String(range).split('/');
  const size = 2 ** (32 - Number(bits));
  return (
    typeof value === 'string' && Math.floor(addressNumber(value) / size) === Math.floor(addressNumber(base) / size)
  );
};

const matchers: Readonly<Record<string, (value: unknown, wanted: unknown) => boolean>> = {
  prefix: (value, wanted) => affix(value, wanted, 'startsWith'),
  suffix: (value, wanted) => affix(value, wanted, 'endsWith'),
  'equals-ignore-case': (value, wanted) =>
    listOf(wanted).some((one) => typeof value === 'string' && lower(one) === lower(value)),
  wildcard: (value, wanted) => listOf(wanted).some((one) => wildcard(value, one)),
  numeric,
  cidr,
  exists: () => true,
  'anything-but': (value, wanted) => {
    const excluded = isRecord(wanted)
      ? Object.entries(wanted).flatMap(([matcher, list]) => listOf(list).map((one) => ({ [matcher]: one })))
      : listOf(wanted);
    return !excluded.some((one) => isMatch(value, one));
  },
};

const isMatch = (value: unknown, wanted: unknown): boolean => {
  if (!isRecord(wanted)) return value === wanted;
  return Object.entries(wanted).every(([name, argument]) => matchers[name]?.(value, argument) === true);
};

const matchesLeaf = (value: unknown, wanted: readonly unknown[]): boolean => {
  const isLeaf = value !== undefined && !isRecord(value);
  return wanted.some((one) => {
    if (isRecord(one) && 'exists' in one) return isLeaf === one['exists'];
    return isLeaf && listOf(value).some((item) => isMatch(item, one));
  });
};

export const matches = (pattern: Pattern, event: unknown): boolean =>
  Object.entries(pattern).every(([name, wanted]) => {
    if (name === '$or') return listOf(wanted).some((one) => isRecord(one) && matches(one, event));
    const value = isRecord(event) ? event[name] : undefined;
    if (Array.isArray(wanted)) return matchesLeaf(value, wanted);
    if (!isRecord(wanted)) return false;
    return Array.isArray(value) ? value.some((item) => matches(wanted, item)) : matches(wanted, value);
  });

/** No filter lets everything through. */
export const matchesAny = (patterns: readonly Pattern[], event: unknown): boolean =>
  patterns.length === 0 || patterns.some((pattern) => matches(pattern, event));

const checkLeaf = (wanted: unknown): void => {
  if (!isRecord(wanted)) return;
  for (const name of Object.keys(wanted)) {
    if (!Object.hasOwn(matchers, name)) throw new Refusal(`the pattern operator ${name} is not supported`);
  }
};

/** Refuses a pattern with an operator that is not implemented, when it is loaded and not when an event comes. */
export const checkedPattern = (pattern: unknown): Pattern => {
  if (!isRecord(pattern)) throw new Refusal(`an event pattern must be an object: ${JSON.stringify(pattern)}`);
  for (const [name, wanted] of Object.entries(pattern)) {
    if (name === '$or') listOf(wanted).forEach(checkedPattern);
    else if (Array.isArray(wanted)) wanted.forEach(checkLeaf);
    else checkedPattern(wanted);
  }
  return pattern;
};
