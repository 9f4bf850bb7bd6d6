import { createSign } from 'node:crypto';
import { AlipaySdk } from 'alipay-sdk';
import { fromBuffer, type Entry, type ZipFile } from 'yauzl';
import * as z from 'zod';
import { control, today, type Given, type Heard } from './given.ts';

/** The official client, as its documentation says to make it. */
export const officialClient = (world: Given, over: Partial<ConstructorParameters<typeof AlipaySdk>[0]> = {}) => {
  const { alipay } = world.sandbox.credentials;
  return new AlipaySdk({
    appId: alipay.app_id,
    privateKey: alipay.app_private_key_pem,
    alipayPublicKey: alipay.alipay_public_key_pem,
    gateway: alipay.gateway,
    endpoint: world.sandbox.channels.alipay,
    camelcase: false,
    ...over,
  });
};

const signed = (params: Record<string, string>, key: string): Record<string, string> => {
  const message = Object.keys(params)
    .toSorted()
    .filter((name) => params[name] !== '')
    .map((name) => `${name}=${params[name]}`)
    .join('&');
  return { ...params, sign: createSign('RSA-SHA256').update(message).sign(key, 'base64') };
};

const Reply = z.record(z.string(), z.unknown());

interface How {
  readonly key?: string;
  /** Parameters beside `biz_content`; an empty one is sent and not signed. */
  readonly params?: Record<string, string>;
  readonly signal?: AbortSignal;
}

/** The parameters of a call signed by hand, for what the official client cannot say. */
export const paramsOf = (world: Given, method: string, content: unknown, how: How = {}): Record<string, string> => {
  const { alipay } = world.sandbox.credentials;
  return signed(
    {
      app_id: alipay.app_id,
      method,
      charset: 'utf-8',
      sign_type: 'RSA2',
      timestamp: '2026-01-31 09:30:00',
      version: '1.0',
      biz_content: JSON.stringify(content),
      ...how.params,
    },
    how.key ?? alipay.app_private_key_pem,
  );
};

/** Sends parameters as they are; answers the one member of the reply that is not its signature. */
export const sent = async (world: Given, params: Record<string, string>, how: How = {}) => {
  const response = await fetch(world.sandbox.credentials.alipay.gateway, {
    method: 'POST',
    body: new URLSearchParams(params),
    // A pooled connection would not survive the restarts of these tests.
    headers: { Connection: 'close' },
    ...(how.signal && { signal: how.signal }),
  });
  const text = await response.text();
  const { sign, ...rest } = Reply.parse(JSON.parse(text));
  const [[member, document] = ['', {}]] = Object.entries(rest);
  return { status: response.status, text, member, sign, document: Reply.parse(document) };
};

export const call = async (world: Given, method: string, content: unknown, how: How = {}) =>
  (await sent(world, paramsOf(world, method, content, how), how)).document;

let serial = 0;
export const orderNo = (): string => `AORDER${String((serial += 1)).padStart(8, '0')}`;

export const content = (over: Record<string, unknown> = {}) => ({
  out_trade_no: orderNo(),
  total_amount: '100.00',
  subject: '算盘一把',
  ...over,
});

export const placed = async (world: Given, over: Record<string, unknown> = {}): Promise<string> => {
  const order = content(over);
  const reply = await call(world, 'alipay.trade.precreate', order, { params: { notify_url: world.ear.url } });
  if (reply['code'] !== '10000') throw new Error(`not placed: ${JSON.stringify(reply)}`);
  return order.out_trade_no;
};

export const pays = (world: Given, no: string) => control(world, 'POST', `/payer/alipay/${no}/pay`);

export const paid = async (world: Given, over: Record<string, unknown> = {}): Promise<string> => {
  const no = await placed(world, over);
  const { status } = await pays(world, no);
  if (status !== 200) throw new Error(`not paid: ${status}`);
  return no;
};

export const asked = (world: Given, no: string) => call(world, 'alipay.trade.query', { out_trade_no: no });

export const refunded = (world: Given, no: string, requestNo: string, yuan: string) =>
  call(world, 'alipay.trade.refund', { out_trade_no: no, out_request_no: requestNo, refund_amount: yuan });

export const armed = async (world: Given, fault: string, count = 1): Promise<void> => {
  const { status } = await control(world, 'POST', '/faults', { channel: 'alipay', fault, count });
  if (status !== 200) throw new Error(`not armed: ${fault}`);
};

/** A notification as the official client sees it. */
export const opened = (world: Given, notice: Heard, client = officialClient(world)) => {
  const told = Object.fromEntries(new URLSearchParams(notice.body));
  return { genuine: client.checkNotifySignV2(told), told };
};

export const statement = (world: Given, kind = 'trade', date = today(world)) =>
  control(world, 'GET', `/statements/alipay/${date}/${kind}`);

const opening = (bytes: Buffer) =>
  new Promise<ZipFile>((resolve, reject) =>
    fromBuffer(bytes, { lazyEntries: true, decodeStrings: false, autoClose: false }, (error, zip) =>
      error ? reject(error) : resolve(zip),
    ),
  );

const bytesOf = (zip: ZipFile, entry: Entry) =>
  new Promise<Buffer>((resolve, reject) =>
    zip.openReadStream(entry, (error, stream) => {
      if (error) return reject(error);
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => resolve(Buffer.concat(chunks)));
      stream.on('error', reject);
    }),
  );

export interface Member {
  readonly name: string;
  readonly flags: number;
  readonly crc32: number;
  readonly bytes: Buffer;
}

const entriesOf = (zip: ZipFile) =>
  new Promise<Entry[]>((resolve, reject) => {
    const entries: Entry[] = [];
    zip.on('entry', (entry: Entry) => {
      entries.push(entry);
      zip.readEntry();
    });
    zip.on('end', () => resolve(entries)).on('error', reject);
    zip.readEntry();
  });

/** The members of an archive, in their order, their names read as GBK. */
export const membersOf = async (archive: Buffer): Promise<Member[]> => {
  const zip = await opening(archive);
  const gbk = new TextDecoder('gb18030', { fatal: true });
  const entries = await entriesOf(zip);
  return Promise.all(
    entries.map(async (entry) => ({
      name: gbk.decode(Buffer.from(entry.fileName as unknown as Uint8Array)),
      flags: entry.generalPurposeBitFlag,
      crc32: entry.crc32,
      bytes: await bytesOf(zip, entry),
    })),
  );
};

/** Reads one CSV of a bill with nothing but its own rules: columns by name, no quoting, tabs after text. */
export const sheetOf = (bytes: Buffer) => {
  const text = new TextDecoder('gb18030', { fatal: true }).decode(bytes);
  const lines = text.split('\r\n');
  const start = lines.findIndex((line) => !line.startsWith('#'));
  const end = lines.findIndex((line) => line.includes('列表结束'));
  const header = (lines[start] ?? '').split(',');
  const rows = lines.slice(start + 1, end < 0 ? -1 : end).map((line) => {
    const cells = line.split(',');
    if (cells.length !== header.length) throw new Error(`ragged: ${line}`);
    return Object.fromEntries(header.map((name, index) => [name, (cells[index] ?? '').replace(/\t$/, '')]));
  });
  return { text, head: lines.slice(0, start), header, rows, foot: end < 0 ? [] : lines.slice(end) };
};

/** Both sheets of a bill. */
export const billOf = async (archive: Buffer) => {
  const [summary, detail] = await membersOf(archive);
  if (summary === undefined || detail === undefined) throw new Error('an archive of two files');
  return { names: [summary.name, detail.name], summary: sheetOf(summary.bytes), detail: sheetOf(detail.bytes) };
};
