import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';

const BODY_LIMIT = 64 * 1024;

export interface Call {
  readonly method: string;
  /** Path and query exactly as received: signatures cover these very characters. */
  readonly target: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly origin: string;
}

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** A reply that never comes: the connection stays open this long and is then cut. */
interface Silence {
  readonly silentMs: number;
}

export type Answer = Reply | Silence;

export interface Listener {
  readonly origin: string;
  readonly port: number;
  close(): Promise<void>;
}

interface Listening {
  readonly handle: (call: Call) => Answer | Promise<Answer>;
  readonly tooLarge: () => Reply;
  readonly port: number;
  readonly log: (line: string) => void;
}

const read = async (request: IncomingMessage): Promise<string | undefined> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    // The rest is read and dropped, so that the refusal reaches a client that is still sending.
    if (size <= BODY_LIMIT) chunks.push(bytes);
  }
  return size > BODY_LIMIT ? undefined : Buffer.concat(chunks).toString('utf8');
};

const send = (response: ServerResponse, answer: Answer): void => {
  if ('silentMs' in answer) {
    const cut = setTimeout(() => response.destroy(), answer.silentMs);
    response.once('close', () => clearTimeout(cut));
    return;
  }
  const body = answer.body ?? '';
  response.writeHead(answer.status, {
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': 'no-store',
    ...answer.headers,
    ...(answer.status === 204 ? {} : { 'Content-Length': String(Buffer.byteLength(body)) }),
  });
  response.end(body);
};

const answerTo = async (request: IncomingMessage, origin: string, listening: Listening): Promise<Answer> => {
  const body = await read(request);
  if (body === undefined) return listening.tooLarge();
  const target = request.url ?? '/';
  const question = target.indexOf('?');
  return listening.handle({
    method: request.method ?? 'GET',
    target,
    path: question < 0 ? target : target.slice(0, question),
    query: new URLSearchParams(question < 0 ? '' : target.slice(question + 1)),
    headers: request.headers,
    body,
    origin,
  });
};

const ErrorCode = z.object({ code: z.string() });
const codeOf = (error: unknown): string => ErrorCode.safeParse(error).data?.code ?? '';

const TRIES = 40;
const WAIT_MS = 50;

/** At the port of last time. Whoever holds it may be gone in a moment: a process that was killed, a call that somebody made from it. */
const bindAgain = async (bind: (port: number) => Promise<void>, port: number): Promise<boolean> => {
  for (let tries = 0; tries < TRIES; tries += 1) {
    try {
      await bind(port);
      return true;
    } catch (error) {
      if (port === 0 || !/EADDRINUSE|EACCES/.test(codeOf(error))) throw error;
      await sleep(WAIT_MS);
    }
  }
  return false;
};

/** Serves on 127.0.0.1, at the port it had last time while that is free, so that addresses survive a restart. */
export const listen = async (listening: Listening): Promise<Listener> => {
  let origin = '';
  const server = createServer((request, response) => {
    answerTo(request, origin, listening).then(
      (answer) => send(response, answer),
      (error: unknown) => {
        listening.log(`unexpected: ${String(error)}`);
        if (response.headersSent) response.destroy();
        else
          send(response, {
            status: 500,
            headers: { 'Content-Type': 'application/json' },
            body: '{"code":"SYSTEM_ERROR"}',
          });
      },
    );
  });
  // Longer than clients pool connections, so that none is cut while it is being used again.
  server.keepAliveTimeout = 65_000;
  const bind = (port: number) =>
    new Promise<void>((resolve, reject) => {
      const bound = () => {
        server.off('error', failed);
        resolve();
      };
      const failed = (error: unknown) => {
        server.off('listening', bound);
        reject(error);
      };
      server.once('listening', bound).once('error', failed).listen(port, '127.0.0.1');
    });
  const isBound = await bindAgain(bind, listening.port);
  if (!isBound) await bind(0);
  const { port } = z.object({ port: z.int() }).parse(server.address());
  origin = `http://127.0.0.1:${port}`;
  return {
    origin,
    port,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
