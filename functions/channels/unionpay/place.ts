import * as z from 'zod';

import type { Capabilities, Method, OrderToPlace, Placing } from '#channels/channel.ts';
import { stampOf } from '#channels/stamp.ts';

import { failureOf, isFailure, isRepeated } from './codes.ts';
import {
  addressOf,
  keyOf,
  sendAbout,
  signedFields,
  unanswered,
  within8Seconds,
  type Reply,
  type Wire,
} from './wire.ts';

/*
 * 消费. On the gateway's page and on a phone's the payer's browser brings a form that we have signed: nothing is placed before,
 * and what was signed cannot be taken back, only `payTimeout` ends it. Codes are asked for by ourselves.
 */

type Way = (wire: Wire, order: OrderToPlace) => Placing | Promise<Placing>;

const bytesIn = 32;

/** Replies hold it as it is: nothing that separates fields may be in it. At most 32 bytes, and no half character. */
const described = (subject: string): string => {
  let text = '';
  for (const character of subject.replace(/[&={}[\]\p{Cc}]/gu, ' ').trim()) {
    if (Buffer.byteLength(text + character) > bytesIn) break;
    text += character;
  }
  return text;
};

const fieldsFor = (order: OrderToPlace, more: Readonly<Record<string, string | undefined>>) => ({
  txnType: '01',
  currencyCode: '156',
  txnAmt: String(order.amount),
  backUrl: order.notifyUrl,
  payTimeout: stampOf(order.expiresAt),
  orderDesc: described(order.subject),
  ...keyOf(order.channelOrderNo, order.createdAt),
  ...more,
});

/** A page of UnionPay's, to which the browser posts what we have signed. 07 is a computer, 08 a phone. */
const opened =
  (channelType: '07' | '08'): Way =>
  (wire, order) => {
    const given = { txnSubType: '01', bizType: '000201', channelType, frontUrl: order.returnUrl };
    const fields = { ...signedFields(wire, fieldsFor(order, given)) };
    return { kind: 'placed', action: { type: 'form', url: addressOf(wire, 'frontTransReq').href, fields } };
  };

/** What became of placing when it did not go as asked. */
const refused = (reply: Reply): Placing => {
  if (isRepeated(reply.code)) return { kind: 'ask' };
  if (isFailure(reply.code)) return { kind: 'refused', failure: failureOf(reply.code, reply.message) };
  throw unanswered('placing', reply);
};

const inBack = (wire: Wire, order: OrderToPlace, more: Readonly<Record<string, string | undefined>>): Promise<Reply> =>
  sendAbout(
    wire,
    addressOf(wire, 'backTransReq'),
    fieldsFor(order, { bizType: '000000', channelType: '08', ...more }),
    within8Seconds(),
  );

const Shown = z.object({ qrCode: z.string().min(1).max(1_024) });

/** 主扫: a code that the payer scans. */
const asCode: Way = async (wire, order) => {
  const reply = await inBack(wire, order, { txnSubType: '07' });
  if (reply.code !== '00') return refused(reply);
  const { qrCode } = Shown.parse(reply.fields);
  return { kind: 'placed', action: { type: 'qr_code', content: qrCode } };
};

/** 终端号 has eight characters; where the shop tells none, or another, the counter has a number of its own. */
const termIdOf = (terminal = ''): string => (/^[0-9A-Za-z]{8}$/.test(terminal) ? terminal : '00000001');

/** 被扫: the payer's own code. It is taken at once, and what became of it is heard or asked: 00 and 05 both say that it was taken. */
const byCode: Way = async (wire, order) => {
  const reply = await inBack(wire, order, {
    txnSubType: '06',
    qrNo: order.payer.auth_code,
    termId: termIdOf(order.payer.terminal),
  });
  return ['00', '05'].includes(reply.code) ? { kind: 'placed', action: { type: 'none' } } : refused(reply);
};

const ways = new Map<Method, Way>([
  ['unionpay_gateway', opened('07')],
  ['unionpay_wap', opened('08')],
  ['unionpay_qr', asCode],
  ['unionpay_code', byCode],
]);

export const methods: readonly Method[] = [...ways.keys()];
export const needs: Capabilities['needs'] = { unionpay_code: ['auth_code'] };

export const placeOrder = async (wire: Wire, order: OrderToPlace): Promise<Placing> => {
  const way = ways.get(order.method);
  if (!way) throw new Error(`UnionPay is not asked for ${order.method}`);
  return way(wire, order);
};
