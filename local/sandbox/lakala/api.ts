import * as z from 'zod';
import { omenOf } from '../omens.ts';
import type { Answer, Call, Reply } from '../server.ts';
import { isDone, isPayment, type Trade } from './books.ts';
import { nowOf, takesFault, type Desk } from './desk.ts';
import { Refusal } from './refusal.ts';
import { replyHeaders, verifyMerchant } from './signature.ts';
import { closeTrade, newTrade, refundTrade, revoke, takeMoney } from './trades.ts';
import { counterView, refundView, scanView, stamp } from './views.ts';

/** Longer than any client should wait. */
const SILENT_MS = 10_500;

const No = z.string().regex(/^[0-9A-Za-z]{1,32}$/);
const Fen = z
  .string()
  .regex(/^[1-9]\d{0,11}$/)
  .transform(Number);
const Place = z.looseObject({ request_ip: z.string().min(7) });
const Ours = z.looseObject({ merchant_no: z.string(), term_no: z.string().regex(/^[0-9A-Z]{8}$/) });
const Money = Ours.extend({
  out_trade_no: No,
  total_amount: Fen,
  location_info: Place,
  subject: z.string().min(1).max(42),
  notify_url: z.url().max(128),
});
const Preorder = Money.extend({
  account_type: z.enum(['ALIPAY', 'UQRCODEPAY', 'BESTPAY', 'DCPAY']),
  trans_type: z.literal('41'),
  acc_busi_fields: z.looseObject({ timeout_express: z.string().regex(/^(?:[1-9]|1[0-5])$/) }),
});
const Micropay = Money.extend({ auth_code: z.string().regex(/^\d{16,24}$/) });
const Ending = Ours.extend({ origin_out_trade_no: No, location_info: Place });
const Counter = z.looseObject({ merchant_no: z.string(), out_order_no: No });
const CounterOrder = Counter.extend({
  term_no: z.string().regex(/^[0-9A-Za-z]{1,16}$/),
  total_amount: Fen,
  order_efficient_time: z.string().regex(/^\d{14}$/),
  order_info: z.string().min(1).max(64),
  notify_url: z.url().max(128),
});
const Refund = Money.pick({ merchant_no: true, term_no: true, out_trade_no: true, location_info: true }).extend({
  refund_amount: Fen,
  origin_trade_no: z.string(),
  notify_url: z.url().max(128).optional(),
});

type Api = (desk: Desk, data: unknown) => object | 'silence';

const api =
  <T>(schema: z.ZodType<T>, handle: (desk: Desk, data: T) => object | 'silence'): Api =>
  (desk, data) => {
    const parsed = schema.safeParse(data);
    if (!parsed.success) throw new Refusal('BBS16000', `参数错误：${parsed.error.issues[0]?.path.join('.') ?? ''}`);
    return handle(desk, parsed.data);
  };

const found = (desk: Desk, no: string): Trade => {
  const trade = desk.books.trade(no);
  if (trade === undefined) throw new Refusal('BBS16002', '交易不存在');
  return trade;
};

const atOf = (text: string): number =>
  Date.parse(text.replace(/^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/, '$1-$2-$3T$4:$5:$6+08:00'));

const placed = (desk: Desk, way: 'qr' | 'code', request: z.infer<typeof Money>, minutes: number): Trade => {
  const trade = newTrade(desk, {
    no: request.out_trade_no,
    way,
    amount: request.total_amount,
    subject: request.subject,
    notify_url: request.notify_url,
    term_no: request.term_no,
    expires_at: nowOf(desk) + minutes * 60_000,
  });
  desk.books.save(trade);
  return trade;
};

const preorder = api(Preorder, (desk, request) => {
  const trade = placed(desk, 'qr', request, Number(request.acc_busi_fields.timeout_express));
  const { merchant_no } = desk.issued;
  const code = `https://qr.alipay.com/lkl${trade.trade_no}`;
  return { merchant_no, out_trade_no: trade.no, trade_no: trade.trade_no, acc_resp_fields: { code } };
});

/** What a payer's code means is told by how it ends, as at every channel. */
const micropay = api(Micropay, (desk, request) => {
  const omen = omenOf(request.auth_code);
  if (omen === 'invalid') throw new Refusal('BBS16288', '付款码无效');
  const trade = placed(desk, 'code', request, 30);
  if (omen === 'waits') return waiting;
  if (omen === 'refused') desk.books.save({ ...trade, state: 'failed' });
  else takeMoney(desk, trade);
  if (takesFault(desk, 'timeout_but_paid')) return 'silence';
  return omen === 'unknown' ? unknown : scanView(found(desk, trade.no), desk.issued, nowOf(desk));
});

const waiting = { code: 'BBS11105', msg: '等待用户输入密码' };
const unknown = { code: 'BBS10000', msg: '交易未知' };

