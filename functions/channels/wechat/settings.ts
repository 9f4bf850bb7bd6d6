import * as z from 'zod';

import { TransferSettings } from './transfer.ts';

const SignType = z.enum(['HMAC-SHA256', 'MD5']);

/** What an account at WeChat is set to. */
export const Settings = z.strictObject({
  appid: z.string().min(1).max(32),
  mchid: z.string().regex(/^\d{8,12}$/),
  /** The serial of our certificate, by which WeChat knows our signatures. */
  merchant_serial: z.string().regex(/^[\w-]{1,64}$/),
  /** `PUB_KEY_ID_…`, or the serial of a platform certificate. */
  platform_serial: z.string().regex(/^[\w-]{1,64}$/),
  platform_public_key_pem: z.string().min(1),
  /** The place where payers' codes are scanned, as we call it; without it, the merchant itself. */
  store: z
    .string()
    .regex(/^[\w-]{1,32}$/)
    .optional(),
  /** By which version of the protocol payers' codes are charged: some merchants have only the older one. */
  code_pay: z
    .discriminatedUnion('version', [
      z.strictObject({ version: z.literal('v3') }),
      z.strictObject({
        version: z.literal('v2'),
        sign_type: SignType.default('HMAC-SHA256'),
        /** Our own certificate: over https, WeChat undoes an order for its holder alone. */
        certificate_pem: z.string().min(1).optional(),
      }),
    ])
    .default({ version: 'v3' }),
  /** 委托代扣: the plan (模板) by which agreements are signed, and what the contract with WeChat says of it. */
  papay: z
    .strictObject({
      plan_id: z.string().regex(/^\d{1,28}$/),
      sign_type: SignType.default('MD5'),
      /** Of one deduction, in fen; without it, WeChat alone knows. */
      amount_max: z
        .int()
        .min(1)
        .transform((fen) => BigInt(fen))
        .optional(),
      period: z.strictObject({ unit: z.enum(['day', 'month']), count: z.int().min(1).max(120) }).optional(),
    })
    .optional(),
  /** 商家转账, for merchants who may. */
  transfer: TransferSettings.optional(),
  /** Whether http and loopback are allowed is decided where accounts are kept. */
  base_url: z.url({ protocol: /^https?$/ }).default('https://api.mch.weixin.qq.com'),
  /** 网页授权 is another service than payments: where payers are sent, and where it is asked who came back. */
  authorize_url: z.url({ protocol: /^https?$/ }).default('https://open.weixin.qq.com'),
  sign_in_url: z.url({ protocol: /^https?$/ }).default('https://api.weixin.qq.com'),
});

export const Secrets = z.object({
  merchant_private_key_pem: z.string().min(1),
  api_v3_key: z.string().refine((key) => Buffer.byteLength(key) === 32, 'an APIv3 key has 32 bytes'),
  /** Where payers' codes are charged by version 2, and for agreements. */
  api_v2_key: z
    .string()
    .regex(/^[!-~]{32}$/)
    .optional(),
  /** AppSecret of the official account (公众号) whose appid this is; with it a payer within WeChat is asked who they are. */
  app_secret: z
    .string()
    .regex(/^[0-9a-f]{32}$/)
    .optional(),
});
export type Settings = z.output<typeof Settings>;
export type Secrets = z.output<typeof Secrets>;
