import { agreementId, type Agreement } from '#agreements/agreement.ts';
import type { ChannelAccount } from '#channels/account.ts';
import type { Capabilities, Receipt as ChannelReceipt } from '#channels/channel.ts';
import type { FeePlan } from '#clearing/fee-plan.ts';
import { derivedId } from '#kernel/id.ts';
import type { App } from '#merchants/app.ts';
import type { Merchant } from '#merchants/merchant.ts';
import type { Attempt, Receipt } from '#payments/attempt.ts';
import type { PaymentToPlace } from '#payments/operations.ts';
import { paymentId, type Payment } from '#payments/payment.ts';
import type { Refund } from '#refunds/refund.ts';
import type { SettlementPlan } from '#settlement/plan.ts';

/* One builder for each noun: what a test does not say is ordinary. */

/** 10:00 in Shanghai. */
export const noon = new Date('2026-03-02T02:00:00.000Z');
export const minutes = (count: number, since = noon) => new Date(since.getTime() + count * 60_000);
export const days = (count: number, since = noon) => minutes(count * 1_440, since);
export const today = '2026-03-02';

export const identity = { merchant: '1900000001', app: 'wx_app' };

export const app = (over: Partial<App> = {}): App => ({
  id: derivedId('app', 'shop'),
  name: 'A shop',
  status: 'active',
  ...over,
});

export const merchant = (over: Partial<Merchant> = {}): Merchant => ({
  id: derivedId('mch', 'merchant'),
  app_id: app().id,
  name: 'A merchant',
  status: 'active',
  fee_plan_id: 'standard',
  settlement_plan_id: 't_plus_1',
  channel_account_ids: [channelAccount().id],
  ...over,
});

export const channelAccount = (over: Partial<ChannelAccount> = {}): ChannelAccount => ({
  id: derivedId('chn', 'shared'),
  channel: 'paper',
  name: 'Paper, shared',
  ownership: 'shared',
  status: 'enabled',
  methods: ['wechat_native', 'wechat_jsapi', 'wechat_code'],
  time_zone: 'Asia/Shanghai',
  cost: { rate_ppm: 6_000, fixed: 0n, min: 0n },
  settings: {},
  ...over,
});

export const capabilities = (over: Partial<Capabilities> = {}): Capabilities => ({
  methods: ['wechat_native', 'wechat_jsapi', 'wechat_code'],
  needs: { wechat_jsapi: ['openid'], wechat_code: ['auth_code'] },
  currencies: ['CNY'],
  amountMin: 1n,
  amountMax: 10_000_000_000n,
  canClose: true,
  refund: { maxAgeDays: 365, partial: true, multiple: true },
  statements: ['trade'],
  ...over,
});

export const feePlan = (over: Partial<FeePlan> = {}): FeePlan => ({
  id: 'standard',
  name: '1 %',
  on_refund: 'pro_rata',
  default: { rate_ppm: 10_000, fixed: 0n, min: 0n },
  methods: {},
  ...over,
});

export const settlementPlan = (over: Partial<SettlementPlan> = {}): SettlementPlan => ({
  id: 't_plus_1',
  name: 'T+1',
  cycle: 'daily',
  days_after: 1,
  payout: 'manual',
  payout_route: 'online',
  ...over,
});

/** What an app asks for. */
export const placement = (over: Partial<PaymentToPlace> = {}): PaymentToPlace => ({
  merchant_id: merchant().id,
  merchant_order_id: 'order-1',
  amount: 10_000n,
  currency: 'CNY',
  subject: 'Tea, two cups',
  method: 'wechat_native',
  expires_in_seconds: 7_200,
  ...over,
});

export const attempt = (over: Partial<Attempt> = {}): Attempt => ({
  no: 1,
  method: 'wechat_native',
  channel: 'paper',
  channel_account_id: channelAccount().id,
  status: 'pending',
  terms: { rule: feePlan().default, on_refund: 'pro_rata' },
  cost: channelAccount().cost,
  time_zone: 'Asia/Shanghai',
  created_at: noon,
  ...over,
});

