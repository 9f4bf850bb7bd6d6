import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { GetCommand } from '@aws-sdk/lib-dynamodb';
import { PurgeQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, onTestFailed, vi } from 'vitest';

import { startPlatform, type PlatformOptions } from '../../local/platform.ts';
import { allows, type Grant } from '../../local/runtime/permissions/grants.ts';
import type { Need } from '../../local/runtime/permissions/needs.ts';
import type { Fault } from '../../local/sandbox/faults.ts';
import type { Sandbox } from '../../local/sandbox/sandbox.ts';
import { configuration } from '../../local/seed/configuration.ts';
import { identitiesIn } from '../../local/seed/identity.ts';
import { bringKeys } from '../keys-of-the-run.ts';
import { appClient, bearer, plainJson, type Reply } from './client.ts';
import { noteUse } from './granted.ts';
import { openReceiver } from './receiver.ts';
import { nextInShanghai } from './shanghai.ts';
import { wechatHand } from './wechat.ts';

// A story takes seconds; on a machine that has other things to do, minutes.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

/** Asks until there is an answer; says what was awaited, and what was last seen, when there is none in time. */
export const eventually = async <Found>(
  what: string,
  probe: () => Promise<Found | undefined | false> | Found | undefined | false,
  { seconds = 30, seen }: { seconds?: number; seen?: () => unknown } = {},
): Promise<Found> => {
  const deadline = performance.now() + seconds * 1_000;
  // What takes longer is asked about less often: the asking itself keeps the machine from it.
  for (let wait = 10; ; wait = Math.min(2 * wait, 160)) {
    const found = await probe();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > deadline) {
      const last = seen ? `; last seen: ${JSON.stringify(await seen())}` : '';
      throw new Error(`waited ${seconds} s for ${what}${last}`);
    }
    await pause(wait);
  }
};

/** A number of the caller's own that nobody has used. */
export const fresh = (what = 'order'): string => `${what}-${randomBytes(8).toString('hex')}`;

/** Half-up of parts per million, as fee plans say. */
export const ppm = (amount: number, rate: number): number =>
  Number((BigInt(amount) * BigInt(rate) * 2n + 1_000_000n) / 2_000_000n);
export const feeOf = (amount: number): number => ppm(amount, 10_000);
export const costOf = (amount: number): number => ppm(amount, 6_000);

type Subject =
  | 'merchant_pending'
  | 'merchant_available'
  | 'merchant_held'
  | 'payout_in_transit'
  | 'suspense'
  | 'fee_income'
  | 'channel_clearing'
  | 'channel_cost';

type Channel = keyof Sandbox['channels'];

export interface Batch {
  readonly id: string;
  readonly version: number;
  readonly status: string;
  readonly verdict: string | null;
  readonly error: { readonly line: number; readonly reason: string } | null;
  readonly object_sha256: string | null;
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly statistics: any;
}

