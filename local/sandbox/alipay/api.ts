import type * as z from 'zod';
import type { Answer, Call, Reply } from '../server.ts';
import { chargeAgreement } from './agreements/charge.ts';
import { agreementNamed, agreementView, offerAgreement, offerWithOrder, unsign } from './agreements/agreements.ts';
import { openAgreement } from '../agreement-page.ts';
import { answerAgreementPage } from './agreements/page.ts';
import { answerCashier, openCashier, problemPage } from './cashier/cashier.ts';
import { takesFault, type Desk } from './desk.ts';
import { acceptTransfer, findTransfer, transferQueryView, transferView } from './fund/transfers.ts';
import { fetchBill, offerBill } from './statements/downloads.ts';
import { isPaid, type Order } from './trade/books.ts';
import { omenOf } from '../omens.ts';
import { chargeCode } from './trade/charge-code.ts';
import { cancelTrade, refundTrade } from './trade/refunds.ts';
import { closeTrade, placeOrder, takeMoney, tradeNamed } from './trade/trades.ts';
import { OK, refundQueryView, refundView, tradeView } from './trade/views.ts';
import { nowOf } from './desk.ts';
import {
  addressesOf,
  paramsOf,
  refuseStranger,
  reply,
  strangerReply,
  verifyMerchant,
  type Params,
} from './wire/gateway.ts';
import { invalid, Refusal, systemError } from './wire/refusal.ts';
import { parseContent, requests, type PlaceAndSignRequest } from './wire/requests.ts';

/** Longer than any client should wait: the ten seconds after which a platform asks again, and a little. */
const SILENT_MS = 10_500;

/** What is answered: a document, a refusal that leaves something done, or nothing at all. */
type Result = object | Refusal | 'silence';
type Api = (desk: Desk, params: Params, call: Call) => Result;

const api =
  <T>(schema: z.ZodType<T>, handle: (desk: Desk, request: T, params: Params, call: Call) => Result): Api =>
  (desk, params, call) =>
    handle(desk, parseContent(schema, params['biz_content']), params, call);

const apis = new Map<string, Api>([
  [
    'alipay.trade.precreate',
    api(requests.precreate, (desk, request, params) => {
      const order = placeOrder(desk, 'precreate', request, addressesOf(params));
      if (takesFault(desk, 'timeout_but_paid')) {
        takeMoney(desk, order);
        return 'silence';
      }
      return {
        ...OK,
        out_trade_no: order.out_trade_no,
        qr_code: `https://qr.alipay.com/bax${order.token.slice(0, 21)}`,
      };
    }),
  ],
  [
    'alipay.trade.pay',
    api(requests.charge, (desk, request, params) =>
      'deduction' in request
        ? chargeAgreement(desk, request.deduction, addressesOf(params))
        : chargeCode(desk, request.scan, addressesOf(params)),
    ),
  ],
  ['alipay.user.agreement.query', api(requests.agreement, (desk, name) => agreementView(agreementNamed(desk, name)))],
  [
    'alipay.user.agreement.unsign',
    api(requests.agreement, (desk, name, params) => {
      unsign(desk, agreementNamed(desk, name), addressesOf(params).notify_url);
      return takesFault(desk, 'timeout_but_paid') ? 'silence' : OK;
    }),
  ],
  ['alipay.trade.query', api(requests.trade, (desk, name) => tradeView(tradeNamed(desk, name), nowOf(desk)))],
  [
    'alipay.trade.close',
    api(requests.trade, (desk, name) => {
      const closed = closeTrade(desk, name);
      if (closed instanceof Refusal) return closed;
      return { ...OK, trade_no: closed.trade.trade_no, out_trade_no: closed.out_trade_no };
    }),
  ],
  [
    'alipay.trade.cancel',
    api(requests.trade, (desk, name) => {
      const { order, action } = cancelTrade(desk, name);
      const known = order && { trade_no: order.trade.trade_no, out_trade_no: order.out_trade_no, action };
      return { ...OK, out_trade_no: name.out_trade_no, retry_flag: 'N', ...known };
    }),
  ],
  [
    'alipay.trade.refund',
    api(requests.refund, (desk, request) => {
      const refunded = refundTrade(desk, request);
      if (refunded instanceof Refusal) return refunded;
      return refundView(refunded.order, refunded.refund, refunded.isNew);
    }),
  ],
  [
    'alipay.trade.fastpay.refund.query',
    api(requests.refundQuery, (desk, request) => {
      const order = tradeNamed(desk, request);
      if (!isPaid(order)) return OK;
      const refund = desk.books.refund(order.out_trade_no, request.out_request_no);
      return refundQueryView(order, refund, request.query_options ?? []);
    }),
  ],
  [
    'alipay.fund.trans.uni.transfer',
    api(requests.transfer, (desk, request, params) => {
      const transfer = acceptTransfer(desk, request, addressesOf(params).notify_url);
      if (takesFault(desk, 'timeout_but_paid')) return 'silence';
      return omenOf(transfer.payee) === 'unknown' ? systemError() : transferView(transfer);
    }),
  ],
  [
    'alipay.fund.trans.common.query',
    api(requests.transferQuery, (desk, name) => transferQueryView(findTransfer(desk, name))),
  ],
  [
    'alipay.data.dataservice.bill.downloadurl.query',
    api(requests.bill, (desk, request, _params, call) => ({
      ...OK,
      bill_download_url: offerBill(desk, request, call.origin),
    })),
  ],
]);

