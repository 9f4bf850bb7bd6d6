import * as z from 'zod';

import { beijingTime } from '#channels/beijing.ts';
import { sizeLimit } from '#channels/files/lines.ts';
import { isZip } from '#channels/files/zip.ts';
import { bytesOf, Unanswered } from '#channels/reply.ts';
import { StatementError, type Fetched, type StatementKind } from '#channels/statement.ts';

import { headOf } from './bills/bill.ts';
import { contentOf, isRefused, send, within8Seconds, type Wire } from './wire.ts';

/*
 * 查询对账单下载地址: a signed reply names an address, good for 30 seconds, on another host of Alipay's. Neither the file nor a hash
 * of it is signed: it is believed for the address it came from, its own checksums, and what it says of itself.
 */

const types: Record<StatementKind, string> = { trade: 'trade', fund: 'signcustomer' };

const Offered = z.object({ bill_download_url: z.string().max(2_048) });

/** Both spellings are in use. */
const isNotThere = (subCode: string) => /^(isp\.)?bill_not_exist$/i.test(subCode);

/**
 * Alipay says the same of a bill that is not made yet and of a day without any. Bills are made until nine, late ones within the
 * morning; whoever asks from two in the afternoon on has asked eight times.
 */
const surelyMadeAt = '14:00:00';

const nothingThere = (wire: Wire, billDate: string): Fetched => {
  const dayAfter = beijingTime(new Date(wire.now().getTime() - 86_400_000));
  return { kind: dayAfter >= `${billDate} ${surelyMadeAt}` ? 'no_trades' : 'not_yet' };
};

const isLoopback = (hostname: string) => /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
const isAlipay = (hostname: string) => /(^|\.)(alipay|alipayobjects)\.com$/.test(hostname);

/** Alipay's documents show addresses without TLS; its hosts have it. */
const overTls = (url: URL): URL => {
  if (url.protocol === 'http:' && url.port === '' && isAlipay(url.hostname)) url.protocol = 'https:';
  return url;
};

/** Of a host of Alipay, over TLS; where the gateway is on this machine, so is everything. */
const isTheirs = ({ protocol, port, hostname }: URL, gateway: URL) =>
  protocol === 'https:' && port === '' && isAlipay(hostname) && !isLoopback(gateway.hostname);

/** Nobody's reply makes us call anybody: the address is of a host of Alipay or of the gateway's origin, and never the gateway. */
const addressIn = (wire: Wire, text: string): URL => {
  const gateway = new URL(wire.gateway);
  const given = URL.parse(text);
  const url = given && overTls(given);
  const isBare = url?.username === '' && url.password === '' && url.pathname !== gateway.pathname;
  if (!url || !isBare || !(url.origin === gateway.origin || isTheirs(url, gateway)))
    throw new Unanswered('the address of the bill is not one of Alipay');
  return url;
};

const download = async (url: URL): Promise<Buffer> => {
  const response = await fetch(url, {
    headers: { 'User-Agent': 'Suanpan' },
    redirect: 'error',
    signal: AbortSignal.timeout(60_000),
  });
  const bytes = await bytesOf(response, sizeLimit);
  if (response.status !== 200) throw new Unanswered(`downloading: Alipay answered ${response.status}`);
  return bytes;
};

/** Whether it is the bill that was asked for, whole. That its figures add up is for the batch to say, with the line. */
const check = async (bytes: Buffer, merchant: string, billDate: string, kind: StatementKind): Promise<void> => {
  if (!isZip(bytes)) throw new Unanswered('what arrived is no archive');
  const head = await headOf(bytes, kind).catch((error: unknown) => {
    if (!(error instanceof StatementError)) throw error;
    throw new Unanswered(`the bill arrived damaged: ${error.reason}`);
  });
  if (head.merchant !== merchant || beijingTime(head.from) !== `${billDate} 00:00:00`)
    throw new Unanswered('the bill that arrived is of another account or day');
};

export const fetchStatement = async (
  wire: Wire,
  merchant: string,
  billDate: string,
  kind: StatementKind,
): Promise<Fetched> => {
  const content = { bill_type: types[kind], bill_date: billDate };
  const ask = { method: 'alipay.data.dataservice.bill.downloadurl.query', content };
  const reply = await send(wire, ask, within8Seconds());
  if (isRefused(reply) && isNotThere(reply.subCode)) return nothingThere(wire, billDate);
  const { bill_download_url } = contentOf('asking for a bill', reply, Offered);
  const bytes = await download(addressIn(wire, bill_download_url));
  await check(bytes, merchant, billDate, kind);
  return { kind: 'file', bytes };
};
