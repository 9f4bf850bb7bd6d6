import type * as z from 'zod';
import type { Answer, Call, Reply } from '../server.ts';
import { answerCashier, cashierOf, problemPage } from './cashier.ts';
import { nowOf, takesFault, type Desk } from './desk.ts';
import { fileFields } from './statements/statement.ts';
import { isDone, type Trade } from './trade/books.ts';
import { chargeCode } from './trade/charge-code.ts';
import { mayPayAfterwards, placeOrder, reverse, takeMoney } from './trade/orders.ts';
import { refundTrade, undoTrade } from './trade/refunds.ts';
import { doneFields, pendingFields } from './trade/views.ts';
import { fieldsOf, ok, refusalFields, reply, verifyMerchant } from './wire/messages.ts';
import { Refusal } from './wire/refusal.ts';
import { parseFields, requests, type Request } from './wire/requests.ts';
import type { Fields } from './wire/signature.ts';

/** Longer than any client should wait: the ten seconds after which a platform asks again, and a little. */
const SILENT_MS = 10_500;

type Result = Fields | 'silence';
type Api = (desk: Desk, fields: Fields) => Result;

const api =
  <T>(schema: z.ZodType<T>, handle: (desk: Desk, request: T) => Result): Api =>
  (desk, fields) =>
    handle(desk, parseFields(schema, fields));

const askForCode = (desk: Desk, request: Request<'qr'>): Result => {
  const trade = placeOrder(desk, 'qr', request);
  if (takesFault(desk, 'timeout_but_paid')) {
    takeMoney(desk, trade);
    return 'silence';
  }
  return { ...ok, qrCode: `https://qr.95516.com/00010000/62${trade.token}` };
};

/** What `origRespCode` says. An order that has run out is as if it had never been. */
const stateOf = (desk: Desk, trade: Trade): Fields => {
  const told = { ...ok, ...pendingFields(trade) };
  if (isDone(trade)) return { ...ok, ...doneFields(trade), origRespCode: '00', origRespMsg: '成功[0000000]' };
  if (trade.state === 'failed') return { ...told, origRespCode: trade.failure ?? '01', origRespMsg: '交易失败' };
  if (trade.state === 'reversed') return { ...told, origRespCode: '01', origRespMsg: '交易已冲正' };
  if (trade.state === 'working' && trade.expires_at > nowOf(desk))
    return { ...told, origRespCode: '05', origRespMsg: '交易已受理，请稍后查询' };
  // From here on nobody counts on this order: that is when a fault has it paid all the same.
  mayPayAfterwards(desk, trade);
  return refusalFields(new Refusal('34'));
};

const back = new Map<string, Api>([
  ['01 07', api(requests.qr, askForCode)],
  ['01 06', api(requests.code, chargeCode)],
  ['04 00', api(requests.refund, refundTrade)],
  ['31 00', api(requests.undo, undoTrade)],
  [
    '99 01',
    api(requests.key, (desk, key) => {
      reverse(desk, key);
      return ok;
    }),
  ],
]);

const queries = new Map<string, Api>([
  [
    '00 00',
    api(requests.key, (desk, { orderId, txnTime }) => {
      const trade = desk.books.trade(orderId, txnTime);
      if (trade === undefined) throw new Refusal('34');
      return stateOf(desk, trade);
    }),
  ],
]);

const files = new Map<string, Api>([['76 01', api(requests.file, fileFields)]]);

const places = new Map([
  ['/gateway/api/backTransReq.do', back],
  ['/gateway/api/queryTrans.do', queries],
  ['/', files],
]);

const failing: Reply = { status: 500, headers: { 'Content-Type': 'text/plain' }, body: '' };

const answerApi = (desk: Desk, apis: ReadonlyMap<string, Api>, call: Call): Answer => {
  const asked = fieldsOf(call);
  try {
    verifyMerchant(asked, desk.issued);
    if (takesFault(desk, 'server_error')) return failing;
    const handle = apis.get(`${asked['txnType']} ${asked['txnSubType']}`);
    if (handle === undefined) throw new Refusal('32');
    const result = desk.store.transaction(() => handle(desk, asked));
    return result === 'silence' ? { silentMs: SILENT_MS } : reply(asked, result, desk.issued);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const settleDate = asked['settleDate'];
    return reply(asked, { ...refusalFields(error), ...(settleDate !== undefined && { settleDate }) }, desk.issued);
  }
};

/** What a payer's browser brings: a form that the merchant has signed. Brought again, it is the same order. */
const answerFront = (desk: Desk, call: Call): Reply => {
  try {
    const asked = fieldsOf(call);
    verifyMerchant(asked, desk.issued);
    if (takesFault(desk, 'server_error')) return failing;
    if (`${asked['txnType']} ${asked['txnSubType']}` !== '01 01') throw new Refusal('32');
    const request = parseFields(requests.page, asked);
    const known = desk.books.trade(request.orderId, request.txnTime);
    if (known !== undefined && known.amount !== request.txnAmt) throw new Refusal('12');
    return desk.store.transaction(() => cashierOf(known ?? placeOrder(desk, 'page', request)));
  } catch (error) {
    if (error instanceof Refusal) return problemPage(error);
    throw error;
  }
};

/** Everything at UnionPay's own origin: the gateway, the host of files, and the pages where a person pays. */
export const answer = (desk: Desk, call: Call): Answer => {
  const apis = places.get(call.path);
  if (call.method !== 'POST' || (apis === undefined && !call.path.startsWith('/gateway/')))
    return answerCashier(desk, call);
  if (apis !== undefined) return answerApi(desk, apis, call);
  return call.path === '/gateway/api/frontTransReq.do' ? answerFront(desk, call) : { status: 404 };
};