export const startMachine = async (options: Partial<PlatformOptions> = {}) => {
  const own = options.dataDir === undefined ? mkdtempSync(join(tmpdir(), 'suanpan-flow-')) : undefined;
  const dataDir = options.dataDir ?? own ?? '';
  bringKeys(inject('keys'), dataDir);
  const said: string[] = [];
  const needs = new Map<string, Need>();
  const platform = await startPlatform({
    port: 0,
    // Every machine begins at the same time of day, so that no story meets midnight, or a full hour, on one day and not on another.
    beginsAt: nextInShanghai(new Date(), '09:05'),
    log: (line) => said.push(line),
    needs: (need) => void needs.set(JSON.stringify(need), need),
    ...options,
    dataDir,
  });
  const { runtime, sandbox, stage } = platform;
  const now = () => runtime.clock.now();
  const receiver = await openReceiver({ shop: stage.app.webhook_secret, other: stage.other_app.webhook_secret }, now);
  const app = appClient(stage.api, stage.app, now);
  const other = appClient(stage.api, stage.other_app, now);
  const admin = bearer(stage.api, stage.admin.token);
  const credentials = { accessKeyId: 'anybody', secretAccessKey: 'anybody' };
  const s3 = new S3Client({ endpoint: stage.s3, region: stage.region, forcePathStyle: true, credentials });
  const dynamodb = new DynamoDBClient({
    endpoint: runtime.endpoints['AWS_ENDPOINT_URL_DYNAMODB'] ?? '',
    region: stage.region,
    credentials,
  });
  const [, looks = ''] =
    Object.entries(runtime.outputs).find(([name]) => name.startsWith('ExportsOutputRefLooksToTakeQueue')) ?? [];
  const sqs = new SQSClient({ endpoint: new URL(looks).origin, region: stage.region, credentials });
  const control = (path: string) => new URL(path, sandbox.control);

  const order = (over: Record<string, unknown> = {}): Record<string, unknown> => ({
    merchant_id: stage.merchant_id,
    merchant_order_id: fresh(),
    amount: 10_000,
    currency: 'CNY',
    subject: 'Tea',
    method: 'wechat_native',
    notify_url: receiver.url('shop'),
    ...over,
  });

  /** Everything that was caused has been done: callbacks delivered, journals posted, apps told. */
  const quiet = async () => {
    for (let round = 0; round < 2; round += 1) {
      await sandbox.idle();
      await runtime.idle();
    }
  };

  /** Nobody looks any more at what this story leaves unpaid: a fault that the next one arms waits for its own calls. */
  const forgetLooks = () => sqs.send(new PurgeQueueCommand({ QueueUrl: looks }));

  const place = async (over: Record<string, unknown> = {}) => {
    const reply = await app.post('/v1/payments', order(over));
    expect(reply.status, JSON.stringify(reply.body)).toBe(201);
    return reply.body;
  };

  const read = async (id: string) => {
    const reply = await app.get(`/v1/${id.startsWith('rfd_') ? 'refunds' : 'payments'}/${id}`);
    expect(reply.status).toBe(200);
    return reply.body;
  };

  const until = async (id: string, status: string, seconds = 30) => {
    let last: unknown;
    return eventually(
      `${id} to be ${status}`,
      async () => {
        const found = await read(id);
        last = found;
        return found.status === status && found;
      },
      { seconds, seen: () => last },
    );
  };

  const pay = (orderNo: string, channel: Channel = 'wechat'): Promise<Reply> =>
    plainJson('POST', control(`/payer/${channel}/${orderNo}/pay`));

  const paid = async (over: Record<string, unknown> = {}) => {
    const payment = await place(over);
    const reply = await pay(payment.attempts[0].channel_order_no);
    expect(reply.status, JSON.stringify(reply.body)).toBe(200);
    await quiet();
    return until(payment.id, 'paid');
  };

  /** In fen, what a merchant has of each subject; what is not there is zero. */
  const balances = async (client = app, merchant: string = stage.merchant_id): Promise<Record<Subject, number>> => {
    await quiet();
    const reply = await client.get(`/v1/accounts?owner=${merchant}`);
    expect(reply.status).toBe(200);
    const accounts: { subject: Subject; currency: string; balance: number }[] = reply.body.data;
    // Of what is at channels there is one for each.
    const of = (subject: Subject) =>
      accounts
        .filter((account) => account.subject === subject && account.currency === 'CNY')
        .reduce((sum, { balance }) => sum + balance, 0);
    return {
      merchant_pending: of('merchant_pending'),
      merchant_available: of('merchant_available'),
      merchant_held: of('merchant_held'),
      payout_in_transit: of('payout_in_transit'),
      suspense: of('suspense'),
      fee_income: of('fee_income'),
      channel_clearing: of('channel_clearing'),
      channel_cost: of('channel_cost'),
    };
  };

  const trialBalance = async () => {
    const reply = await admin.get('/admin/v1/ledger/trial-balance');
    expect(reply.status).toBe(200);
    return reply.body;
  };

  const armed = async (): Promise<{ fault: Fault; remaining: number }[]> =>
    (await plainJson('GET', control('/faults'))).body.armed;

  const batches = async (date: string, channel: Channel = 'wechat', kind = 'trade'): Promise<Batch[]> => {
    const query = `channel_account_id=${stage.channel_accounts[channel]}&bill_date=${date}&kind=${kind}&limit=100`;
    const reply = await admin.get(`/admin/v1/reconciliation/batches?${query}`);
    expect(reply.status).toBe(200);
    return reply.body.data;
  };

  /** Puts a statement where statements arrive; the batches of that day once all of it has been done. */
  const upload = async (date: string, name: string, bytes: Buffer, channel: Channel = 'wechat'): Promise<Batch[]> => {
    const Key = `statements/${stage.channel_accounts[channel]}/${date}/trade/${name}`;
    await s3.send(new PutObjectCommand({ Bucket: stage.statements_bucket, Key, Body: bytes }));
    await quiet();
    return batches(date, channel);
  };

  /** Moves the platform's clock and lets what is due be done. */
  const advance = async (seconds: number): Promise<void> => {
    const reply = await plainJson('POST', control('/clock'), { advance_seconds: seconds });
    expect(reply.status, JSON.stringify(reply.body)).toBe(200);
  };

  return {
    platform,
    stage,
    dataDir,
    wechat: wechatHand(stage.api, stage.channel_accounts.wechat, dataDir, now),
    /** What the platform was configured with; a changed copy of it can be imported. */
    configuration: configuration(identitiesIn(dataDir), sandbox),
    receiver,
    app,
    other,
    admin,
    operations: bearer(stage.api, stage.operations.token),
    risk: bearer(stage.api, stage.risk.token),
    maker: bearer(stage.api, stage.finance_maker.token),
    checker: bearer(stage.api, stage.finance_checker.token),
    now,
    said: (): readonly string[] => said,
    /** What the functions needed of their roles. */
    needs: (): readonly Need[] => [...needs.values()],
    quiet,
    forgetLooks,
    order,
    place,
    read,
    until,
    pay,
    paid,
    balances,
    trialBalance,
    armed,
    batches,
    upload,
    s3,
    /** A row of the orders table, for what no interface shows yet. */
    orderRow: async (pk: string): Promise<Record<string, unknown> | undefined> => {
      const [, TableName] =
        Object.entries(runtime.outputs).find(([name]) => name.startsWith('ExportsOutputRefOrders')) ?? [];
      return (await dynamodb.send(new GetCommand({ TableName, Key: { pk }, ConsistentRead: true }))).Item;
    },
    advance,
    /** To the next time at which a clock in Shanghai shows this. */
    moveTo: (time: `${number}:${number}`): Promise<void> =>
      advance(Math.ceil((nextInShanghai(now(), time).getTime() - now().getTime()) / 1_000)),
    /** The next matching events at the channel go wrong in this way. */
    spoil: async (fault: Fault, count = 1, channel: Channel = 'wechat'): Promise<void> => {
      const reply = await plainJson('POST', control('/faults'), { channel, fault, count });
      expect(reply.status, JSON.stringify(reply.body)).toBe(200);
    },
    /** The very bytes that the channel offers of a day. */
    bill: async (date: string, channel: Channel = 'wechat'): Promise<Buffer> => {
      const response = await fetch(control(`/statements/${channel}/${date}/trade`));
      expect(response.status).toBe(200);
      return Buffer.from(await response.arrayBuffer());
    },
    configure: (document: unknown) =>
      runtime.invoke(runtime.outputs['ConfigureFunction'] ?? 'ConfigureFunction', document),
    stop: async (): Promise<void> => {
      s3.destroy();
      sqs.destroy();
      dynamodb.destroy();
      const grants = runtime.grants();
      await platform.stop();
      noteUse([...needs.values()], grants);
      await receiver.close();
      if (own !== undefined) rmSync(own, { recursive: true, force: true });
    },
  };
};
export type Machine = Awaited<ReturnType<typeof startMachine>>;

