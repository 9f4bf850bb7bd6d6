import * as z from 'zod';
import { paramError } from './refusal.ts';

const text = (max: number) => z.string().min(1).max(max);
const fen = z.int().min(1).max(10_000_000_000);
const Anything = z.record(z.string(), z.unknown());

/** 6–32 characters. @see https://pay.weixin.qq.com/docs/merchant/products/native-payment/apilist.html */
const OutTradeNo = z.string().regex(/^[0-9A-Za-z_\-|*]{6,32}$/);

/** yyyy-MM-DDTHH:mm:ss and an offset, as documented: neither fractions of a second nor `Z`. */
const TimeExpire = z.iso
  .datetime({ offset: true, precision: 0 })
  .refine((time) => !time.endsWith('Z'), 'needs an offset');

const NotifyUrl = (max: number) =>
  z
    .url({ protocol: /^https?$/ })
    .max(max)
    .refine((url) => !url.includes('?'), 'must not carry a query');

const PlaceOrder = z.strictObject({
  appid: text(32),
  mchid: text(32),
  description: text(127),
  out_trade_no: OutTradeNo,
  time_expire: TimeExpire.optional(),
  attach: text(128).optional(),
  notify_url: NotifyUrl(255),
  goods_tag: text(32).optional(),
  support_fapiao: z.boolean().optional(),
  amount: z.strictObject({ total: fen, currency: z.literal('CNY').default('CNY') }),
  detail: Anything.optional(),
  scene_info: Anything.optional(),
  settle_info: Anything.optional(),
});

const H5Scene = z.looseObject({ payer_client_ip: text(45), h5_info: z.looseObject({ type: text(32) }) });

/** The ways to be charged that share one order; each adds what its page needs to know of the payer. */
export const orderRequests = {
  native: PlaceOrder,
  app: PlaceOrder,
  jsapi: PlaceOrder.extend({ payer: z.strictObject({ openid: text(128) }) }),
  h5: PlaceOrder.extend({ scene_info: H5Scene }),
} as const;
export type OrderWay = keyof typeof orderRequests;
export type OrderRequest = z.infer<typeof PlaceOrder> & { payer?: { openid: string } };

/** 付款码支付. @see https://pay.weixin.qq.com/doc/v3/merchant/4012382150 */
export const CodeRequest = PlaceOrder.omit({ time_expire: true, notify_url: true }).extend({
  payer: z.strictObject({ auth_code: text(32) }),
  scene_info: z.looseObject({
    device_id: text(32).optional(),
    device_ip: text(45).optional(),
    store_info: z.looseObject({ id: text(32).optional(), out_id: text(256).optional() }),
  }),
});

/** A payer's code is charged by version 3 and by version 2 alike. */
export interface CodeOrder {
  readonly out_trade_no: string;
  readonly description: string;
  readonly attach?: string | undefined;
  readonly total: number;
  readonly auth_code: string;
}

export const ReverseRequest = z.strictObject({ appid: text(32), mchid: text(32) });

export const CloseRequest = z.strictObject({ mchid: text(32) });

export const RefundRequest = z
  .strictObject({
    transaction_id: text(32).optional(),
    out_trade_no: OutTradeNo.optional(),
    out_refund_no: z.string().regex(/^[0-9A-Za-z_\-|*@]{1,64}$/),
    reason: text(80).optional(),
    notify_url: NotifyUrl(256).optional(),
    funds_account: z.enum(['AVAILABLE', 'UNSETTLED']).optional(),
    amount: z.strictObject({ refund: fen, total: fen, currency: z.literal('CNY'), from: z.array(Anything).optional() }),
    goods_detail: z.array(Anything).optional(),
  })
  .refine((request) => request.transaction_id !== undefined || request.out_trade_no !== undefined, {
    path: ['transaction_id'],
    message: 'transaction_id or out_trade_no is required',
  });
export type RefundRequest = z.infer<typeof RefundRequest>;

/** 发起转账. @see https://pay.weixin.qq.com/doc/v3/merchant/4012716434 */
export const TransferRequest = z.strictObject({
  appid: text(32),
  out_bill_no: z.string().regex(/^[0-9A-Za-z]{1,32}$/),
  transfer_scene_id: text(36),
  openid: text(64),
  user_name: text(1_024).optional(),
  transfer_amount: fen,
  transfer_remark: text(32),
  notify_url: NotifyUrl(256).optional(),
  user_recv_perception: text(32).optional(),
  transfer_scene_report_infos: z.array(z.strictObject({ info_type: text(15), info_content: text(32) })).max(10),
});
export type TransferRequest = z.infer<typeof TransferRequest>;

export const OrderQuery = z.strictObject({ mchid: text(32) });

export const BillQuery = z.strictObject({
  bill_date: z.iso.date(),
  bill_type: z.enum(['ALL', 'SUCCESS', 'REFUND']).default('ALL'),
  tar_type: z.literal('GZIP').optional(),
});
export type BillQuery = z.infer<typeof BillQuery>;

export const FundBillQuery = z.strictObject({
  bill_date: z.iso.date(),
  account_type: z.enum(['BASIC', 'OPERATION', 'FEES']).default('BASIC'),
  tar_type: z.literal('GZIP').optional(),
});
export type FundBillQuery = z.infer<typeof FundBillQuery>;

export const FileQuery = z.strictObject({ token: text(128), tartype: z.literal('gzip').optional() });

const check = <T>(schema: z.ZodType<T>, input: unknown, location: 'body' | 'query'): T => {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = issue?.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0] ?? ''] : (issue?.path ?? []);
  throw paramError(`输入源“/${location}/${field.join('/')}”映射到值字段时不符合规则`, {
    location,
    field: `/${field.join('/')}`,
    issue: issue?.message ?? 'invalid',
  });
};

export const parseBody = <T>(schema: z.ZodType<T>, body: string): T => {
  let input: unknown;
  try {
    input = JSON.parse(body);
  } catch {
    throw paramError('请求体不是合法的JSON', { location: 'body', field: '/', issue: 'not JSON' });
  }
  return check(schema, input, 'body');
};

export const parseQuery = <T>(schema: z.ZodType<T>, query: URLSearchParams): T =>
  check(schema, Object.fromEntries(query), 'query');
