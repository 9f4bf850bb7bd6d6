import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';

import { openShop } from './shop.ts';
import { perMillion, sizeOf, writeUnits, type Used } from './prices.ts';
import { median, publish, say, type Figure } from './print.ts';
import { startRelay, type Asked } from './relay.ts';
import { startPlatform } from '../local/platform.ts';
import type { RuntimeOptions } from '../local/runtime/runtime.ts';

/** One after another, and at the same time. */
const payments = 30;
const crowd = 120;
const warmUp = 60;

const sumOf = (asked: readonly Asked[], of: (each: Asked) => number) =>
  asked.reduce((total, each) => total + of(each), 0);
const dynamo = (asked: readonly Asked[]) => asked.filter(({ operation }) => operation.startsWith('DynamoDB'));

/** Milliseconds of CPU of one RSA-2048 signature with a key that is kept, and of one verification. */
const rsaMilliseconds = () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  const message = Buffer.alloc(400, 'a');
  const signed = sign('sha256', message, privateKey);
  const timed = (work: () => unknown) => {
    for (let at = 0; at < 50; at += 1) work();
    const before = process.cpuUsage();
    for (let at = 0; at < 300; at += 1) work();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 300_000;
  };
  return {
    sign: timed(() => sign('sha256', message, privateKey)),
    verify: timed(() => verify('sha256', message, publicKey, signed)),
  };
};

type Reports = Parameters<NonNullable<RuntimeOptions['report']>>[0][];

const cpuOf = (reports: Reports, name: RegExp) =>
  median(reports.filter((report) => name.test(report.function)).map(({ cpuMicroseconds }) => cpuMicroseconds / 1_000));

