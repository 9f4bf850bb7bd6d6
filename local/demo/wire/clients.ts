import { setTimeout as pause } from 'node:timers/promises';
import type { App } from '../stage.ts';
import { problemOf, send, type Answer } from './http.ts';
import { signed } from './signing.ts';

/** One who asks the platform, as an app with its key or as an operator with a token. */
export interface Client {
  get(path: string): Promise<Answer>;
  post(path: string, body?: object): Promise<Answer>;
}

const RETRIES = 5;
const RETRY_MS = 300;

/** An answer that says `retry` is asked again: everything is named by the caller's numbers, so again is never twice. */
const patiently = async (ask: () => Promise<Answer>): Promise<Answer> => {
  for (let tries = 1; ; tries += 1) {
    const answer = await ask();
    if (answer.status < 400 || problemOf(answer).retry !== 'retry' || tries > RETRIES) return answer;
    await pause(RETRY_MS * tries);
  }
};

const clientOf = (ask: (method: 'GET' | 'POST', path: string, body?: string) => Promise<Answer>): Client => ({
  get: (path) => patiently(() => ask('GET', path)),
  post: (path, body) => patiently(() => ask('POST', path, body && JSON.stringify(body))),
});

/** Signs with the platform's time: the clock that was moved is the one that signatures are judged by. */
export const appClient = (origin: string, app: App, now: () => Date): Client =>
  clientOf((method, path, body) => {
    const url = new URL(path, origin);
    const request = { method, url, ...(body !== undefined && { body }) };
    return send({ ...request, headers: signed({ ...request, created: now() }, app).headers });
  });

export const operatorClient = (origin: string, token: string): Client =>
  clientOf((method, path, body) =>
    send({
      method,
      url: new URL(path, origin),
      headers: { authorization: `Bearer ${token}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body }),
    }),
  );
