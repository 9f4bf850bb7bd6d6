import * as z from 'zod';
import { beijingDate, beijingDay } from '../../beijing.ts';
import { invalid, refused } from './refusal.ts';

const text = (max: number) => z.string().min(1).max(max);

/** Yuan with at most two decimals, as text or, as its documentation shows too, as a number; never more than a hundred million. */
const Price = z
  .union([z.string(), z.number().transform(String)])
  .refine((yuan) => /^\d{1,9}(?:\.\d{1,2})?$/.test(yuan), 'must be yuan with at most two decimals')
  .transform((yuan) => {
    const [whole = '0', part = ''] = yuan.split('.');
    return Number(whole) * 100 + Number(part.padEnd(2, '0'));
  })
  .refine((fen) => fen >= 1 && fen <= 10_000_000_000, 'must be 0.01 to 100000000.00');

const OutNo = z.string().regex(/^[0-9A-Za-z_]{1,64}$/);

/** A time of Beijing, which is the only one Alipay writes. */
const Time = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$/)
  .transform((time) => Date.parse(`${time.replace(' ', 'T')}+08:00`))
  .refine((ms) => !Number.isNaN(ms), 'no such time');

/** `90m`, `2h`, `15d`, or `1c`: until the end of the day. */
const Timeout = z.string().regex(/^(?:[1-9]\d{0,4}[mhd]|1c)$/);

const Place = z.looseObject({
  out_trade_no: OutNo,
  total_amount: Price,
  subject: text(256),
  body: text(128).optional(),
  passback_params: text(512).optional(),
  timeout_express: Timeout.optional(),
  time_expire: Time.optional(),
  seller_id: text(28).optional(),
});
export type PlaceRequest = z.infer<typeof Place>;

const TradeName = z
  .looseObject({ out_trade_no: OutNo.optional(), trade_no: text(64).optional() })
  .refine((named) => named.out_trade_no !== undefined || named.trade_no !== undefined, {
    path: ['out_trade_no'],
    message: 'out_trade_no or trade_no is required',
  });
export type TradeName = z.infer<typeof TradeName>;

const Payee = z.looseObject({
  identity: text(64),
  identity_type: z.enum(['ALIPAY_USER_ID', 'ALIPAY_LOGON_ID', 'ALIPAY_OPEN_ID']),
  name: text(128).optional(),
});

/** 当面付: by the payer's code. */
const Code = Place.extend({ auth_code: text(32), scene: z.literal('bar_code').default('bar_code') });
export type CodeRequest = z.infer<typeof Code>;

/** 商家扣款 and 周期扣款. */
const Product = z.enum(['GENERAL_WITHHOLDING', 'CYCLE_PAY_AUTH']);

/** By an agreement. */
const Withhold = Place.extend({
  product_code: Product,
  agreement_params: z.looseObject({ agreement_no: text(64) }),
});
export type WithholdRequest = z.infer<typeof Withhold>;

/** What a payer is asked to agree to. */
const Terms = z.looseObject({
  personal_product_code: text(64),
  sign_scene: text(64),
  external_agreement_no: z.string().regex(/^[0-9A-Za-z]{1,32}$/),
  external_logon_id: text(100).optional(),
  period_rule_params: z
    .looseObject({
      period_type: z.enum(['DAY', 'MONTH']),
      period: z.int().min(1),
      execute_time: z.iso.date(),
      single_amount: Price,
    })
    .optional(),
});
export type Terms = z.infer<typeof Terms>;

const Access = z.looseObject({ channel: z.enum(['ALIPAYAPP', 'QRCODE', 'QRCODEORSMS']) });

/** 支付并签约: what is signed by whoever pays. */
const SignParams = Terms.extend({
  product_code: Product.optional(),
  access_params: Access.optional(),
  sign_notify_url: z
    .url({ protocol: /^https?$/ })
    .max(256)
    .optional(),
});
export type SignParams = z.infer<typeof SignParams>;

