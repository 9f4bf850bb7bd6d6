import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
const pages = ['README.md', ...globSync('{docs,local}/**/*.md', { cwd: root })];
const read = (page: string) => readFileSync(join(root, page), 'utf8');
const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };

/** Headings as they are linked to. */
const anchorsOf = (text: string): string[] =>
  [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );

const brokenIn = (page: string, text: string): string[] =>
  [...text.matchAll(/\]\((?!https?:|mailto:)([^)\s]*)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => {
      const [path = '', anchor] = target.split('#');
      const file = path === '' ? page : join(dirname(page), path);
      if (!existsSync(join(root, file))) return true;
      return anchor !== undefined && !anchorsOf(read(file)).includes(anchor);
    });

const unknownScriptsIn = (text: string): string[] =>
  [...text.matchAll(/npm run (?:-s )?([a-z]+)/g)]
    .map(([, name = '']) => name)
    .filter((name) => scripts[name] === undefined);

/** Code that is pointed to by its path, in backticks. */
const missingPathsIn = (text: string): string[] =>
  [...text.matchAll(/`((?:functions|lib|local|test|bench|web|docs)\/[\w./-]*\w)\/?`/g)]
    .map(([, path = '']) => path)
    .filter((path) => !existsSync(join(root, path)));

describe('the documents', () => {
  test('are found', () => expect(pages.length).toBeGreaterThan(40));

  test.each(pages)('%s leads to what is there', (page) => {
    const text = read(page);
    expect(brokenIn(page, text), 'links').toEqual([]);
    expect(unknownScriptsIn(text), 'scripts').toEqual([]);
    expect(missingPathsIn(text), 'paths').toEqual([]);
  });

  test('what leads nowhere is found out', () => {
    expect(brokenIn('docs/x.md', '[a](nowhere.md) [b](../README.md#nothing) [c](https://example.com)')).toEqual([
      'nowhere.md',
      '../README.md#nothing',
    ]);
    expect(unknownScriptsIn('npm run nothing')).toEqual(['nothing']);
    expect(missingPathsIn('`functions/nothing.ts`')).toEqual(['functions/nothing.ts']);
  });
});
