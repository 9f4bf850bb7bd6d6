import { readFileSync } from 'node:fs';

import { describe, expect, test } from 'vitest';

import { languageOf } from '#cashier/copy/language.ts';
import { problems } from '#cashier/copy/problems.ts';
import { standings } from '#cashier/copy/standings.ts';
import { notAvailable, obstacles, wallets, words } from '#cashier/copy/words.ts';

const hasChinese = (text: string) => /\p{Script=Han}/u.test(text);

/** What the page fills in. */
const holes = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(([hole]) => hole).toSorted();

/** Every `{ zh, en }` below a table, with the way to it. */
const textsIn = (table: object, way = ''): [string, { zh: string; en: string }][] =>
  Object.entries(table).flatMap(([name, value]: [string, object]) =>
    'zh' in value && 'en' in value
      ? [[`${way}${name}`, value as { zh: string; en: string }] as [string, { zh: string; en: string }]]
      : textsIn(value, `${way}${name}.`),
  );

const all = textsIn({ standings, problems, obstacles, wallets, words: { ...words, notAvailable } });

describe('what payers read', () => {
  test.each(all.filter(([way]) => !/words\.(language|otherLanguage)$/.test(way)))(
    '%s is there in both languages',
    (_, { zh, en }) => {
      expect(hasChinese(zh)).toBe(true);
      expect(hasChinese(en)).toBe(false);
      expect(en.length).toBeGreaterThan(1);
      // What is filled in must be filled in in both.
      expect(holes(zh)).toEqual(holes(en));
    },
  );

  test('says of every refusal there is what it is, what happened to the money and what to do', () => {
    const source = readFileSync(new URL('../../functions/kernel/failure.ts', import.meta.url), 'utf8');
    const codes = [...source.matchAll(/^ {2}(\w+): \[\d{3}, /gm)].map(([, code]) => code ?? '');
    expect(codes.length).toBeGreaterThan(25);
    expect(Object.keys(problems).toSorted()).toEqual(codes.toSorted());
    for (const say of [...Object.values(problems), ...Object.values(standings)])
      expect(Object.keys(say).toSorted()).toEqual(['money', 'next', 'title']);
  });

  test('never calls an unconfirmed payment failed, and promises no refund', () => {
    for (const say of [
      standings.unknown,
      standings.expired,
      standings.late,
      standings.duplicate,
      problems.attempt_in_flight,
    ]) {
      const text = [say.title, say.money, say.next].flatMap(({ zh, en }) => [zh, en]).join(' ');
      expect(text).not.toMatch(/失败|fail|will be refunded|将退款|自动退/i);
    }
  });
});

describe('the language', () => {
  test.each([
    ['en', 'zh-CN', 'en'],
    ['zh', 'en-GB,en;q=0.9', 'zh'],
    [undefined, 'zh-CN,zh;q=0.9,en;q=0.8', 'zh'],
    [undefined, 'en-GB,en;q=0.9,zh;q=0.8', 'en'],
    [undefined, 'de-DE,de;q=0.9,en;q=0.3,zh;q=0.6', 'zh'],
    [undefined, 'fr-FR', 'en'],
    [undefined, 'en;q=0,zh', 'zh'],
    [undefined, '*', 'zh'],
    [undefined, undefined, 'zh'],
    ['<script>', 'en', 'en'],
  ])('of ?lang=%s and Accept-Language: %s is %s', (named, accept, language) => {
    expect(languageOf(named, accept)).toBe(language);
  });
});
