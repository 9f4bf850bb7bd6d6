import { createHash, randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import * as z from 'zod';
import type { Store } from '../../store.ts';
import { nowOf, type Desk } from '../desk.ts';
import { invalidRequest, Refusal } from '../refusal.ts';
import type { BillQuery, FundBillQuery } from '../requests.ts';
import { fundStatement } from './fund-bill.ts';
import { tradeStatement, type Statement } from './statement.ts';

const LIFE_MS = 5 * 60_000;
const File = z.object({ bytes: z.instanceof(Uint8Array), expires_at: z.int() });

export const defineDownloads = (store: Store): void =>
  store.define('CREATE TABLE IF NOT EXISTS wechat_files (token TEXT PRIMARY KEY, bytes BLOB, expires_at INTEGER)');

interface Offer {
  readonly gzip: boolean;
  readonly origin: string;
}

/** Says where to fetch a bill. The hash is over the whole of it, uncompressed, so a torn download shows. */
const offer = (desk: Desk, statement: Statement | undefined, { gzip, origin }: Offer) => {
  if (statement === undefined) throw new Refusal(400, 'NO_STATEMENT_EXIST', '账单文件不存在');
  const now = nowOf(desk);
  const token = randomBytes(32).toString('base64url');
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

/** Source: WeChat Pay API v3, 「申请交易账单」. */
export const offerTradeBill = (desk: Desk, query: BillQuery, origin: string) =>
  offer(desk, tradeStatement(desk, query.bill_date, query.bill_type), { gzip: query.tar_type === 'GZIP', origin });

/** Source: WeChat Pay API v3, 「申请资金账单」. The accounts for operations and for fees are empty here. */
export const offerFundBill = (desk: Desk, query: FundBillQuery, origin: string) => {
  const bytes = query.account_type === 'BASIC' ? fundStatement(desk, query.bill_date) : undefined;
  const statement = bytes && { whole: bytes, offered: bytes };
  return offer(desk, statement, { gzip: query.tar_type === 'GZIP', origin });
};

export const fetchFile = (desk: Desk, token: string): Buffer => {
  const file = desk.store.one(File, 'SELECT bytes, expires_at FROM wechat_files WHERE token = ?', token);
  if (file === undefined || file.expires_at <= nowOf(desk)) throw invalidRequest('下载地址已失效，请重新申请账单');
  return Buffer.from(file.bytes);
};
