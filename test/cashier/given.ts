import type { Offer } from '#cashier/offers.ts';
import { addressesOf, type Model } from '#cashier/page/model.ts';
import { profileId, type CashierProfile } from '#cashier/profile.ts';
import { standOf } from '#cashier/standing.ts';
import type { Payment } from '#payments/payment.ts';

import * as given from '../given.ts';

export const offer = (over: Partial<Offer> = {}): Offer => ({
  method: { method: 'wechat_native', display_name: { zh: '微信扫码支付', en: 'WeChat Pay by QR code' } },
  obstacle: undefined,
  promotion: undefined,
  ...over,
});

export const profile = (over: Partial<CashierProfile> = {}): CashierProfile => ({
  id: profileId(given.app().id, 'web'),
  app_id: given.app().id,
  product_code: 'web',
  name: 'Web shop',
  status: 'active',
  app_type: 'PC',
  business_type: 'goods',
  methods: (['wechat_h5', 'alipay_qr', 'wechat_native', 'balance'] as const).map((method) => ({
    method,
    display_name: { zh: '支付', en: method },
  })),
  exclusions: [],
  ...over,
});

/** A page of a payment that stands as its facts say. */
export const model = (over: Partial<Model> & { readonly of?: Partial<Payment> } = {}): Model => {
  const { of, ...rest } = over;
  const payment = given.payment({ method: undefined, product_code: 'web', attempts: [], ...of });
  const now = rest.now ?? given.minutes(1);
  return {
    payment,
    merchant: 'Tea house',
    stand: standOf(payment, now),
    offers: [offer()],
    environment: 'desktop',
    language: 'en',
    choosing: false,
    problem: undefined,
    now,
    addresses: addressesOf(payment.id, 'token', 'en', true),
    ...rest,
  };
};

export const assets = { script: '/cashier/assets/page-0.js', style: '/cashier/assets/page-0.css' };