/** Whoever needs what no grant of its role allows would be refused on AWS. */
export const denied = (
  { needs, platform }: Machine,
  grants: readonly Grant[] = platform.runtime.grants(),
): readonly Need[] => needs().filter((need) => !grants.some((grant) => allows(grant, need)));

/**
 * After each story no fault may wait for somebody else's event, everything that an app was told must have been signed, the
 * books must balance to the fen, nothing may have gone wrong in a way that nobody foresaw, and no secret may stand in a log, and no
 * function may have done what its role does not allow.
 */
const leaveInOrder = async (machine: Machine): Promise<void> => {
  const { quiet, armed, forgetLooks, receiver, trialBalance, said, stage, wechat } = machine;
  await quiet();
  await forgetLooks();
  expect(await armed(), 'faults that were left over').toEqual([]);
  expect(receiver.notBelieved()).toEqual([]);
  expect((await trialBalance()).difference).toBe(0);
  expect(said().filter((line) => unforeseen.test(line))).toEqual([]);
  expect(denied(machine)).toEqual([]);
  const secrets = [stage.app.webhook_secret, stage.other_app.webhook_secret, wechat.issued.api_v3_key, 'PRIVATE KEY'];
  expect(said().filter((line) => secrets.some((secret) => line.includes(secret)))).toEqual([]);
};

/** What the functions say of a bug, of a change that they cannot read, and of a batch that no try could finish; and what is said of a function that was ended. */
const unforeseen =
  /"message":"(failed|a change could not be understood|batch failed|Task timed out|Runtime exited)|invariant: /;

/** Shows what the machine has said during a story that fails. */
const showWhatWasSaid = ({ said }: Machine): void => {
  const before = said().length;
  onTestFailed(({ task }) => {
    const lines = said().slice(before).slice(-80);
    process.stderr.write(
      `${task.name}: what the machine said\n${lines.map((line) => `${line.slice(0, 400)}\n`).join('')}`,
    );
  });
};

/** One machine for the stories of a file or of a `describe`, each with orders of its own. */
export const useMachine = (options: Partial<PlatformOptions> = {}): (() => Machine) => {
  let machine: Machine | undefined;
  const get = (): Machine => {
    if (!machine) throw new Error('the machine is not running');
    return machine;
  };
  beforeAll(async () => {
    machine = await startMachine(options);
  });
  beforeEach(() => showWhatWasSaid(get()));
  afterEach(() => leaveInOrder(get()));
  afterAll(() => machine?.stop());
  return get;
};

/** A machine for one story alone. */
export const onMachine =
  (story: (machine: Machine) => Promise<void>, options: Partial<PlatformOptions> = {}) =>
  async (): Promise<void> => {
    const machine = await startMachine(options);
    showWhatWasSaid(machine);
    try {
      await story(machine);
      await leaveInOrder(machine);
    } finally {
      await machine.stop();
    }
  };
