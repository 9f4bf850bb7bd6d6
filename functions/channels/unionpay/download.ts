import { promisify } from 'node:util';
import { inflate } from 'node:zlib';

import * as z from 'zod';

import { beijingTime } from '#channels/beijing.ts';
import { sizeLimit } from '#channels/files/lines.ts';
import { mustBe, Unanswered } from '#channels/reply.ts';
import { stampOf } from '#channels/stamp.ts';
import { StatementError, type Fetched } from '#channels/statement.ts';

import { nameOf } from './bills/bill.ts';
import { monthAndDay } from './times.ts';
import { send, unanswered, type Wire } from './wire.ts';

/*
 * 文件传输 (76): the archive of a settlement day stands within the signed reply, packed once more. It is asked for by month and
 * day; of which year it is, its own names say.
 */

/** Files have a host of their own beside the gateway's; anywhere else they are where everything is. */
const addressOf = ({ origin }: Wire): URL => {
  const url = new URL('/', origin);
  if (/^gateway\.(test\.)?95516\.com$/.test(url.hostname))
    url.hostname = url.hostname.replace('gateway', 'filedownload');
  return url;
};

/** 文件不存在: not made yet, or a day without any. Whoever asks from two in the afternoon on has asked eight times. */
const isNotThere = (code: string) => code === '98';
const surelyMadeAt = '14:00:00';

const nothingThere = (wire: Wire, billDate: string): Fetched => {
  const dayAfter = beijingTime(new Date(wire.now().getTime() - 86_400_000));
  return { kind: dayAfter >= `${billDate} ${surelyMadeAt}` ? 'no_trades' : 'not_yet' };
};

const unpacked = promisify(inflate);

const archiveIn = async (fileContent: string): Promise<Buffer> => {
  try {
    return await unpacked(Buffer.from(fileContent, 'base64'), { maxOutputLength: sizeLimit });
  } catch {
    throw new Unanswered('the file that arrived cannot be unpacked');
  }
};

/** A file takes as long as it must, while something of it arrives. */
const patience = () => {
  const controller = new AbortController();
  const stop = () => controller.abort(new Unanswered('nothing arrived for 8 seconds'));
  const timer = setTimeout(stop, 8_000);
  return { signal: controller.signal, heard: () => void timer.refresh(), end: () => clearTimeout(timer) };
};

const Offered = z.object({ fileContent: z.string().min(1), settleDate: z.string() });

export const fetchStatement = async (wire: Wire, billDate: string): Promise<Fetched> => {
  const settleDate = monthAndDay(billDate);
  const waiting = patience();
  const fields = {
    txnType: '76',
    txnSubType: '01',
    bizType: '000000',
    fileType: '00',
    txnTime: stampOf(wire.now()),
    settleDate,
  };
  const reply = await send(wire, addressOf(wire), fields, { ...waiting, limit: 2 * sizeLimit }).finally(waiting.end);
  mustBe('day', reply.fields['settleDate'], settleDate);
  if (isNotThere(reply.code)) return nothingThere(wire, billDate);
  if (reply.code !== '00') throw unanswered('asking for a statement', reply);
  const bytes = await archiveIn(Offered.parse(reply.fields).fileContent);
  const name = await nameOf(bytes).catch((error: unknown) => {
    if (!(error instanceof StatementError)) throw error;
    throw new Unanswered(`the statement arrived damaged: ${error.reason}`);
  });
  // Whether its rows add up is for the batch to say, with the line.
  if (name.merchant !== wire.merchant || name.date !== billDate)
    throw new Unanswered('the statement that arrived is of another merchant or day');
  return { kind: 'file', bytes };
};