/** An app that takes every webhook. */
const openEars = async () => {
  const server = createServer((incoming, outgoing) => {
    incoming.resume();
    outgoing.writeHead(204).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, stop: () => server.close() };
};

/** The waits of which a bill is made and that this machine does not have. */
const assumed = { placeSeconds: 0.15, otherSeconds: 0.02, memoryGb: 0.5, logBytesPerInvocation: 300 };

const usedBy = ({ all, reports }: Seen, paid: number): Used => {
  // Queues are asked at their own addresses, past the relay: each message has been one invocation of its worker.
  const messages = reports.filter((report) => /Looks|Deliver/.test(report.function)).length;
  const invocations = reports.length / paid;
  return {
    httpRequests: 2,
    invocations,
    gbSeconds: (assumed.placeSeconds + (invocations - 1) * assumed.otherSeconds) * assumed.memoryGb,
    writeUnits: sumOf(all, ({ units }) => units.write) / paid,
    readUnits: sumOf(all, ({ units }) => units.read) / paid,
    // The looks are sent together, the notice alone; each message is received and deleted, one by one at worst.
    sqsRequests: 2 + (2 * messages) / paid,
    events:
      sumOf(
        all.filter(({ operation }) => operation.endsWith('PutEvents')),
        ({ entries }) => entries,
      ) / paid,
    logBytes: invocations * assumed.logBytesPerInvocation,
  };
};

/** Place, pay, callback, books, notice and the two looks, through the functions that would be deployed. */
export const online = async (): Promise<void> => {
  const dataDir = mkdtempSync(join(tmpdir(), 'bench-online-'));
  const targets: Record<string, string> = {};
  const tables = await startRelay(() => targets['AWS_ENDPOINT_URL_DYNAMODB'] ?? '');
  const services = await startRelay(() => targets['AWS_ENDPOINT_URL'] ?? '');
  const ears = await openEars();
  const reports: Reports = [];
  const platform = await startPlatform({
    dataDir,
    port: 0,
    tap: (endpoints) => {
      Object.assign(targets, endpoints);
      return { AWS_ENDPOINT_URL_DYNAMODB: tables.url, AWS_ENDPOINT_URL: services.url };
    },
    report: (report) => void reports.push(report),
  });
  try {
    const shop = openShop(platform.stage, ears.url);
    const payOne = async () => {
      const payment = await shop.place();
      await shop.pay(payment);
      await shop.untilPaid(payment.id);
    };
    const settle = async () => {
      // The looks after 10 and 30 seconds are part of a payment.
      await pause(32_000);
      await platform.runtime.idle();
    };
    say(`  ${warmUp} payments to warm up, then ${payments}; each is looked at after 10 and 30 seconds …`);
    for (let at = 0; at < warmUp; at += 1) await payOne();
    await settle();
    tables.take();
    services.take();
    reports.splice(0);
    // The page's own questions are not part of it: the callback says that it is paid.
    for (let at = 0; at < payments; at += 1) await shop.pay(await shop.place());
    await settle();
    const alone = { all: [...tables.take(), ...services.take()], reports: reports.splice(0) };
    // Many at once are folded together: what one transaction costs is shared by all that it posts.
    const placed = await Promise.all(Array.from({ length: crowd }, () => shop.place()));
    await Promise.all(placed.map((payment) => shop.pay(payment)));
    await settle();
    publishOnline(alone, { all: [...tables.take(), ...services.take()], reports });
  } finally {
    await platform.stop();
    await Promise.all([tables.stop(), services.stop()]);
    ears.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
};

const Put = z.looseObject({ Item: z.record(z.string(), z.any()) });
const Puts = z.looseObject({ TransactItems: z.array(z.looseObject({ Put: Put.optional() })) });

/** The same puts by their sizes alone, as DynamoDB's documentation counts them: without indexes and balances. */
const bySize = (all: readonly Asked[]): number =>
  dynamo(all).reduce((total, { operation, body }) => {
    const [put, puts] = [Put.safeParse(body), Puts.safeParse(body)];
    if (operation.endsWith('PutItem') && put.success)
      return total + writeUnits(sizeOf(unmarshall(put.data.Item)), false);
    if (!operation.endsWith('TransactWriteItems') || !puts.success) return total;
    const items = puts.data.TransactItems.flatMap(({ Put: each }) => (each ? [each.Item] : []));
    return total + items.reduce((sum, item) => sum + writeUnits(sizeOf(unmarshall(item)), true), 0);
  }, 0) / payments;

interface Seen {
  readonly all: readonly Asked[];
  readonly reports: Reports;
}

/** Which function has written how much, by which call. */
const unitsBy = (all: readonly Asked[]): Figure[] => {
  const nameOf = ({ by, operation }: Asked) =>
    `${by.replace(/^.*?(PaymentDesk|BooksAndNotices)/, '').replace(/[0-9A-F]{8}.*$/, '')} ${operation.replace(/^.*\./, '')}`;
  return [...Map.groupBy(dynamo(all), nameOf)].map(([name, calls]) => ({
    what: `… ${name}, ${(calls.length / payments).toFixed(2)} calls`,
    value: sumOf(calls, ({ units }) => units.write || units.read) / payments,
    unit: calls.some(({ units }) => units.write > 0) ? 'WRU' : 'RRU',
  }));
};

const publishOnline = ({ all, reports }: Seen, together: Seen) => {
  const calls = (name: RegExp) => dynamo(all).filter(({ by }) => name.test(by)).length / payments;
  const used = usedBy({ all, reports }, payments);
  const dollars = perMillion(used);
  const rsa = rsaMilliseconds();
  const [place, callback] = [/PaymentDeskPayments/, /PaymentDeskCallbacks/];
  const figures: Figure[] = [
    { what: 'write units per paid payment, everything included', value: used.writeUnits, unit: 'WRU', budget: 12 },
    {
      what: `write units per paid payment, ${crowd} at the same time`,
      value: usedBy(together, crowd).writeUnits,
      unit: 'WRU',
      budget: 12,
    },
    { what: '… of these the items put, by their sizes alone', value: bySize(all), unit: 'WRU' },
    { what: 'read units per paid payment', value: used.readUnits, unit: 'RRU' },
    {
      what: 'DynamoDB round trips on the request paths (place + callback)',
      value: calls(place) + calls(callback),
      unit: 'calls',
      budget: 5,
    },
    { what: '… of the placement', value: calls(place), unit: 'calls' },
    { what: '… of the callback', value: calls(callback), unit: 'calls' },
    {
      what: 'DynamoDB calls behind them (stream, notice, looks)',
      value: calls(/./) - calls(place) - calls(callback),
      unit: 'calls',
    },
    ...unitsBy(all),
    ...Object.entries(dollars).map(([what, value]) => ({ what: `cost of ${what}`, value, unit: '$ per million' })),
    {
      what: 'cost of a paid payment',
      value: Object.values(dollars).reduce((total, each) => total + each, 0),
      unit: '$ per million',
      budget: 15,
    },
    {
      what: `cost of a paid payment, ${crowd} at the same time`,
      value: Object.values(perMillion(usedBy(together, crowd))).reduce((total, each) => total + each, 0),
      unit: '$ per million',
      budget: 15,
    },
    { what: 'invocations per paid payment', value: used.invocations, unit: 'invocations' },
    {
      what: 'CPU of a placement, less its RSA signature and verification',
      value: cpuOf(reports, place) - rsa.sign - rsa.verify,
      unit: 'ms',
      budget: 1,
    },
    {
      what: 'CPU of a callback, less its RSA verification',
      value: cpuOf(reports, callback) - rsa.verify,
      unit: 'ms',
      budget: 1,
    },
    { what: 'CPU of a batch of changes (stream)', value: cpuOf(reports, /Changes/), unit: 'ms' },
    { what: 'CPU of a delivery', value: cpuOf(reports, /Deliver/), unit: 'ms' },
    { what: 'one RSA-2048 signature', value: rsa.sign, unit: 'ms' },
    { what: 'one RSA-2048 verification', value: rsa.verify, unit: 'ms' },
  ];
  publish(
    'Online path',
    `${payments} payments one after another through the synthesized functions on this machine. Units are what the table engine ` +
      `answers to ReturnConsumedCapacity. Dollars are list prices with a placement of ${assumed.placeSeconds} s, other invocations ` +
      `of ${assumed.otherSeconds} s at ${assumed.memoryGb} GB, and ${assumed.logBytesPerInvocation} bytes of log each. CPU is of the handler's thread, p50.`,
    figures,
  );
};
