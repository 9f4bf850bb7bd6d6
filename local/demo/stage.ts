import * as z from 'zod';

const App = z.object({
  id: z.string(),
  key_id: z.string(),
  alg: z.literal('ed25519'),
  private_key_pem: z.string(),
  webhook_secret: z.string().startsWith('whsec_'),
});
export type App = z.infer<typeof App>;

const Operator = z.object({ token: z.string() });

/** The channels of the day that have a sandbox. */
export type Channel = Exclude<keyof Stage['channel_accounts'], 'bank'>;

export const channelNames = {
  wechat: 'WeChat',
  alipay: 'Alipay',
  unionpay: 'UnionPay',
} as const satisfies Record<Channel, string>;

/** What the demo needs of `.local/demo.json`: where things are and who it may be. */
export const Stage = z.object({
  api: z.url(),
  s3: z.url(),
  statements_bucket: z.string(),
  region: z.string(),
  app: App,
  other_app: App,
  merchant_id: z.string(),
  channel_accounts: z.object({ wechat: z.string(), alipay: z.string(), unionpay: z.string(), bank: z.string() }),
  admin: Operator,
  finance_maker: Operator,
  finance_checker: Operator,
  sandbox: z.url(),
});
export type Stage = z.infer<typeof Stage>;
