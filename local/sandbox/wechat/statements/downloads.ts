import { createHash, randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import * as z from 'zod';
import type { Store } from '../../store.ts';
import { nowOf, type Desk } from '../desk.ts';
import { invalidRequest, Refusal } from '../refusal.ts';
import type { BillQuery } from '../requests.ts';
import { tradeStatement } from './statement.ts';

const LIFE_MS = 5 * 60_000;
const File = z.object({ bytes: z.instanceof(Uint8Array), expires_at: z.int() });

export const defineDownloads = (store: Store): void =>
  store.define('CREATE TABLE IF NOT EXISTS wechat_files (token TEXT PRIMARY KEY, bytes BLOB, expires_at INTEGER)');

/**
 * Makes the bill and says where to fetch it. The hash is over the whole bill, uncompressed, so a torn download shows.
 * Source: WeChat Pay API v3, 「申请交易账单」.
 */
export const offerTradeBill = (desk: Desk, query: BillQuery, origin: string) => {
  const statement = tradeStatement(desk, query.bill_date, query.bill_type);
  if (statement === undefined) throw new Refusal(400, 'NO_STATEMENT_EXIST', '账单文件不存在');
  const now = nowOf(desk);
  const token = randomBytes(32).toString('base64url');
  const gzip = query.tar_type === 'GZIP';
  desk.store.run('DELETE FROM wechat_files WHERE expires_at <= ?', now);
  desk.store.run(
    'INSERT INTO wechat_files (token, bytes, expires_at) VALUES (?, ?, ?)',
    token,
    gzip ? gzipSync(statement.offered) : statement.offered,
    now + LIFE_MS,
  );
  return {
    hash_type: 'SHA1',
    hash_value: createHash('sha1').update(statement.whole).digest('hex'),
    download_url: `${origin}/v3/billdownload/file?token=${token}${gzip ? '&tartype=gzip' : ''}`,
  };
};

export const fetchFile = (desk: Desk, token: string): Buffer => {
  const file = desk.store.one(File, 'SELECT bytes, expires_at FROM wechat_files WHERE token = ?', token);
  if (file === undefined || file.expires_at <= nowOf(desk)) throw invalidRequest('下载地址已失效，请重新申请账单');
  return Buffer.from(file.bytes);
};