/** What a payer's browser, or the app on a phone, brings: the order begins when it is opened. */
const pages = new Map<string, Order['way'] & ('page' | 'wap' | 'app')>([
  ['alipay.trade.page.pay', 'page'],
  ['alipay.trade.wap.pay', 'wap'],
  ['alipay.trade.app.pay', 'app'],
]);

const answerPage = (desk: Desk, way: 'page' | 'wap' | 'app', params: Params): Reply => {
  try {
    verifyMerchant(params, desk.issued);
    if (takesFault(desk, 'server_error')) throw systemError();
    const request = parseContent<PlaceAndSignRequest>(requests[way], params['biz_content']);
    // Of a mobile page nothing is known that is signed with it: what it does not know is ignored.
    const signing = way === 'wap' ? undefined : request.agreement_sign_params;
    return desk.store.transaction(() => {
      const order = placeOrder(desk, way, request, addressesOf(params));
      return openCashier(desk, signing === undefined ? order : offerWithOrder(desk, order, signing));
    });
  } catch (error) {
    if (error instanceof Refusal) return problemPage(error);
    throw error;
  }
};

const answerSigning = (desk: Desk, params: Params): Reply => {
  try {
    verifyMerchant(params, desk.issued);
    if (takesFault(desk, 'server_error')) throw systemError();
    const request = parseContent(requests.sign, params['biz_content'], 'INVALID_PARAMETER');
    return desk.store.transaction(() => openAgreement(offerAgreement(desk, request, params)));
  } catch (error) {
    if (error instanceof Refusal) return problemPage(error);
    throw error;
  }
};

const answerApi = (
  desk: Desk,
  method: string,
  handle: Api,
  { params, call }: { params: Params; call: Call },
): Answer => {
  try {
    verifyMerchant(params, desk.issued);
    if (takesFault(desk, 'server_error')) throw systemError();
    const result = desk.store.transaction(() => handle(desk, params, call));
    if (result === 'silence') return { silentMs: SILENT_MS };
    return reply(method, result instanceof Refusal ? result.document() : result, desk.issued);
  } catch (error) {
    if (error instanceof Refusal) return reply(method, error.document(), desk.issued);
    throw error;
  }
};

const answerGateway = (desk: Desk, call: Call): Answer => {
  try {
    const params = paramsOf(call);
    const method = params['method'] ?? '';
    refuseStranger(params, desk.issued);
    const way = pages.get(method);
    if (way !== undefined) return answerPage(desk, way, params);
    if (method === 'alipay.user.agreement.page.sign') return answerSigning(desk, params);
    const handle = apis.get(method);
    if (handle === undefined) throw invalid('isv.invalid-method', '不存在的方法名');
    return answerApi(desk, method, handle, { params, call });
  } catch (error) {
    if (error instanceof Refusal) return strangerReply(error);
    throw error;
  }
};

/** Everything at Alipay's own origin: the gateway, the pages where a person pays, and the files it names. */
export const answer = (desk: Desk, call: Call): Answer => {
  if (call.path === '/gateway.do') return answerGateway(desk, call);
  if (call.path === '/downloadBillFile.resource') return fetchBill(desk, call.query);
  if (call.path.startsWith('/agreements/')) return answerAgreementPage(desk, call);
  return answerCashier(desk, call);
};
