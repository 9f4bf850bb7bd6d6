import { describe, expect, test } from 'vitest';

import { CallbackRefused, type OrderToPlace } from '#channels/channel.ts';

import { isFromApp, notification } from './server.ts';
import {
  answering,
  appId,
  channel,
  contentIn,
  methodsAsked,
  no,
  now,
  ok,
  openWith,
  order,
  sent,
  waiting,
} from './world.ts';

describe('an agreement at Alipay', () => {
  const withholding = { sign_scene: 'INDUSTRY|DIGITAL_MEDIA' };
  const agreement = {
    agreementNo: '01KG7X0000AGREEMENT0000001',
    channelAgreementNo: undefined,
    method: 'alipay_wap' as const,
    createdAt: now,
  };
  const toSign = {
    ...agreement,
    subject: '会员',
    payerId: 'user-1',
    limits: { amount_max: 2_000n, period: { unit: 'month' as const, count: 1 } },
    today: '2026-01-31',
    expiresAt: new Date('2026-01-31T02:30:00.000Z'),
    notifyUrl: 'https://pay.example.com/callbacks/alipay/chn_1/agreements',
    returnUrl: undefined,
  };
  const told = {
    external_agreement_no: agreement.agreementNo,
    agreement_no: '20260131000000000001',
    sign_time: '2026-01-31 09:59:58',
    invalid_time: '2115-02-01 00:00:00',
  };
  const active = {
    kind: 'active',
    channelAgreementNo: told.agreement_no,
    signedAt: new Date('2026-01-31T01:59:58.000Z'),
    validUntil: undefined,
  };
  const signing = () => openWith({ withholding }).agreements!;
  const notify = (more: Record<string, string>) =>
    openWith({ withholding }).readCallback(notification({ app_id: appId, ...told, ...more }, now));

  test('is signed at an address that only we can have made, with what its payer agrees to', async () => {
    const signed = await signing().sign(toSign);
    const action = signed.kind === 'placed' && signed.action.type === 'redirect' ? signed.action : undefined;
    const params = Object.fromEntries(new URL(action?.url ?? '').searchParams);
    expect(isFromApp(params)).toBe(true);
    expect(params).toMatchObject({ method: 'alipay.user.agreement.page.sign', notify_url: toSign.notifyUrl });
    expect(contentIn(params)).toEqual({
      product_code: 'GENERAL_WITHHOLDING',
      personal_product_code: 'CYCLE_PAY_AUTH_P',
      sign_scene: 'INDUSTRY|DIGITAL_MEDIA',
      external_agreement_no: agreement.agreementNo,
      external_logon_id: 'user-1',
      access_params: { channel: 'ALIPAYAPP' },
      effect_time: 1_800,
      period_rule_params: { period_type: 'MONTH', period: 1, execute_time: '2026-01-31', single_amount: '20.00' },
    });
    expect(await signing().sign({ ...toSign, limits: undefined })).toMatchObject({ kind: 'refused' });
    expect(channel.agreements, 'not without the contract').toBeUndefined();
  });

  test.each([
    ['NORMAL', ok({ ...told, status: 'NORMAL' }), active],
    ['TEMP', ok({ ...told, status: 'TEMP' }), { kind: 'pending' }],
    ['STOP', ok({ ...told, status: 'STOP' }), { kind: 'pending' }],
    ['not there', no('USER_AGREEMENT_NOT_EXIST'), { kind: 'absent' }],
  ] as const)('that is %s is told so', async (_, said, outcome) => {
    answering(said);
    expect(await signing().query(agreement)).toEqual(outcome);
  });

  test('of another number, or that cannot be read, is not known', async () => {
    for (const said of [ok({ ...told, status: 'NORMAL', external_agreement_no: 'OTHER' }), no('SYSTEM_ERROR'), ok()]) {
      answering(said);
      await expect(signing().query(agreement)).rejects.toThrow();
      await expect(signing().terminate(agreement, toSign.notifyUrl)).rejects.toThrow();
    }
  });

  test('is terminated only once a query no longer finds it', async () => {
    answering(ok(), ok({ ...told, status: 'NORMAL' }));
    expect(await signing().terminate(agreement, toSign.notifyUrl)).toEqual(active);
    answering(ok(), no('USER_AGREEMENT_NOT_EXIST'));
    expect(await signing().terminate(agreement, toSign.notifyUrl)).toMatchObject({ kind: 'terminated', by: 'app' });
    expect(methodsAsked().slice(-2)).toEqual(['alipay.user.agreement.unsign', 'alipay.user.agreement.query']);
  });

  test('is told of by Alipay, and by nobody else', () => {
    const about = { about: 'agreement', agreementNo: agreement.agreementNo };
    expect(notify({ notify_type: 'dut_user_sign', status: 'NORMAL' })).toEqual({ ...about, outcome: active });
    expect(notify({ notify_type: 'dut_user_unsign', status: 'UNSIGN', unsign_time: '2026-01-31 10:00:00' })).toEqual({
      ...about,
      outcome: { kind: 'terminated', at: now, by: undefined },
    });
    const another = { notify_type: 'dut_user_sign', status: 'NORMAL', app_id: '2021000000000009' };
    expect(() => notify(another)).toThrow(CallbackRefused);
  });

  test('charges by its number; refused for good where it stands no more', async () => {
    const deducting = openWith({ withholding });
    const deduction: OrderToPlace = { ...order, method: 'alipay_agreement', channelAgreementNo: told.agreement_no };
    answering(waiting);
    expect(await deducting.place(deduction)).toEqual({ kind: 'placed', action: { type: 'none' } });
    expect(sent()).toMatchObject({
      product_code: 'GENERAL_WITHHOLDING',
      agreement_params: { agreement_no: told.agreement_no },
      total_amount: '123.45',
    });
    answering(no('ACQ.AGREEMENT_NOT_EXIST'));
    expect(await deducting.place(deduction)).toMatchObject({ kind: 'refused' });
    answering(no('ACQ.TRADE_NOT_EXIST'));
    expect(await deducting.query(deduction)).toEqual({ kind: 'absent' });
  });
});
