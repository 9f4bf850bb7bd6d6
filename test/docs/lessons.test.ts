import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');

/** The last cell of each row: a file of tests, and the title of one in it. */
const named = [...read('docs/lessons.md').matchAll(/\| `(test\/[\w./-]+)`: (.+?) +\|$/gm)].map(
  ([, file = '', title = '']) => ({ file, title }),
);
const has = ({ file, title }: { file: string; title: string }) => read(file).includes(title);

describe('docs/lessons.md', () => {
  test('names one test for each of fifteen lessons', () => expect(named).toHaveLength(15));

  test.each(named)('$file: $title', (one) => expect(has(one)).toBe(true));

  test('would notice a test that is not there', () =>
    expect(has({ file: 'test/docs/lessons.test.ts', title: ['no', 'such', 'title'].join(' ') })).toBe(false));
});
