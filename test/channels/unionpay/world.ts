import { deflateSync } from 'node:zlib';

import { afterAll, beforeAll, beforeEach } from 'vitest';

import { ChannelAccount } from '#channels/account.ts';
import type { Channel, OrderToPlace, RefundToPlace } from '#channels/channel.ts';
import { channelKind } from '#channels/registry.ts';

import { archiveOf, billMerchant, someRows, zmOf } from './bill.ts';
import { certificates, merchantKeyPem, unionpayServer, type Asked, type Said } from './server.ts';

/* UnionPay's own side, for the tests of one file: what it can say, and a channel that talks to it. */

export const now = new Date('2026-01-31T02:00:00.000Z');
let clock = now;
export const kind = channelKind('unionpay');
export const merId = billMerchant;

export const code: OrderToPlace = {
  channelOrderNo: '01KG7X0000ORDER0000000001',
  appId: 'app_00000000000000000000000001',
  method: 'unionpay_code',
  amount: 12_345n,
  currency: 'CNY',
  createdAt: new Date('2026-01-31T01:59:57.600Z'),
  subject: '一杯茶',
  expiresAt: new Date('2026-01-31T02:30:00.000Z'),
  notifyUrl: 'https://pay.example.com/callbacks/unionpay/chn_1',
  payer: { auth_code: '6200000000000000001' },
};

export const qr: OrderToPlace = { ...code, method: 'unionpay_qr', payer: {} };
export const queryId = '782601310959580674018';

export const refund: RefundToPlace = {
  channelRefundNo: '01KG7X0000REFUND000000001',
  channelOrderNo: code.channelOrderNo,
  channelTradeNo: queryId,
  amount: 345n,
  paid: code.amount,
  currency: 'CNY',
  createdAt: new Date('2026-01-31T01:59:00.500Z'),
  reason: '退货',
  notifyUrl: 'https://pay.example.com/callbacks/unionpay/chn_1',
};

export const said = (respCode: string, more: Record<string, string> = {}): Said => ({
  body: { merId, respCode, respMsg: `说明[${respCode}&6100]`, ...more },
});

export const orderKey = { orderId: code.channelOrderNo, txnTime: '20260131095957' };
export const refundKey = { orderId: refund.channelRefundNo, txnTime: '20260131095900' };
export const about = (respCode: string, more: Record<string, string> = {}) => said(respCode, { ...orderKey, ...more });

export const orderIs = (origRespCode: string, more: Record<string, string> = {}) =>
  about('00', {
    txnType: '01',
    txnAmt: '12345',
    currencyCode: '156',
    queryId,
    origRespCode,
    origRespMsg: '说明',
    ...more,
  });

export const money = { traceTime: '0131095958', traceNo: '067401', settleDate: '0131' };
export const paid = orderIs('00', money);

export const refunded = (respCode: string, more: Record<string, string> = {}) =>
  said(respCode, { ...refundKey, txnType: '04', txnAmt: '345', origQryId: queryId, ...more });

export const refundIs = (origRespCode: string, more: Record<string, string> = {}) =>
  refunded('00', { origRespCode, traceTime: '0131095900', queryId: '782601310959000674028', ...more });

export const statement = {
  file: zmOf(someRows),
  packed: archiveOf(zmOf(someRows)),
  lines: someRows.length,
  billDate: '2026-01-30',
};

export const handedOut = (archive: Buffer, more: Record<string, string> = {}): Said =>
  said('00', {
    txnType: '76',
    settleDate: '0130',
    fileName: '700000000000001_20260130.zip',
    fileContent: deflateSync(archive).toString('base64'),
    ...more,
  });

export const noFile = said('98', { txnType: '76', settleDate: '0130' });
export type What = 'place' | 'query' | 'reverse' | 'refund' | 'queryRefund' | 'file';

export const whatIsAsked = ({ params }: Asked): What => {
  const { txnType, orderId } = params;
  if (txnType === '76') return 'file';
  if (txnType === '04') return 'refund';
  if (txnType === '99') return 'reverse';
  if (txnType === '01') return 'place';
  return orderId === refund.channelRefundNo ? 'queryRefund' : 'query';
};

export const placed = (method: string) =>
  method === 'unionpay_qr' ? about('00', { qrCode: 'https://qr.95516.com/00010000/62171' }) : about('00', { queryId });

let say: (asked: Asked) => Said = () => ({ status: 500 });
export let server: Awaited<ReturnType<typeof unionpayServer>>;
export let channel: Channel;

export const settings = () => ({
  mer_id: merId,
  merchant_certificate_pem: certificates.merchant,
  root_certificate_pem: certificates.root,
  middle_certificate_pem: certificates.middle,
  base_url: server.url,
});

export const openWith = (given: object, secret: object = {}) =>
  kind.open(
    ChannelAccount.parse({
      id: 'chn_00000000000000000000000001',
      channel: 'unionpay',
      name: '银联',
      ownership: 'shared',
      status: 'enabled',
      methods: ['unionpay_qr'],
      cost: { rate_ppm: 6_000 },
      settings: { ...settings(), ...given },
    }),
    { merchant_private_key_pem: merchantKeyPem, ...secret },
    () => clock,
  );

beforeAll(async () => {
  server = await unionpayServer((asked) => say(asked));
  channel = openWith({});
});

afterAll(() => server.close());

beforeEach(() => {
  clock = now;
  server.received.splice(0);
});

export const paidNotice = (more: Record<string, string> = {}) => ({
  merId,
  ...orderKey,
  txnType: '01',
  txnSubType: '06',
  bizType: '000000',
  accessType: '0',
  currencyCode: '156',
  txnAmt: '12345',
  queryId,
  respCode: '00',
  respMsg: '成功[0000000]',
  ...money,
  ...more,
});

export const refundNotice = (more: Record<string, string> = {}) =>
  paidNotice({
    ...refundKey,
    txnType: '04',
    txnAmt: '345',
    origQryId: queryId,
    traceTime: '0131095900',
    reqReserved: refund.channelOrderNo,
    ...more,
  });

export const answering = (reply: Said) => void (say = () => reply);

/** What the channel's own side does about whatever is asked next. */
export const responding = (how: typeof say): void => {
  say = how;
};

/** What time it is. */
export const at = (instant: Date): void => {
  clock = instant;
};