export const payment = (over: Partial<Payment> = {}): Payment => ({
  id: paymentId(app().id, over.merchant_order_id ?? 'order-1'),
  version: 1,
  app_id: app().id,
  merchant_id: merchant().id,
  merchant_order_id: 'order-1',
  business_order_id: over.merchant_order_id ?? 'order-1',
  amount: 10_000n,
  currency: 'CNY',
  subject: 'Tea, two cups',
  method: 'wechat_native',
  content: 'zGj6QnKpYJ6F3yQxw9b5u0b5mWl6aVxqJmJz0lJm2cE',
  created_at: noon,
  expires_at: minutes(120),
  attempts: [attempt()],
  ...over,
});

/** Money as the channel tells of it. */
export const money = (over: Partial<ChannelReceipt> = {}): ChannelReceipt => ({
  channelTradeNo: '4200001234202603020000000001',
  amount: 10_000n,
  currency: 'CNY',
  paidAt: minutes(1),
  merchantAtChannel: identity.merchant,
  appAtChannel: identity.app,
  ...over,
});

/** Money as a payment keeps it. */
export const receipt = (over: Partial<Receipt> = {}): Receipt => ({
  trade_no: '4200001234202603020000000001',
  amount: 10_000n,
  currency: 'CNY',
  paid_at: minutes(1),
  flow_date: today,
  booked_on: today,
  fee: 100n,
  cost: 60n,
  ...over,
});

export const paid = (over: Partial<Payment> = {}, got: Partial<Receipt> = {}): Payment => {
  const amount = over.amount ?? 10_000n;
  const succeeded = attempt({
    status: 'succeeded',
    action: { type: 'qr_code', content: 'weixin://wxpay/bizpayurl?pr=Abc123' },
    receipt: receipt({ amount, ...got }),
  });
  return payment({ attempts: [succeeded], ...over });
};

export const refund = (over: Partial<Refund> = {}): Refund => ({
  id: derivedId('rfd', app().id, over.merchant_refund_id ?? 'refund-1'),
  version: 1,
  app_id: app().id,
  merchant_id: merchant().id,
  payment_id: payment().id,
  merchant_refund_id: 'refund-1',
  amount: 1_000n,
  currency: 'CNY',
  status: 'processing',
  fee_returned: 10n,
  bucket: 'merchant_pending',
  channel_account_id: channelAccount().id,
  channel_order_no: 'ORDER01',
  channel_trade_no: '4200001234202603020000000001',
  paid_amount: 10_000n,
  flow_date_of_payment: today,
  time_zone: 'Asia/Shanghai',
  created_at: minutes(10),
  reserved_on: today,
  ...over,
});

/** An agreement that its payer may sign for half an hour. */
export const agreement = (over: Partial<Agreement> = {}): Agreement => ({
  id: agreementId(app().id, 'a'),
  version: 1,
  app_id: app().id,
  merchant_id: merchant().id,
  merchant_agreement_id: 'a',
  method: 'alipay_wap',
  channel: 'paper',
  channel_account_id: channelAccount().id,
  time_zone: 'Asia/Shanghai',
  subject: 'Tea, monthly',
  currency: 'CNY',
  status: 'pending',
  created_at: noon,
  expires_at: minutes(30),
  ...over,
});

/** Where nothing is signed. */
export const noAgreement = () => Promise.reject(new Error('nothing is signed here'));

/** No rules, and nobody to ask. */
export const noRisk = {
  rules: async () => undefined,
  velocity: { add: () => Promise.reject(new Error('nobody is counted')) },
  ask: () => Promise.reject(new Error('nobody is asked')),
  key: async () => 'a key of at least thirty-two characters',
  newCode: () => '123456',
  tellCode: async () => undefined,
};