const PlaceAndSign = Place.extend({ agreement_sign_params: SignParams.optional() });
export type PlaceAndSignRequest = z.infer<typeof PlaceAndSign>;

/** What each method must be told in `biz_content`. Members that nobody knows are ignored, as Alipay ignores them. */
export const requests = {
  precreate: Place,
  page: PlaceAndSign.extend({ product_code: z.literal('FAST_INSTANT_TRADE_PAY') }),
  wap: Place.extend({ product_code: z.literal('QUICK_WAP_WAY').optional() }),
  app: PlaceAndSign.extend({ product_code: z.enum(['QUICK_MSECURITY_PAY', 'CYCLE_PAY_AUTH']).optional() }).refine(
    ({ product_code, agreement_sign_params: signing }) =>
      product_code === 'CYCLE_PAY_AUTH' ? signing !== undefined : !signing || signing.product_code !== undefined,
    { path: ['agreement_sign_params'], message: 'is of a product, its own or the order’s' },
  ),
  charge: z.union([Withhold.transform((deduction) => ({ deduction })), Code.transform((scan) => ({ scan }))]),
  trade: TradeName,
  refund: TradeName.safeExtend({
    refund_amount: Price,
    out_request_no: text(64).optional(),
    refund_reason: text(256).optional(),
  }),
  refundQuery: TradeName.safeExtend({ out_request_no: text(64), query_options: z.array(z.string()).optional() }),
  transfer: z.looseObject({
    out_biz_no: OutNo,
    trans_amount: Price,
    product_code: z.literal('TRANS_ACCOUNT_NO_PWD'),
    biz_scene: z.literal('DIRECT_TRANSFER'),
    order_title: text(128).optional(),
    remark: text(200).optional(),
    payee_info: Payee,
  }),
  transferQuery: z
    .looseObject({
      out_biz_no: OutNo.optional(),
      order_id: text(32).optional(),
      product_code: text(64).optional(),
      biz_scene: text(64).optional(),
    })
    .refine((named) => named.out_biz_no !== undefined || named.order_id !== undefined, {
      path: ['out_biz_no'],
      message: 'out_biz_no or order_id is required',
    }),
  sign: Terms.extend({
    product_code: Product,
    access_params: Access,
    effect_time: z.int().min(1).max(86_400).optional(),
  }),
  agreement: z.looseObject({
    personal_product_code: text(64).optional(),
    sign_scene: text(64).optional(),
    external_agreement_no: text(32).optional(),
    agreement_no: text(64).optional(),
  }),
  bill: z.looseObject({ bill_type: z.enum(['trade', 'signcustomer']), bill_date: z.iso.date() }),
} as const;
export type Request<Name extends keyof typeof requests> = z.infer<(typeof requests)[Name]>;

const UNITS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** The last moment to pay. When both are given, the absolute one counts. */
export const endOf = (request: PlaceRequest, now: number, otherwiseMs: number): number => {
  const { time_expire: at, timeout_express: within } = request;
  if (at !== undefined && at <= now) throw refused('ACQ.INVALID_PARAMETER', '参数无效：time_expire');
  if (at !== undefined) return at;
  if (within === undefined) return now + otherwiseMs;
  if (within === '1c') return beijingDay(beijingDate(now)).until;
  const unit = z.enum(['m', 'h', 'd']).parse(within.at(-1));
  return now + Math.min(Number(within.slice(0, -1)) * UNITS[unit], 15 * UNITS.d);
};

/** Reads `biz_content`; of what does not fit, the first thing is named. */
export const parseContent = <T>(
  schema: z.ZodType<T>,
  content: string | undefined,
  mistaken = 'ACQ.INVALID_PARAMETER',
): T => {
  let input: unknown;
  try {
    input = JSON.parse(content ?? '');
  } catch {
    throw invalid('isv.invalid-parameter', 'biz_content不是合法的JSON');
  }
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw refused(mistaken, `参数无效：${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`.trim());
};
