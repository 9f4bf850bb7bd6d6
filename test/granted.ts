import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import * as z from 'zod';

import { allows, type Grant } from '../local/runtime/permissions/grants.ts';
import type { Need } from '../local/runtime/permissions/needs.ts';

/**
 * Which story has seen which grant to write used. A grant that no story uses is not granted: test/lib/stacks.test.ts
 * compares this list with the templates, and each file of stories sees that it still uses what it is listed with.
 */
const list = join(import.meta.dirname, 'flows', 'granted.json');

/** What makes the list: with the files of the stories, or without any for all of them. */
export const remake = 'npm run grants -- test/flows/<file>.test.ts';

/** Otherwise it is the reason why a grant is needed that no story uses: a path that is hardly ever taken. */
export const isStory = (text: string): boolean => text.endsWith('.test.ts');

/** What is granted, and the file of the stories that have seen it used. */
export type Granted = Readonly<Record<string, string>>;
export const readGranted = (): Granted =>
  z.record(z.string(), z.string()).parse(JSON.parse(readFileSync(list, 'utf8')));
export const writeGranted = (granted: Granted): void =>
  writeFileSync(
    list,
    `${JSON.stringify(Object.fromEntries(Object.entries(granted).toSorted(([a], [b]) => a.localeCompare(b))), undefined, 2)}\n`,
  );

/** Without the stack and the digest that a name on this machine has around it. */
export const shortName = (name: string): string =>
  name
    .replace(/^arn:.*:/, '')
    .replace(/suanpan(data|service|backoffice)-?/i, '')
    .replace(/[0-9a-f]{8}(-[0-9a-f]{6})?(?=$|\/)/i, '');

export const nameOf = ({ function: holder, action, resource, keys }: Grant): string =>
  [shortName(holder), action, shortName(resource), ...(keys ?? [])].join(' ');

/** Logs and traces are Lambda's own; nothing else that is granted may be without a name. */
export const isWrite = ({ action }: Pick<Grant, 'action'>): boolean =>
  !/^(logs|xray):|:(Get|BatchGet|Query|List|Describe)/.test(action);

/** Which grants to write these calls have used: of several that allow a call, the one of the fewest rows. */
export const usedBy = (needs: readonly Need[], grants: readonly Grant[]): string[] =>
  needs.flatMap((need) => {
    const allowing = grants.filter((grant) => isWrite(grant) && allows(grant, need));
    const narrow = allowing.filter(({ keys }) => keys !== undefined);
    return (narrow.length > 0 ? narrow : allowing).map(nameOf);
  });
