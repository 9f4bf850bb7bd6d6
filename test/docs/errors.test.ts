import { describe, expect, test } from 'vitest';

import { adviceOf, allProblems, problemPage } from '#openapi/problems.ts';

const document = [
  '# Errors',
  'Every refusal is a problem document (RFC 9457). Its `type` leads to a page that says this of its `code`. Written from the code: `npx vitest run test/docs -u`.',
  ...allProblems().map((problem) =>
    [
      `## ${problem.code}`,
      '',
      `${problem.status} · \`${problem.retry}\` · ${problem.title}.`,
      ...(problem.payer ? [`A payer reads: ${problem.payer.zh} / ${problem.payer.en}.`] : []),
    ].join('\n'),
  ),
  '# What to do',
  ...[...new Map(allProblems().map((problem) => [problem.retry, problem])).values()].map(
    (problem) => `- \`${problem.retry}\`: ${adviceOf(problem).en} ${adviceOf(problem).zh}`,
  ),
].join('\n\n');

describe('docs/errors.md', () => {
  test('is what the code says', () =>
    expect(
      `${document.replaceAll('\n\n- ', '\n- ').replace('# What to do\n-', '# What to do\n\n-')}\n`,
    ).toMatchFileSnapshot('../../docs/errors.md'));
});

describe('the page of a problem', () => {
  test.each(allProblems().map(({ code }) => code))(
    '%s says what happened and what to do, in both languages',
    (code) => {
      const { statusCode, headers, body = '' } = problemPage(code) ?? {};
      expect(statusCode).toBe(200);
      expect(headers?.['content-type']).toBe('text/html; charset=utf-8');
      expect(body).toContain(`<h1>${code}</h1>`);
      expect(body).toMatch(/\p{Script=Han}/u);
      expect(body.length).toBeLessThan(3_000);
    },
  );

  test('is not there for what is no problem of ours', () => {
    for (const code of ['', 'nothing', 'toString', '<script>', '__proto__']) expect(problemPage(code)).toBeUndefined();
  });
});
