import { createHash } from 'node:crypto';

import * as z from 'zod';

import { sizeLimit } from '#channels/files/lines.ts';
import { Unanswered } from '#channels/reply.ts';
import type { Fetched, StatementKind } from '#channels/statement.ts';

import { inflated } from './bill-text.ts';
import { contentOf, download, send, type Refusal, type Wire } from './wire.ts';

/*
 * 申请交易账单, 申请资金账单, 下载账单: a signed reply names an address, good for minutes, and the SHA-1 of the bill as it is unpacked,
 * with its byte order mark and its last line end. The file itself is not signed, so the hash is what is believed.
 */

/** One address for each kind. BASIC is the account that payments go into. */
const bills: Record<StatementKind, { readonly path: string; readonly query: Readonly<Record<string, string>> }> = {
  trade: { path: '/v3/bill/tradebill', query: { bill_type: 'ALL' } },
  fund: { path: '/v3/bill/fundflowbill', query: { account_type: 'BASIC' } },
};

const Offered = z.object({
  hash_type: z.literal('SHA1'),
  hash_value: z.string().regex(/^[0-9a-f]{40}$/i),
  download_url: z.string().max(2_048),
});

/** 64 MB pass in a minute on any line that a function has. */
const files = { bytes: sizeLimit, milliseconds: 60_000 };

/** NO_BILL_EXIST and BILL_CREATING are the older words; what the first means is less sure, so it decides nothing. */
const beingMade = new Set(['STATEMENT_CREATING', 'BILL_CREATING', 'NO_BILL_EXIST']);

const refused = ({ status, code }: Refusal): Fetched => {
  const isWord = status >= 400 && status < 500 && status !== 429;
  if (isWord && code === 'NO_STATEMENT_EXIST') return { kind: 'no_trades' };
  if (isWord && beingMade.has(code)) return { kind: 'not_yet' };
  throw new Unanswered(`asking for a bill: WeChat answered ${status} ${code || 'without a code'}`);
};

const unpacked = (bytes: Buffer): Buffer => {
  try {
    return inflated(bytes);
  } catch {
    throw new Unanswered('the bill arrived damaged, or is larger than any that is read');
  }
};

export const fetchStatement = async (wire: Wire, billDate: string, kind: StatementKind): Promise<Fetched> => {
  const { path, query } = bills[kind];
  const asked = new URLSearchParams({ bill_date: billDate, ...query, tar_type: 'GZIP' });
  const reply = await send(wire, 'GET', `${path}?${asked.toString()}`);
  if (!reply.ok) return refused(reply);
  const { hash_value, download_url } = Offered.parse(contentOf(reply));
  // Unpacked, it is the same bytes whenever it is fetched: what is packed says when it was.
  const bytes = unpacked(await download(wire, download_url, files));
  const hash = createHash('sha1').update(bytes).digest('hex');
  if (hash !== hash_value.toLowerCase())
    throw new Unanswered('the bill that arrived is not the one that was announced');
  return { kind: 'file', bytes };
};
