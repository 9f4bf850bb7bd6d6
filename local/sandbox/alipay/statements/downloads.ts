import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import * as z from 'zod';
import type { Reply } from '../../server.ts';
import type { Store } from '../../store.ts';
import { nowOf, type Desk } from '../desk.ts';
import { refused } from '../wire/refusal.ts';
import type { Request } from '../wire/requests.ts';
import { statementOf } from './statement.ts';

const LIFE_MS = 30_000;
const File = z.object({ bytes: z.instanceof(Uint8Array), expires_at: z.int() });

export const defineDownloads = (store: Store): void =>
  store.define('CREATE TABLE IF NOT EXISTS alipay_files (id TEXT PRIMARY KEY, bytes BLOB, expires_at INTEGER)');

/** Whoever has the address may have the file: it is signed, and good for half a minute. */
const tokenOf = (desk: Desk, query: URLSearchParams): Buffer =>
  createHmac('sha256', desk.issued.alipay_private_key_pem).update(query.toString()).digest();

/** Says where to fetch a bill. @see https://opendocs.alipay.com/open/3c9f1bcf_alipay.data.dataservice.bill.downloadurl.query */
export const offerBill = (desk: Desk, { bill_type, bill_date }: Request<'bill'>, origin: string): string => {
  const bytes = statementOf(desk, bill_date, bill_type === 'trade' ? 'trade' : 'fund');
  // As the gateway says it; the documentation calls it BILL_NOT_EXIST.
  if (bytes === undefined) throw refused('isp.bill_not_exist', '账单不存在');
  const now = nowOf(desk);
  const id = randomBytes(16).toString('hex');
  desk.store.run('DELETE FROM alipay_files WHERE expires_at <= ?', now);
  desk.store.run('INSERT INTO alipay_files (id, bytes, expires_at) VALUES (?, ?, ?)', id, bytes, now + LIFE_MS);
  const query = new URLSearchParams({
    bizType: bill_type,
    userId: `${desk.issued.seller_id}0156`,
    fileType: 'csv.zip',
    bizDates: bill_date.replaceAll('-', ''),
    downloadFileName: `${desk.issued.seller_id}_${bill_date}.csv.zip`,
    fileId: id,
    timestamp: String(now),
  });
  const token = tokenOf(desk, query).toString('hex');
  query.append('token', token);
  return `${origin}/downloadBillFile.resource?${query.toString()}`;
};

const gone: Reply = {
  status: 403,
  headers: { 'Content-Type': 'text/plain; charset=utf-8' },
  body: '下载地址无效或已过期',
};

export const fetchBill = (desk: Desk, query: URLSearchParams): Reply => {
  const told = Buffer.from(query.get('token') ?? '', 'hex');
  const rest = new URLSearchParams([...query].filter(([name]) => name !== 'token'));
  const right = tokenOf(desk, rest);
  if (told.length !== right.length || !timingSafeEqual(told, right)) return gone;
  const sql = 'SELECT bytes, expires_at FROM alipay_files WHERE id = ?';
  const file = desk.store.one(File, sql, query.get('fileId') ?? '');
  if (file === undefined || file.expires_at <= nowOf(desk)) return gone;
  return {
    status: 200,
    headers: {
      'Content-Type': 'application/octet-stream',
      'Content-Disposition': `attachment; filename=${query.get('downloadFileName') ?? 'bill'}`,
    },
    body: Buffer.from(file.bytes),
  };
};
