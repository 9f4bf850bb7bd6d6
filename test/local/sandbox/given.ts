import { createSign, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Aes, Formatter, Rsa } from 'wechatpay-axios-plugin';
import * as z from 'zod';
import { inject } from 'vitest';
import { startSandbox, type Sandbox } from '../../../local/sandbox/sandbox.ts';
import { bringKeysOfChannels } from '../../keys-of-the-run.ts';

const parsed = (text: string): Record<string, unknown> => z.record(z.string(), z.unknown()).parse(JSON.parse(text));

/** So many seconds from now, as a merchant writes it. */
export const inSeconds = (world: Given, seconds: number): string =>
  `${new Date(world.clock.now().getTime() + seconds * 1000 + 8 * 3_600_000).toISOString().slice(0, 19)}+08:00`;

/** A clock that runs and can be moved, as the platform's. */
export const runningClock = () => {
  let offset = 0;
  return {
    now: () => new Date(Date.now() + offset),
    advance: (seconds: number) => {
      offset += seconds * 1000;
      return Promise.resolve();
    },
  };
};

/** Waits for a fact, and says which one never came. */
export const until = async (what: string, fact: () => boolean | Promise<boolean>, ms = 5000): Promise<void> => {
  const end = Date.now() + ms;
  while (!(await fact())) {
    if (Date.now() > end) throw new Error(`in vain: ${what}`);
    await pause(5);
  }
};

export interface Heard {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly path: string;
}

