import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';

import type { Text } from '#cashier/copy/language.ts';
import { problems } from '#cashier/copy/problems.ts';
import { pageHeaders } from '#cashier/page/headers.ts';
import { html, type Html } from '#cashier/page/html.ts';
import { Failure, type FailureCode } from '#kernel/failure.ts';

type Retry = Failure['retry'];

/** What a program that was refused should do. */
const advice: Readonly<Record<Retry, Text>> = {
  retry: {
    zh: '稍后用同样的编号和内容重试：不会重复执行。',
    en: 'Ask again a little later, with the same number and content: nothing is done twice.',
  },
  do_not_retry: {
    zh: '不要原样重试：先改正请求或前提，再用新的请求。',
    en: 'Do not repeat it as it is: put the request, or what it relies on, right first.',
  },
  query_first: {
    zh: '先查询当前状态，再决定下一步。',
    en: 'Query how things stand before anything else.',
  },
};

interface Problem {
  readonly code: string;
  readonly status: number;
  readonly title: string;
  readonly retry: Retry;
  /** As its payer reads it. */
  readonly payer?: Text;
}

const ofCode = (code: FailureCode): Problem => {
  const { status, title, retry } = new Failure(code);
  return { code, status, title, retry, payer: problems[code].title };
};

const isCode = (code: string): code is FailureCode => Object.hasOwn(problems, code);

/** Every problem that can be answered, by its code. `internal_error` is the one that is no refusal. */
export const allProblems = (): readonly Problem[] => [
  ...Object.keys(problems)
    .filter(isCode)
    .map(ofCode)
    .toSorted((a, b) => a.status - b.status),
  {
    code: 'internal_error',
    status: 500,
    title: 'Something went wrong on our side; the trace id finds it in our log',
    retry: 'query_first',
  },
];

export const adviceOf = ({ retry }: Problem): Text => advice[retry];

const drawn = (problem: Problem): Html =>
  html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${problem.code}</title>
      </head>
      <body>
        <main>
          <h1>${problem.code}</h1>
          <p>HTTP ${problem.status}. ${problem.title}. <code>retry: ${problem.retry}</code></p>
          <p>${adviceOf(problem).en}</p>
          <p lang="zh-CN">${adviceOf(problem).zh}</p>
          ${
            problem.payer &&
            html`<p>A payer reads: ${problem.payer.en}</p>
              <p lang="zh-CN">付款人看到：${problem.payer.zh}</p>`
          }
          <p>
            The answer's <code>detail</code> and <code>errors</code> say what exactly; <code>trace_id</code> is what to
            tell us. <a href="/openapi.json">The API</a>
          </p>
        </main>
      </body>
    </html>`;

/** The page that the `type` of a problem leads to; nothing of a code that there is not. */
export const problemPage = (code: string): APIGatewayProxyStructuredResultV2 | undefined => {
  const problem = allProblems().find((each) => each.code === code);
  return problem && { statusCode: 200, headers: pageHeaders(), body: drawn(problem).text };
};
