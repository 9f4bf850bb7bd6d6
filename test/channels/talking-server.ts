import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';

/** How a connection itself misbehaves. */
export type Line = 'silence' | 'drip' | 'reset' | 'cut';

export interface Request {
  readonly method: string;
  readonly target: string;
  readonly body: string;
  readonly headers: IncomingHttpHeaders;
}

/** What a channel says, to the byte. */
export interface Talk {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly line?: Line;
}

const speak = (response: ServerResponse, { status, headers, body, line }: Talk): void => {
  if (line === 'silence') return;
  if (line === 'reset') return void response.destroy();
  if (line === undefined) return void response.writeHead(status, headers).end(body);
  // More is promised than ever comes.
  response.writeHead(status, { ...headers, 'content-length': body.length + 1 });
  response.write(body);
  if (line === 'cut') setTimeout(() => response.destroy(), 20);
};

/** A channel on loopback: each request is heard, kept when it was genuine (`asked`), and answered. */
export const talkingServer = async <Asked>(
  hear: (request: Request) => { readonly asked?: Asked; readonly talk: Talk },
) => {
  const received: Asked[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url: target = '', headers } = request;
      const { asked, talk } = hear({ method, target, headers, body: Buffer.concat(chunks).toString() });
      if (asked !== undefined) received.push(asked);
      speak(response, talk);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not listening');
  return {
    url: `http://127.0.0.1:${address.port}`,
    received,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
};