/** The merchant's ear: hears callbacks and answers what it is told to. */
const listening = async () => {
  const heard: Heard[] = [];
  const ear = { status: 204, answering: true, body: '' };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      heard.push({ headers: request.headers, body: Buffer.concat(chunks).toString(), path: request.url ?? '' });
      if (ear.answering) response.writeHead(ear.status, { location: '/elsewhere' }).end(ear.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = z.object({ port: z.int() }).parse(server.address());
  return {
    heard,
    ear,
    url: `http://127.0.0.1:${port}/callbacks`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
};

/** Channels of a first start; their keys are those of the run, or new ones for who must be somebody else. */
export const given = async (keys: 'of the run' | 'new' = 'of the run') => {
  const dataDir = mkdtempSync(join(tmpdir(), 'sandbox-'));
  if (keys === 'of the run') bringKeysOfChannels(inject('keys'), dataDir);
  const clock = runningClock();
  const lines: string[] = [];
  const start = () => startSandbox({ dataDir, clock, log: (line) => lines.push(line) });
  const ear = await listening();
  const state: { sandbox: Sandbox } = { sandbox: await start() };
  return {
    clock,
    dataDir,
    lines,
    ear,
    get sandbox() {
      return state.sandbox;
    },
    restart: async (meanwhile: () => Promise<void> = () => Promise.resolve()) => {
      await state.sandbox.stop();
      await meanwhile();
      state.sandbox = await start();
    },
    end: async () => {
      await state.sandbox.stop();
      ear.close();
      rmSync(dataDir, { recursive: true });
    },
  };
};
export type Given = Awaited<ReturnType<typeof given>>;

export interface Signing {
  readonly mchid?: string;
  readonly serial?: string;
  readonly key?: string;
  readonly timestamp?: number;
  readonly signedBody?: string;
  readonly signedPath?: string;
  readonly signal?: AbortSignal;
}

/** A merchant's call signed by hand, at the sandbox's time, for what the official client cannot say. */
export const call = async (world: Given, method: string, target: string, body?: unknown, how: Signing = {}) => {
  const { wechat } = world.sandbox.credentials;
  const text = body === undefined ? '' : JSON.stringify(body);
  const timestamp = how.timestamp ?? Math.floor(world.clock.now().getTime() / 1000);
  const nonce = randomBytes(16).toString('hex');
  const message = `${method}\n${how.signedPath ?? target}\n${timestamp}\n${nonce}\n${how.signedBody ?? text}\n`;
  const signature = createSign('RSA-SHA256')
    .update(message)
    .sign(how.key ?? wechat.merchant_private_key_pem, 'base64');
  const response = await fetch(world.sandbox.channels.wechat + target, {
    method,
    headers: {
      Authorization: `WECHATPAY2-SHA256-RSA2048 mchid="${how.mchid ?? wechat.mchid}",nonce_str="${nonce}",timestamp="${timestamp}",serial_no="${how.serial ?? wechat.merchant_serial}",signature="${signature}"`,
      Accept: 'application/json',
      'Content-Type': 'application/json',
      // A pooled connection would not survive the restarts of these tests.
      Connection: 'close',
    },
    ...(body === undefined ? {} : { body: text }),
    ...(how.signal === undefined ? {} : { signal: how.signal }),
  });
  const bytes = Buffer.from(await response.arrayBuffer());
  const isJson = (response.headers.get('content-type') ?? '').includes('json');
  return { status: response.status, headers: response.headers, bytes, json: isJson ? parsed(bytes.toString()) : {} };
};

let serial = 0;
export const orderNo = (): string => `ORDER${String((serial += 1)).padStart(8, '0')}`;

export const orderOf = (
  world: Given,
  over: Record<string, unknown> = {},
): Record<string, unknown> & { out_trade_no: string } => ({
  appid: world.sandbox.credentials.wechat.appid,
  mchid: world.sandbox.credentials.wechat.mchid,
  description: '算盘一把',
  out_trade_no: orderNo(),
  notify_url: world.ear.url,
  amount: { total: 10_000, currency: 'CNY' },
  ...over,
});

const PLACE = '/v3/pay/transactions/native';

export const placed = async (world: Given, over: Record<string, unknown> = {}): Promise<string> => {
  const order = orderOf(world, over);
  const { status, json } = await call(world, 'POST', PLACE, order);
  if (status !== 200) throw new Error(`not placed: ${JSON.stringify(json)}`);
  return order.out_trade_no;
};

export const asked = (world: Given, no: string) =>
  call(world, 'GET', `/v3/pay/transactions/out-trade-no/${no}?mchid=${world.sandbox.credentials.wechat.mchid}`);

export const closed = (world: Given, no: string) =>
  call(world, 'POST', `/v3/pay/transactions/out-trade-no/${no}/close`, {
    mchid: world.sandbox.credentials.wechat.mchid,
  });

export const refunded = (world: Given, no: string, refundNo: string, refund: number, total = 10_000, over = {}) =>
  call(world, 'POST', '/v3/refund/domestic/refunds', {
    out_trade_no: no,
    out_refund_no: refundNo,
    notify_url: `${world.ear.url}/refunds`,
    amount: { refund, total, currency: 'CNY' },
    ...over,
  });

/** The control side, as a person or a test uses it. */
export const control = async (world: Given, method: string, path: string, body?: unknown, headers = {}) => {
  const response = await fetch(world.sandbox.control + path, {
    method,
    headers: { 'Content-Type': 'application/json', Connection: 'close', ...headers },
    redirect: 'manual',
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const bytes = Buffer.from(await response.arrayBuffer());
  const isJson = (response.headers.get('content-type') ?? '').includes('json');
  return { status: response.status, headers: response.headers, bytes, json: isJson ? parsed(bytes.toString()) : {} };
};

export const pays = (world: Given, no: string) => control(world, 'POST', `/payer/wechat/${no}/pay`);

export const paid = async (world: Given, over: Record<string, unknown> = {}): Promise<string> => {
  const no = await placed(world, over);
  const { status } = await pays(world, no);
  if (status !== 200) throw new Error(`not paid: ${status}`);
  return no;
};

export const armed = async (world: Given, fault: string, count = 1): Promise<void> => {
  const { status } = await control(world, 'POST', '/faults', { channel: 'wechat', fault, count });
  if (status !== 200) throw new Error(`not armed: ${fault}`);
};

const Envelope = z.strictObject({
  id: z.string(),
  create_time: z.string(),
  resource_type: z.literal('encrypt-resource'),
  event_type: z.string(),
  summary: z.string(),
  resource: z.strictObject({
    original_type: z.string(),
    algorithm: z.literal('AEAD_AES_256_GCM'),
    ciphertext: z.string(),
    associated_data: z.string(),
    nonce: z.string().length(12),
  }),
});

/** Opens a callback as the official client does; `genuine` is its verdict on the signature. */
export const opened = (world: Given, notice: Heard) => {
  const { wechat } = world.sandbox.credentials;
  const header = (name: string) => String(notice.headers[name]);
  const envelope = Envelope.parse(JSON.parse(notice.body));
  const { ciphertext, nonce, associated_data } = envelope.resource;
  const signed = Formatter.response(header('wechatpay-timestamp'), header('wechatpay-nonce'), notice.body);
  return {
    id: envelope.id,
    event: envelope.event_type,
    genuine:
      header('wechatpay-serial') === wechat.platform_serial &&
      Rsa.verify(signed, header('wechatpay-signature'), wechat.platform_public_key_pem),
    sentAt: Number(header('wechatpay-timestamp')),
    nonce: header('wechatpay-nonce'),
    resource: parsed(Aes.AesGcm.decrypt(ciphertext, wechat.api_v3_key, nonce, associated_data)),
  };
};

/** The day a statement would put a payment of this moment on. */
export const today = (world: Given): string =>
  new Date(world.clock.now().getTime() + 8 * 3_600_000).toISOString().slice(0, 10);

export const statementOf = (world: Given, date = today(world)) =>
  control(world, 'GET', `/statements/wechat/${date}/trade`);

const cells = (line: string, names: string[]) => {
  const values = line.split(',').map((cell) => cell.slice(1));
  if (values.length !== names.length) throw new Error(`ragged: ${line}`);
  return Object.fromEntries(names.map((name, index) => [name, values[index] ?? '']));
};

/** Reads a bill with nothing but its own rules: columns by name, no quoting, one backtick before each cell. */
export const billOf = (bytes: Buffer) => {
  const text = bytes.toString('utf8');
  const lines = text.split('\r\n');
  const foot = lines.findIndex((line, index) => index > 0 && !line.startsWith('`'));
  const header = (lines[0] ?? '').replace(/^\uFEFF/, '').split(',');
  return {
    text,
    header,
    rows: lines.slice(1, foot).map((line) => cells(line, header)),
    summary: cells(lines[foot + 1] ?? '', (lines[foot] ?? '').split(',')),
    rest: lines.slice(foot + 2),
  };
};

const fen = (yuan: string): bigint => BigInt(yuan.replace('.', ''));
const sum = (rows: Record<string, string>[], column: string, decimals: number): string => {
  const total = rows.reduce((so, row) => so + fen(row[column] ?? ''), 0n);
  const digits = String(total < 0n ? -total : total).padStart(decimals + 1, '0');
  return `${total < 0n ? '-' : ''}${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
};

/** The totals a bill's own rows prove. */
export const totalsOf = (rows: Record<string, string>[]) => ({
  总交易单数: String(rows.length),
  应结订单总金额: sum(rows, '应结订单金额', 2),
  退款总金额: sum(rows, '退款金额', 2),
  充值券退款总金额: sum(rows, '充值券退款金额', 2),
  手续费总金额: sum(rows, '手续费', 5),
  订单总金额: sum(rows, '订单金额', 2),
  申请退款总金额: sum(rows, '申请退款金额', 2),
});
