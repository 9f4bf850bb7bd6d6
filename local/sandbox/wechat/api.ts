import { randomBytes } from 'node:crypto';
import type { Answer, Call, Reply } from '../server.ts';
import { chargeCode, reverseOrder } from './code-pay.ts';
import { nowOf, takesFault, type Desk } from './desk.ts';
import { closeOrder, orderNotFound, placeOrder } from './orders.ts';
import { acceptRefund, findRefund } from './refunds.ts';
import { paramError, Refusal, systemError } from './refusal.ts';
import * as requests from './requests.ts';
import { platformHeaders, verifyMerchant } from './signature.ts';
import { fetchFile, offerFundBill, offerTradeBill } from './statements/downloads.ts';
import { acceptTransfer, findTransfer, placedView, transferView } from './transfers/transfers.ts';
import { refundView, transactionView } from './views.ts';

/** Longer than any client should wait: the ten seconds after which a platform asks again, and a little. */
const SILENT_MS = 10_500;

type Result =
  | { readonly kind: 'document'; readonly document: object }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'file'; readonly bytes: Buffer; readonly type: string }
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  | { readonly kind: 'silence' };

interface Route {
  readonly method: 'GET' | 'POST';
  readonly path: RegExp;
  readonly handle: (desk: Desk, call: Call, name: string) => Result;
}

const document = (value: object): Result => ({ kind: 'document', document: value });

const refuseOtherMerchant = (desk: Desk, mchid: string): void => {
  if (mchid !== desk.issued.mchid)
    throw paramError('http header中的mchid与post payload中的mchid不匹配', { field: '/mchid' });
};

const appidNotMatch = () => new Refusal(400, 'APPID_MCHID_NOT_MATCH', 'appid和mch_id不匹配');

const place =
  (way: requests.OrderWay): Route['handle'] =>
  (desk, call) => {
    const request = requests.parseBody(requests.orderRequests[way], call.body);
    refuseOtherMerchant(desk, request.mchid);
    if (request.appid !== desk.issued.appid) throw appidNotMatch();
    const { order, heard } = placeOrder(desk, way, request);
    const member = { native: 'code_url', h5: 'h5_url', jsapi: 'prepay_id', app: 'prepay_id' }[way];
    return heard ? document({ [member]: order.ticket }) : { kind: 'silence' };
  };

const placeCode: Route['handle'] = (desk, call) => {
  const request = requests.parseBody(requests.CodeRequest, call.body);
  refuseOtherMerchant(desk, request.mchid);
  if (request.appid !== desk.issued.appid) throw appidNotMatch();
  const { out_trade_no, description, attach } = request;
  const { auth_code } = request.payer;
  const charged = chargeCode(desk, { out_trade_no, description, attach, total: request.amount.total, auth_code });
  return charged.kind === 'order' ? document(transactionView(charged.order, desk.issued, nowOf(desk))) : charged;
};

const reverse: Route['handle'] = (desk, call, name) => {
  const { appid, mchid } = requests.parseBody(requests.ReverseRequest, call.body);
  refuseOtherMerchant(desk, mchid);
  if (appid !== desk.issued.appid) throw appidNotMatch();
  return document({ appid, mchid, out_trade_no: reverseOrder(desk, name).out_trade_no });
};

const askOrder =
  (by: 'out_trade_no' | 'transaction_id'): Route['handle'] =>
  (desk, call, name) => {
    refuseOtherMerchant(desk, requests.parseQuery(requests.OrderQuery, call.query).mchid);
    const order = by === 'out_trade_no' ? desk.books.order(name) : desk.books.orderPaidAs(name);
    if (order === undefined) throw orderNotFound();
    return document(transactionView(order, desk.issued, nowOf(desk)));
  };

