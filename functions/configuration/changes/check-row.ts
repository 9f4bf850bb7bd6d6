import { isDeepStrictEqual } from 'node:util';

import { Failure } from '#kernel/failure.ts';

import { encoded, type Kind, type Row } from '#configuration/document.ts';
import { rules, type Complaint, type Ground } from '#configuration/rules.ts';

export interface CheckDeps extends Ground {
  readonly exists: (kind: Kind, id: string) => Promise<boolean>;
}

const changesOfFixed = (kind: Kind, row: Row, before: Row | undefined): Complaint[] => {
  if (!before) return [];
  const [then, now] = [encoded(kind, before), encoded(kind, row)];
  return rules[kind].fixed
    .filter((name) => !isDeepStrictEqual(then[name], now[name]))
    .map((name) => ({ pointer: `/${name}`, detail: 'this never changes: make a new one' }));
};

/** What an operation of its own changes does not change with the row. An import says how things are. */
export const checkElsewhere = (kind: Kind, row: Row, before: Row | undefined): void => {
  const stands: Record<string, unknown> = { ...rules[kind].elsewhere, ...before };
  const reviewed = before ? Object.entries(rules[kind].reviewed?.(before) ?? {}) : [];
  const errors = [
    ...Object.keys(rules[kind].elsewhere ?? {})
      .filter((name) => row[name] !== stands[name])
      .map((name) => ({
        pointer: `/${name}`,
        detail: `this is ${String(stands[name])}, until an operation of its own changes it`,
      })),
    ...reviewed
      .filter(([name]) => !isDeepStrictEqual(row[name], stands[name]))
      .map(([name, task]) => ({
        pointer: `/${name}`,
        detail: `two people change this: submit ${task} as an approval`,
      })),
  ];
  if (errors.length === 0) return;
  throw new Failure('invalid_request', { errors });
};

/** Everything that is wrong with a row that is to stand where `before` stands. */
const complaintsOf = async (deps: CheckDeps, kind: Kind, row: Row, before: Row | undefined): Promise<Complaint[]> => {
  const { references, complaints } = rules[kind];
  const missing = await Promise.all(
    references(row).map(async ({ pointer, kind: of, id }) =>
      (await deps.exists(of, id)) ? [] : [{ pointer, detail: 'there is no such thing' }],
    ),
  );
  return [...changesOfFixed(kind, row, before), ...complaints(row, deps, before), ...missing.flat()];
};

/** Refuses a row that may not be written. `place` is where the row stands in a larger document. */
export const checkRow = async (
  deps: CheckDeps,
  kind: Kind,
  row: Row,
  { before, place = '' }: { before?: Row | undefined; place?: string } = {},
): Promise<void> => {
  const complaints = await complaintsOf(deps, kind, row, before);
  const [first] = complaints;
  if (!first) return;
  const errors = complaints.slice(0, 20).map(({ pointer, detail }) => ({ pointer: `${place}${pointer}`, detail }));
  if (complaints.every(({ unsupported }) => unsupported))
    throw new Failure('unsupported', { detail: first.detail, errors });
  throw new Failure('invalid_request', { errors });
};
