import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { Stopped, stopwatch } from '../wait.ts';
import { Event } from './answers.ts';

/** One arrival at one of our endpoints, and what we answered. */
export interface Delivery {
  readonly webhookId: string;
  readonly type: string;
  readonly about: string;
  readonly amount: bigint;
  readonly seconds: number;
  readonly answered: number;
}

/** Standard Webhooks 1.0: `v1,` and HMAC-SHA256 over `id.timestamp.body`; a header may carry several signatures. */
export const isGenuine = (headers: IncomingHttpHeaders, body: Buffer, secret: string): boolean => {
  const text = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.`;
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  const mac = createHmac('sha256', key).update(text).update(body).digest();
  return String(headers['webhook-signature'])
    .split(' ')
    .filter((signature) => signature.startsWith('v1,'))
    .map((signature) => Buffer.from(signature.slice('v1,'.length), 'base64'))
    .some((given) => given.length === mac.length && timingSafeEqual(given, mac));
};

const addressOf = (address: AddressInfo | string | null): string => {
  if (address === null || typeof address === 'string') throw new Stopped('the webhook receiver has no port');
  return `http://127.0.0.1:${address.port}`;
};

export interface Options {
  readonly secret: string;
  readonly mayHaveSaid: (instant: Date) => boolean;
}

/** Deliveries of one event are deliveries of one `webhook-id`: the first that we accept counts, and only once. */
const acceptedOnce = (deliveries: readonly Delivery[]): readonly Delivery[] => [
  ...new Map(
    deliveries
      .filter(({ answered }) => answered < 300)
      .toReversed()
      .map((delivery) => [delivery.webhookId, delivery]),
  ).values(),
];

/** The app's side of webhooks: `/webhooks` accepts, `/refuses-once` refuses the first delivery of each event. */
export const openReceiver = async ({ secret, mayHaveSaid }: Options) => {
  const elapsed = stopwatch();
  const deliveries: Delivery[] = [];
  const notBelieved: string[] = [];

  const take = (request: IncomingMessage, body: Buffer): number => {
    const webhookId = String(request.headers['webhook-id']);
    const sentAt = new Date(Number(request.headers['webhook-timestamp']) * 1_000);
    if (!isGenuine(request.headers, body, secret) || !mayHaveSaid(sentAt)) {
      notBelieved.push(webhookId);
      return 401;
    }
    const { type, data } = Event.parse(JSON.parse(body.toString('utf8')));
    const isFirst = deliveries.every((delivery) => delivery.webhookId !== webhookId);
    const answered = request.url === '/refuses-once' && isFirst ? 503 : 204;
    deliveries.push({ webhookId, type, about: data.id, amount: data.amount, seconds: elapsed(), answered });
    return answered;
  };

  const server = createServer((request, response) => {
    buffer(request)
      .then((body) => take(request, body))
      .catch((error: unknown) => {
        notBelieved.push(String(error));
        return 400;
      })
      .then((status) => response.writeHead(status).end())
      .catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = addressOf(server.address());

  return {
    origin,
    webhooks: `${origin}/webhooks`,
    refusesOnce: `${origin}/refuses-once`,
    deliveries: (): readonly Delivery[] => deliveries,
    /** Each event once, however often it was delivered. */
    events: () => acceptedOnce(deliveries),
    /** What came without a signature or a time that we believe, or could not be read. */
    notBelieved: (): readonly string[] => notBelieved,
    close: async (): Promise<void> => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};
export type Receiver = Awaited<ReturnType<typeof openReceiver>>;