const routes: readonly Route[] = [
  { method: 'POST', path: /^\/v3\/pay\/transactions\/native$/, handle: place('native') },
  { method: 'POST', path: /^\/v3\/pay\/transactions\/jsapi$/, handle: place('jsapi') },
  { method: 'POST', path: /^\/v3\/pay\/transactions\/h5$/, handle: place('h5') },
  { method: 'POST', path: /^\/v3\/pay\/transactions\/app$/, handle: place('app') },
  { method: 'POST', path: /^\/v3\/pay\/transactions\/codepay$/, handle: placeCode },
  { method: 'POST', path: /^\/v3\/pay\/transactions\/out-trade-no\/([^/]+)\/reverse$/, handle: reverse },
  { method: 'GET', path: /^\/v3\/pay\/transactions\/out-trade-no\/([^/]+)$/, handle: askOrder('out_trade_no') },
  { method: 'GET', path: /^\/v3\/pay\/transactions\/id\/([^/]+)$/, handle: askOrder('transaction_id') },
  {
    method: 'POST',
    path: /^\/v3\/pay\/transactions\/out-trade-no\/([^/]+)\/close$/,
    handle: (desk, call, name) => {
      refuseOtherMerchant(desk, requests.parseBody(requests.CloseRequest, call.body).mchid);
      closeOrder(desk, name);
      return { kind: 'nothing' };
    },
  },
  {
    method: 'POST',
    path: /^\/v3\/refund\/domestic\/refunds$/,
    handle: (desk, call) => {
      const { refund, order } = acceptRefund(desk, requests.parseBody(requests.RefundRequest, call.body));
      return document(refundView(refund, order));
    },
  },
  {
    method: 'GET',
    path: /^\/v3\/refund\/domestic\/refunds\/([^/]+)$/,
    handle: (desk, _call, name) => {
      const { refund, order } = findRefund(desk, name);
      return document(refundView(refund, order));
    },
  },
  {
    method: 'POST',
    path: /^\/v3\/fund-app\/mch-transfer\/transfer-bills$/,
    handle: (desk, call) => {
      const request = requests.parseBody(requests.TransferRequest, call.body);
      if (request.appid !== desk.issued.appid) throw appidNotMatch();
      const { bill, heard } = acceptTransfer(desk, request);
      return heard ? document(placedView(bill)) : { kind: 'silence' };
    },
  },
  {
    method: 'GET',
    path: /^\/v3\/fund-app\/mch-transfer\/transfer-bills\/out-bill-no\/([^/]+)$/,
    handle: (desk, _call, name) => document(transferView(desk, findTransfer(desk, name))),
  },
  {
    method: 'GET',
    path: /^\/v3\/bill\/tradebill$/,
    handle: (desk, call) =>
      document(offerTradeBill(desk, requests.parseQuery(requests.BillQuery, call.query), call.origin)),
  },
  {
    method: 'GET',
    path: /^\/v3\/bill\/fundflowbill$/,
    handle: (desk, call) =>
      document(offerFundBill(desk, requests.parseQuery(requests.FundBillQuery, call.query), call.origin)),
  },
  {
    method: 'GET',
    path: /^\/v3\/billdownload\/file$/,
    handle: (desk, call) => {
      const { token, tartype } = requests.parseQuery(requests.FileQuery, call.query);
      const type = tartype === undefined ? 'text/plain; charset=utf-8' : 'application/x-gzip';
      return { kind: 'file', bytes: fetchFile(desk, token), type };
    },
  },
];

const decoded = (name: string): string => {
  try {
    return decodeURIComponent(name);
  } catch {
    throw paramError('路径不是合法的编码', { location: 'path' });
  }
};

const route = (desk: Desk, call: Call): Result => {
  for (const { method, path, handle } of routes) {
    const match = call.method === method ? path.exec(call.path) : null;
    if (match !== null) return handle(desk, call, decoded(match[1] ?? ''));
  }
  throw new Refusal(404, 'NOT_FOUND', `无此接口: ${call.method} ${call.path}`);
};

const JSON_TYPE = { 'Content-Type': 'application/json; charset=utf-8' };
const requestId = (): Record<string, string> => ({ 'Request-ID': randomBytes(16).toString('hex').toUpperCase() });

/** Refusals are not signed: clients must not trust them further than the status. */
export const refusalReply = ({ status, code, message, detail }: Refusal): Reply => ({
  status,
  headers: { ...JSON_TYPE, ...requestId() },
  body: JSON.stringify({ code, message, ...(detail === undefined ? {} : { detail }) }),
});

const replyTo = (desk: Desk, result: Result): Answer => {
  if (result.kind === 'silence') return { silentMs: SILENT_MS };
  if (result.kind === 'refused') return refusalReply(result.refusal);
  // The file is the one success that is not signed: its hash came with the signed reply that named it.
  if (result.kind === 'file') {
    return { status: 200, headers: { 'Content-Type': result.type, ...requestId() }, body: result.bytes };
  }
  const body = result.kind === 'nothing' ? '' : JSON.stringify(result.document);
  const signed = { ...platformHeaders(body, desk.issued, nowOf(desk)), ...requestId() };
  return result.kind === 'nothing'
    ? { status: 204, headers: signed }
    : { status: 200, headers: { ...JSON_TYPE, ...signed }, body };
};

/** One merchant call: who calls, then one transaction, then the signed answer. */
export const answerMerchant = (desk: Desk, call: Call): Answer => {
  try {
    verifyMerchant(call, desk.issued, nowOf(desk));
    if (takesFault(desk, 'server_error')) throw systemError();
    return replyTo(
      desk,
      desk.store.transaction(() => route(desk, call)),
    );
  } catch (error) {
    if (error instanceof Refusal) return refusalReply(error);
    throw error;
  }
};
