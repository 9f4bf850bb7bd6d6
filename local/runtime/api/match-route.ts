import type { Route } from './routes.ts';

export interface Match {
  readonly route: Route;
  readonly parameters: Readonly<Record<string, string>>;
}

const isParameter = (segment: string): boolean => segment.startsWith('{') && segment.endsWith('}');
const isGreedy = (segment: string): boolean => segment.endsWith('+}');
const parameterName = (segment: string): string => segment.replaceAll(/[{}+]/g, '');

/** How specific a segment is: a literal before {id} before {proxy+} before $default. */
const rank = (segment: string | undefined): number => {
  if (segment === undefined) return 0;
  if (segment === '$default') return 4;
  if (isGreedy(segment)) return 3;
  return isParameter(segment) ? 2 : 1;
};

const bySpecificity = (one: Route, other: Route): number => {
  const length = Math.max(one.segments.length, other.segments.length);
  for (let at = 0; at < length; at += 1) {
    const difference = rank(one.segments[at]) - rank(other.segments[at]);
    if (difference !== 0) return difference;
  }
  return Number(one.method === 'ANY') - Number(other.method === 'ANY');
};

const decoded = (segment: string): string => {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
};

const parametersOf = (route: Route, path: readonly string[]): Record<string, string> | undefined => {
  if (route.segments[0] === '$default') return {};
  const parameters: Record<string, string> = {};
  for (const [at, segment] of route.segments.entries()) {
    const given = path[at];
    if (isGreedy(segment)) {
      const rest = path.slice(at);
      if (rest.length === 0 || rest.join('') === '') return undefined;
      return { ...parameters, [parameterName(segment)]: rest.map(decoded).join('/') };
    }
    if (given === undefined || (isParameter(segment) ? given === '' : segment !== decoded(given))) return undefined;
    if (isParameter(segment)) parameters[parameterName(segment)] = decoded(given);
  }
  return path.length === route.segments.length ? parameters : undefined;
};

/** Chooses the route of a request, as an HTTP API does: the most specific path first, then the exact method. */
export const matchRoute = (routes: readonly Route[]): ((method: string, rawPath: string) => Match | undefined) => {
  const ordered = routes.toSorted(bySpecificity);
  return (method, rawPath) => {
    const path = rawPath.split('/').slice(1);
    for (const route of ordered) {
      if (route.method !== 'ANY' && route.method !== method) continue;
      const parameters = parametersOf(route, path);
      if (parameters !== undefined) return { route, parameters };
    }
    return undefined;
  };
};
