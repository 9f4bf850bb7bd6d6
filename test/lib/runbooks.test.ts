import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

import { beforeAll, describe, expect, test } from 'vitest';

import { AlarmWithRunbook } from '#lib/constructs/alarm-with-runbook.ts';

import { everySwitch, stacks } from './synthesized.ts';

const root = join(import.meta.dirname, '..', '..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');

const parts = ['Symptom', 'Who is hurt', 'First query', 'Decision', 'Undo', 'Who to call'];

/** The parts of a page, by their headings. */
const partsOf = (text: string): [string, string][] =>
  text
    .split(/^## /m)
    .slice(1)
    .map((part) => [part.slice(0, part.indexOf('\n')), part.slice(part.indexOf('\n')).trim()]);

const pages = globSync('docs/runbooks/*.md', { cwd: root }).filter((file) => basename(file) !== 'README.md');

/** What is looked for in the log, in a query of a page or of a dashboard. */
const messagesIn = (text: string): string[] =>
  [...text.matchAll(/message (?:= |in \[)("[^\]\n|]+?")(?=[\]\s'|]|$)/gm)].flatMap(([, list = '']) =>
    [...list.matchAll(/"([^"]+)"/g)].map(([, message = '']) => message),
  );

const logged = globSync('functions/**/*.ts', { cwd: root })
  .flatMap((file) => [...read(file).matchAll(/log\.(?:info|warn|error)\(\s*(?:'([^']+)'|`([^`]+)`)/g)])
  .map(([, text, template]) => text ?? template);

const isLogged = (message: string) => logged.includes(message);

describe('runbooks', () => {
  let alarms: { name: string; runbook: string }[];
  beforeAll(() => {
    alarms = stacks(everySwitch)
      .app.node.findAll()
      .filter((node) => node instanceof AlarmWithRunbook)
      .map(({ node, runbook }) => ({ name: node.id.replace(/(Alarm|\d+)$/, ''), runbook }));
  });

  test.each(pages)('%s has every part, in order, with a query that can be copied', (file) => {
    const found = partsOf(read(file));
    expect(found.map(([heading]) => heading)).toEqual(parts);
    for (const [heading, text] of found) expect(text.length, heading).toBeGreaterThan(15);
    expect(found.find(([heading]) => heading === 'First query')?.[1]).toMatch(/^```(sh)?\n.+?\n```$/ms);
  });

  test('a page that lacks a part is found out', () => {
    const [file = ''] = pages;
    const without = read(file).replace(/^## Undo$[^#]+/m, '');
    expect(partsOf(without).map(([heading]) => heading)).not.toEqual(parts);
  });

  test('every alarm is a symptom on its page', () => {
    expect(alarms.length).toBeGreaterThan(60);
    for (const { name, runbook } of alarms) {
      const symptom = partsOf(read(runbook))[0]?.[1];
      expect(symptom, `${name} in ${runbook}`).toContain(`\`${name.replace(/^(DeadLetters)$/, 'LooksToTake')}\``);
    }
  });

  test('no page is about nothing', () => {
    const named = alarms.map(({ runbook }) => runbook);
    const byTag = 'docs/runbooks/rotate-secrets.md';
    expect(read('lib/data-stack.ts')).toContain(byTag);
    expect(pages.toSorted()).toEqual([...new Set([...named, byTag])].toSorted());
  });

  test('what they and the saved queries look for in the log is logged', () => {
    const looked = [...pages, 'lib/operations/queries.ts'].flatMap((file) => messagesIn(read(file)));
    expect(looked.length).toBeGreaterThan(15);
    expect(looked.filter((message) => !isLogged(message))).toEqual([]);
    expect(isLogged('nobody logs this')).toBe(false);
  });
});

test('every switch is explained where it says that it is', () => {
  const [, body = ''] = /interface Switches \{(.+?)\n\}/s.exec(read('lib/switches.ts')) ?? [];
  const switches = [...body.matchAll(/readonly (\w+)\?:/g)].map(([, name = '']) => name);
  expect(switches.length).toBeGreaterThan(8);
  const table = partsOf(read('docs/operations.md')).find(([heading]) => heading === 'Switches')?.[1] ?? '';
  expect(switches.filter((name) => !table.includes(`\`${name}\``))).toEqual([]);
});
