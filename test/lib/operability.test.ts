import { beforeAll, describe, expect, test } from 'vitest';

import { access } from './operability/access.ts';
import { Assembly, type Item, type Items } from './operability/assembly.ts';
import { data } from './operability/data.ts';
import { deployment } from './operability/deployment.ts';
import { functionItems } from './operability/functions.ts';
import { messages } from './operability/messages.ts';
import { watching } from './operability/watching.ts';
import { workflows } from './operability/workflows.ts';
import { assembly, everySwitch } from './synthesized.ts';

const items: Items = { ...deployment, ...functionItems, ...messages, ...workflows, ...data, ...access, ...watching };

const failing = ({ of, holds }: Item, all: Assembly): string[] =>
  of(all)
    .filter((one) => !holds(one, all))
    .map(({ id }) => id);

describe('a person can operate it', () => {
  let plain: Assembly;
  let switched: Assembly;
  beforeAll(() => {
    plain = new Assembly(assembly());
    switched = new Assembly(assembly(everySwitch));
  });

  test.each(Object.entries(items).map(([id, item]) => [id, item.says, item] as const))('%s: %s', (_, __, item) => {
    for (const all of item.isSwitched ? [switched] : [plain, switched]) {
      expect(item.of(all).length, 'it speaks of something').toBeGreaterThan(0);
      expect(failing(item, all)).toEqual([]);
    }
  });

  // An item that nothing can break protects nothing.
  test.each(Object.entries(items))('%s is seen failing, whatever of it is broken', (_, item) => {
    expect(item.breaks.length * item.of(switched).length).toBeGreaterThan(0);
    expect(failing(item, switched)).toEqual([]);
    for (const one of item.of(switched))
      for (const [at, broken] of item.breaks.entries()) {
        const other = broken(one, switched);
        expect(failing(item, other), `way ${at + 1}, ${one.id}`).not.toEqual([]);
      }
  });

  test('what the items are about is named once, and none of it is missing', () => {
    const families = { D: 9, F: 8, Q: 7, E: 3, W: 3, T: 5, B: 3, I: 4, S: 2, A: 3, O: 9 };
    const expected = Object.entries(families).flatMap(([family, count]) =>
      Array.from({ length: count }, (_, at) => `${family}${at + 1}`),
    );
    expect(new Set(Object.keys(items).map((id) => id.split(',')[0]))).toEqual(new Set(expected));
  });
});
