import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

import { Webhook } from 'standardwebhooks';

export interface Delivery {
  readonly path: string;
  readonly id: string;
  readonly timestamp: number;
  /** Milliseconds, of the machine's own monotonic clock. */
  readonly at: number;
  readonly type: string;
  readonly text: string;
  // What an event holds is what each test asserts.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly data: any;
  readonly headers: Readonly<Record<string, string>>;
  readonly answered: number;
}

/**
 * The app's side of webhooks. The first segment of the path names the app whose secret must have signed; the second says
 * how to answer: `refuse-once`, `redirect`, `slow`, a status such as `500`; anything else accepts.
 */
export const openReceiver = async (secrets: Readonly<Record<string, string>>, now: () => Date) => {
  const deliveries: Delivery[] = [];
  const notBelieved: string[] = [];

  const answerTo = (path: string, id: string): number => {
    const [, , how = ''] = path.split('/');
    if (how === 'redirect') return 307;
    if (how === 'refuse-once') return deliveries.some((delivery) => delivery.id === id) ? 204 : 503;
    return /^\d{3}$/.test(how) ? Number(how) : 204;
  };

  const take = (request: IncomingMessage, body: Buffer): number => {
    const path = request.url ?? '';
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
    const { 'webhook-id': id = '', 'webhook-timestamp': seconds = '', 'webhook-signature': signature = '' } = headers;
    const secret = secrets[path.split('/')[1] ?? ''];
    const timestamp = Number(seconds);
    const text = body.toString('utf8');
    // The library's own `verify` compares with the time of the test; the platform's clock may have been moved.
    const expected = secret && new Webhook(secret).sign(id, new Date(timestamp * 1_000), text);
    if (!expected || !signature.split(' ').includes(expected)) notBelieved.push(`${path} ${id}: signature`);
    if (Math.abs(now().getTime() / 1_000 - timestamp) > 300) notBelieved.push(`${path} ${id}: timestamp ${seconds}`);
    const answered = answerTo(path, id);
    const { type, data } = JSON.parse(text);
    deliveries.push({ path, id, timestamp, at: performance.now(), type, text, data, headers, answered });
    return answered;
  };

  const server = createServer((request, response) => {
    buffer(request)
      .then((body) => take(request, body))
      .then((status) => response.writeHead(status, status === 307 ? { location: '/shop/redirected' } : {}).end())
      .catch((error: unknown) => {
        notBelieved.push(String(error));
        response.writeHead(400).end();
      });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const origin = `http://127.0.0.1:${port}`;

  return {
    url: (path: string) => `${origin}/${path}`,
    deliveries: (about?: string): readonly Delivery[] =>
      deliveries.filter(({ data }) => about === undefined || data.id === about || data.payment_id === about),
    /** What was told of a resource, each event once, in the order of arrival. */
    told: (about: string): readonly string[] => [
      ...new Map(deliveries.filter(({ data }) => data.id === about).map(({ id, type }) => [id, type])).values(),
    ],
    /** What came without a signature or a time that an app could believe. */
    notBelieved: (): readonly string[] => notBelieved,
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
};