const create = api(CounterOrder, (desk, request) => {
  const trade = newTrade(desk, {
    no: request.out_order_no,
    way: 'pos',
    amount: request.total_amount,
    subject: request.order_info,
    notify_url: request.notify_url,
    term_no: request.term_no,
    expires_at: atOf(request.order_efficient_time),
  });
  desk.books.save(trade);
  if (takesFault(desk, 'timeout_but_paid')) {
    takeMoney(desk, trade);
    return 'silence';
  }
  return counterView(trade, desk.issued, nowOf(desk));
});

const refund = api(Refund, (desk, request) => {
  const payment = desk.books.ofTradeNo(request.origin_trade_no);
  if (!payment || !isPayment(payment) || !isDone(payment)) throw new Refusal('RFD00050', '原交易不存在');
  const { out_trade_no: no, refund_amount: amount, notify_url, term_no } = request;
  const given = { no, way: 'refund', amount, subject: '', notify_url, term_no, origin: payment.no } as const;
  return refundTrade(desk, newTrade(desk, { ...given, expires_at: nowOf(desk) }), payment);
});

const labs = 'BBS00000';
const others = '000000';
const apis = new Map<string, readonly [string, Api]>([
  ['/api/v3/labs/trans/preorder', [labs, preorder]],
  ['/api/v3/labs/trans/micropay', [labs, micropay]],
  [
    '/api/v3/labs/query/tradequery',
    [
      labs,
      api(Ours.extend({ out_trade_no: No }), (desk, { out_trade_no }) =>
        scanView(found(desk, out_trade_no), desk.issued, nowOf(desk)),
      ),
    ],
  ],
  [
    '/api/v3/labs/relation/close',
    [
      labs,
      api(Ending, (desk, { origin_out_trade_no }) => {
        closeTrade(desk, found(desk, origin_out_trade_no));
        return { origin_out_trade_no, trade_time: stamp(nowOf(desk)) };
      }),
    ],
  ],
  [
    '/api/v3/labs/relation/revoked',
    [
      labs,
      api(Ending.extend({ out_trade_no: No }), (desk, { origin_out_trade_no, out_trade_no }) => {
        revoke(desk, out_trade_no, found(desk, origin_out_trade_no));
        return { origin_out_trade_no, out_trade_no, trade_time: stamp(nowOf(desk)) };
      }),
    ],
  ],
  ['/api/v3/ccss/counter/order/special_create', [others, create]],
  [
    '/api/v3/ccss/counter/order/query',
    [
      others,
      api(Counter, (desk, { out_order_no }) => counterView(found(desk, out_order_no), desk.issued, nowOf(desk))),
    ],
  ],
  [
    '/api/v3/ccss/counter/order/close',
    [
      others,
      api(Counter, (desk, { out_order_no }) => {
        closeTrade(desk, found(desk, out_order_no));
        return counterView(found(desk, out_order_no), desk.issued, nowOf(desk));
      }),
    ],
  ],
  ['/api/v3/rfd/refund_front/refund', [others, refund]],
  [
    '/api/v3/rfd/refund_front/refund_query',
    [
      others,
      api(Ours.extend({ out_trade_no: No }), (desk, { out_trade_no }) => {
        const trade = found(desk, out_trade_no);
        return refundView(trade, found(desk, trade.origin ?? ''), desk.issued);
      }),
    ],
  ],
]);

const Envelope = z.looseObject({
  req_time: z.string().regex(/^\d{14}$/),
  version: z.literal('3.0'),
  req_data: z.unknown(),
});
const Word = z.object({ code: z.string(), msg: z.string() });

const reply = (
  desk: Desk,
  content: { readonly code: string; readonly msg: string; readonly resp_data?: object },
): Reply => {
  const now = nowOf(desk);
  const body = JSON.stringify({ ...content, resp_time: stamp(now) });
  return { status: 200, headers: replyHeaders(body, desk.issued, now), body };
};

const dataIn = (body: string): unknown => {
  try {
    return Envelope.parse(JSON.parse(body)).req_data;
  } catch {
    throw new Refusal('GW0001', '请求报文格式错误');
  }
};

/** Everything at Lakala's own origin. */
export const answer = (desk: Desk, call: Call): Answer => {
  try {
    const [done, handle] = apis.get(call.path) ?? [];
    if (call.method !== 'POST' || done === undefined || handle === undefined) return { status: 404 };
    verifyMerchant(call, desk.issued, nowOf(desk));
    if (takesFault(desk, 'server_error')) return { status: 500, body: '' };
    const data = dataIn(call.body);
    if (!z.looseObject({ merchant_no: z.literal(desk.issued.merchant_no) }).safeParse(data).success)
      throw new Refusal('BBS16006', '商户不存在');
    const said = desk.store.transaction(() => handle(desk, data));
    if (said === 'silence') return { silentMs: SILENT_MS };
    const word = Word.safeParse(said);
    return reply(desk, word.success ? word.data : { code: done, msg: '成功', resp_data: said });
  } catch (error) {
    if (error instanceof Refusal) return reply(desk, { code: error.code, msg: error.message });
    throw error;
  }
};
