import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';

import { Refusal, messageOf } from '../refusal.ts';

export const bodyOf = async (message: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
};

/** A body that is larger than it may be; `undefined` instead of its bytes. */
export const readBody = async (request: IncomingMessage, most: number): Promise<Buffer | undefined> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    // Read to the end, so that the client hears the answer.
    if (size <= most) chunks.push(bytes);
  }
  return size <= most ? Buffer.concat(chunks) : undefined;
};

export const listen = async (
  port: number,
  handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
  onError: (error: unknown, response: ServerResponse) => void,
): Promise<Server> => {
  const listener: RequestListener = (request, response) => {
    // `async`, so that what is thrown at once is caught as well.
    const answer = async (): Promise<void> => handle(request, response);
    answer().catch((error: unknown) => {
      // A caller that has gone away hears no answer, and is no error.
      if (!response.destroyed) onError(error, response);
    });
  };
  const server = createServer({ keepAliveTimeout: 60_000, requestTimeout: 0 }, listener);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) =>
      reject(new Refusal(`cannot listen on 127.0.0.1:${port}: ${messageOf(error)}`, { cause: error })),
    );
    server.listen(port, '127.0.0.1', resolve);
  });
  return server;
};

export const closeServer = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
