import { describe, expect, test } from 'vitest';

import type { ChannelAccount } from '#channels/account.ts';
import type { Action, Method, OrderToPlace } from '#channels/channel.ts';
import { channelKind } from '#channels/registry.ts';

import { account, isFromApp, keys, notification, pem } from './server.ts';
import * as given from '../../given.ts';

const now = new Date('2026-01-31T02:00:00.000Z');

const openWith = (withholding: object | undefined) => {
  const kind = channelKind('alipay');
  const settings = {
    app_id: account.appId,
    seller_id: account.sellerId,
    alipay_public_key_pem: pem(keys.alipay.publicKey),
    withholding,
  };
  const row: ChannelAccount = given.channelAccount({ channel: 'alipay', settings });
  return kind.open(row, { app_private_key_pem: pem(keys.app.privateKey) }, () => now);
};
const merchantPays = { sign_scene: 'INDUSTRY|DIGITAL_MEDIA' };
const cycles = { ...merchantPays, product_code: 'CYCLE_PAY_AUTH' };

const agreementNo = '01KG7X0000AGREEMENT0000001';
const order = (method: Method, over: object = {}): OrderToPlace => ({
  channelOrderNo: '01KG7X0000ORDER0000000001',
  appId: 'app_00000000000000000000000001',
  method,
  amount: 12_345n,
  currency: 'CNY',
  createdAt: now,
  subject: '首月会费',
  expiresAt: new Date('2026-01-31T02:30:00.000Z'),
  notifyUrl: 'https://pay.example.com/callbacks/alipay/chn_1',
  payer: {},
  signing: {
    agreementNo,
    channelAgreementNo: undefined,
    method,
    createdAt: now,
    subject: '会员连续包月',
    payerId: 'user-1',
    limits: { amount_max: 2_000n, period: { unit: 'month', count: 1 }, first_on: '2026-02-28' },
    today: '2026-01-31',
    expiresAt: new Date('2026-01-31T02:30:00.000Z'),
    notifyUrl: 'https://pay.example.com/callbacks/alipay/chn_1/agreements',
    returnUrl: undefined,
    ...over,
  },
});

const textIn = (action: Action): string => {
  if (action.type === 'redirect') return new URL(action.url).search.slice(1);
  return action.type === 'sdk' ? (action.params['order_string'] ?? '') : '';
};

const placed = async (withholding: object, asked: OrderToPlace) => {
  const placing = await openWith(withholding).place(asked);
  if (placing.kind !== 'placed') throw new Error(JSON.stringify(placing));
  const params = Object.fromEntries(new URLSearchParams(textIn(placing.action)));
  expect(isFromApp(params)).toBe(true);
  return { method: params['method'], notify: params['notify_url'], ...JSON.parse(params['biz_content'] ?? '') };
};

const signParams = {
  personal_product_code: 'CYCLE_PAY_AUTH_P',
  sign_scene: 'INDUSTRY|DIGITAL_MEDIA',
  external_agreement_no: agreementNo,
  external_logon_id: 'user-1',
  sign_notify_url: 'https://pay.example.com/callbacks/alipay/chn_1/agreements',
  period_rule_params: { period_type: 'MONTH', period: 1, execute_time: '2026-02-28', single_amount: '20.00' },
};

describe('an order at Alipay with which an agreement is signed', () => {
  test.each([
    ['alipay_app', 'alipay.trade.app.pay', 'QUICK_MSECURITY_PAY', 'ALIPAYAPP'],
    ['alipay_page', 'alipay.trade.page.pay', 'FAST_INSTANT_TRADE_PAY', 'QRCODE'],
  ] as const)('%s says so within what is signed for the payer', async (way, method, product_code, channel) => {
    expect(await placed(merchantPays, order(way))).toMatchObject({
      method,
      notify: 'https://pay.example.com/callbacks/alipay/chn_1',
      product_code,
      total_amount: '123.45',
      agreement_sign_params: { ...signParams, product_code: 'GENERAL_WITHHOLDING', access_params: { channel } },
    });
    const { agreement_sign_params: nothing } = await placed(merchantPays, { ...order(way), signing: undefined });
    expect(nothing).toBeUndefined();
  });

  test('in an app is sold as 周期扣款 under that contract, and names the product once', async () => {
    const said = await placed(cycles, order('alipay_app'));
    expect(said).toMatchObject({ product_code: 'CYCLE_PAY_AUTH', agreement_sign_params: signParams });
    expect(said.agreement_sign_params.product_code).toBeUndefined();
    expect(await placed(cycles, order('alipay_page'))).toMatchObject({
      product_code: 'FAST_INSTANT_TRADE_PAY',
      agreement_sign_params: { product_code: 'CYCLE_PAY_AUTH' },
    });
  });

  test('is not sent where it could only be paid', async () => {
    const refusedFor = (code: string) => ({ kind: 'refused', failure: { code } });
    expect(await openWith(merchantPays).place(order('alipay_app', { limits: undefined }))).toMatchObject(
      refusedFor('PERIOD_RULE_REQUIRED'),
    );
    expect(await openWith(undefined).place(order('alipay_app'))).toMatchObject(refusedFor('NOT_CONTRACTED'));
    for (const way of ['alipay_wap', 'alipay_qr', 'alipay_code'] as const)
      await expect(openWith(merchantPays).place(order(way))).rejects.toThrow('is not asked for');
  });

  test('is told of as signed wherever the word of it comes', () => {
    const told = {
      notify_type: 'dut_user_sign',
      app_id: account.appId,
      status: 'NORMAL',
      external_agreement_no: agreementNo,
      agreement_no: '20260131000000000001',
      sign_time: '2026-01-31 09:59:58',
    };
    expect(openWith(merchantPays).readCallback(notification(told, now))).toMatchObject({
      about: 'agreement',
      agreementNo,
      outcome: { kind: 'active', channelAgreementNo: told.agreement_no },
    });
  });
});
