import { describe, expect, test } from 'vitest';

import { CallbackRefused } from '#channels/channel.ts';
import type { TransferToPlace } from '#channels/transfer.ts';

import { account } from './server.ts';
import {
  answering,
  channel,
  faults,
  isFault,
  kind,
  methodsAsked,
  no,
  now,
  ok,
  read,
  responding,
  sent,
  server,
} from './world.ts';

const transfer: TransferToPlace = {
  channelTransferNo: '01KG7X0000TRANSFER0000001',
  amount: 10_050n,
  currency: 'CNY',
  createdAt: now,
  payee: { kind: 'alipay_account', account: 'payee@example.com', name: '张三' },
  title: '结算',
  notifyUrl: 'https://pay.example.com/callbacks/alipay/chn_1/payouts',
};

describe('a transfer to an account at Alipay', () => {
  const transfers = () => channel.transfers!;
  const transferIs = (status: string, more: object = {}) =>
    ok({
      out_biz_no: transfer.channelTransferNo,
      order_id: '20260131110070000002000001',
      pay_fund_order_id: '20260131110070001502000001',
      status,
      ...more,
    });
  const done = transferIs('SUCCESS', { trans_date: '2026-01-31 10:00:01' });
  const at = new Date('2026-01-31T02:00:01.000Z');
  const success = { kind: 'succeeded', channelTradeNo: '20260131110070000002000001', at };

  test('is what the channel says it can do', () => expect(kind.capabilities.payees).toEqual(['alipay_account']));

  test('is sent with what Alipay documents, to a login or to a user number', async () => {
    answering(done);
    expect(await transfers().place(transfer)).toEqual(success);
    await transfers().place({
      ...transfer,
      payee: { kind: 'alipay_account', account: '2088102534368455', name: '李四' },
    });
    expect(sent()).toEqual({
      out_biz_no: transfer.channelTransferNo,
      trans_amount: '100.50',
      product_code: 'TRANS_ACCOUNT_NO_PWD',
      biz_scene: 'DIRECT_TRANSFER',
      order_title: '结算',
      payee_info: { identity: 'payee@example.com', identity_type: 'ALIPAY_LOGON_ID', name: '张三' },
    });
    expect(sent(1)).toMatchObject({ payee_info: { identity_type: 'ALIPAY_USER_ID' } });
  });

  test('is not made to a bank', async () => {
    const payee = { kind: 'bank_account', account: '6222000000000000', name: '张三', bank: 'ICBC' } as const;
    await expect(transfers().place({ ...transfer, payee })).rejects.toThrow('bank_account');
    expect(server.received).toEqual([]);
  });

  test('is asked about under its number, its product and its scene', async () => {
    answering(transferIs('SUCCESS', { pay_date: '2026-01-31 10:00:01', trans_amount: '100.50' }));
    expect(await transfers().query(transfer)).toEqual(success);
    expect([methodsAsked(), sent()]).toEqual([
      ['alipay.fund.trans.common.query'],
      { product_code: 'TRANS_ACCOUNT_NO_PWD', biz_scene: 'DIRECT_TRANSFER', out_biz_no: transfer.channelTransferNo },
    ]);
  });

  const failure = { code: 'PAYEE_CARD_INFO_ERROR', message: '收款方账户信息有误' };
  const reason = { error_code: failure.code, fail_reason: failure.message };
  test.each([
    ['DEALING', {}, { kind: 'processing' }],
    ['A_NEW_STATE', {}, { kind: 'processing' }],
    ['FAIL', reason, { kind: 'failed', failure }],
    ['REFUND', reason, { kind: 'returned', channelTradeNo: success.channelTradeNo, failure, at: now }],
  ])('in state %s is %o %o', async (status, more, outcome) => {
    answering(transferIs(status, more));
    expect(await transfers().query(transfer)).toEqual(outcome);
    expect(await transfers().place(transfer)).toEqual(outcome);
  });

  test.each([
    ['of another number', { out_biz_no: 'ANOTHER' }],
    ['of another amount', { trans_amount: '100.51' }],
    ['without its own number there', { order_id: undefined }],
    ['without a time', { trans_date: undefined }],
  ])('that succeeded %s is unknown', async (_, more) => {
    answering(transferIs('SUCCESS', { trans_date: '2026-01-31 10:00:01', ...more }));
    await expect(transfers().place(transfer)).rejects.toThrow();
    await expect(transfers().query(transfer)).rejects.toThrow();
  });

  test.each(['PAYEE_NOT_EXIST', 'PAYEE_USER_INFO_ERROR', 'PAYER_BALANCE_NOT_ENOUGH', 'EXCEED_LIMIT_SM_AMOUNT'])(
    'that Alipay refuses for %s has failed',
    async (code) => {
      answering(no(code));
      expect(await transfers().place(transfer)).toEqual({ kind: 'failed', failure: { code, message: '说明' } });
    },
  );

  test.each(['SYSTEM_ERROR', 'PAYMENT_INFO_INCONSISTENCY', 'A_NEW_CODE', ''])(
    'that Alipay answers with %j may have been made: unknown',
    async (code) => {
      answering(no(code));
      await expect(transfers().place(transfer)).rejects.toThrow('transferring');
      await expect(transfers().query(transfer)).rejects.toThrow('querying a transfer');
    },
  );

  test('that Alipay has never heard of is absent', async () => {
    answering(no('ORDER_NOT_EXIST'));
    expect(await transfers().query(transfer)).toEqual({ kind: 'absent' });
    answering(no('ORDER_NOT_EXIST', { code: '20000' }));
    await expect(transfers().query(transfer)).rejects.toThrow('querying a transfer');
  });

  test('meets no fault of a reply that is an answer', async () => {
    for (const fault of Object.keys(faults).filter((name) => !name.includes('yesterday'))) {
      responding(() => (isFault(fault) ? { ...faults[fault]('refund', 'alipay_qr') } : done));
      await expect(transfers().place(transfer), fault).rejects.toThrow();
    }
  });
});

/** What Alipay tells of a transfer, at the one address that it has for an app. */
const transferNotice = (status: string, more: object = {}, members: Record<string, string | undefined> = {}) => ({
  notify_id: '2026013100222000000000001',
  utc_timestamp: String(now.getTime()),
  msg_method: 'alipay.fund.trans.order.changed',
  app_id: account.appId,
  biz_content: JSON.stringify({
    out_biz_no: transfer.channelTransferNo,
    order_id: '20260131110070000002000001',
    product_code: 'TRANS_ACCOUNT_NO_PWD',
    biz_scene: 'DIRECT_TRANSFER',
    action_type: 'FINISH',
    status,
    trans_amount: '100.50',
    pay_date: '2026-01-31 10:00:01',
    ...more,
  }),
  ...members,
});

describe('a message of Alipay about a transfer', () => {
  const at = new Date('2026-01-31T02:00:01.000Z');
  const channelTradeNo = '20260131110070000002000001';
  const failure = { code: 'PAYEE_CARD_INFO_ERROR', message: '收款方银行卡信息有误' };
  const reason = { error_code: failure.code, fail_reason: failure.message };

  test.each([
    ['SUCCESS', {}, { kind: 'succeeded', channelTradeNo, at }],
    ['FAIL', reason, { kind: 'failed', failure }],
    ['REFUND', reason, { kind: 'returned', channelTradeNo, failure, at: now }],
    ['DEALING', {}, { kind: 'processing' }],
  ])('says %s', (status, more, outcome) => {
    const heard = { about: 'payout', payoutNo: transfer.channelTransferNo, amount: transfer.amount, outcome };
    // Messages of the gateway sign their kind of signature as well.
    expect(read(transferNotice(status, more), { signsType: true })).toEqual(heard);
  });

  test('about another product, or of another kind, changes nothing here', () => {
    expect(read(transferNotice('SUCCESS', { product_code: 'STD_RED_PACKET' }))).toEqual({ about: 'nothing' });
    expect(read(transferNotice('SUCCESS', {}, { msg_method: 'alipay.trade.order.settle.notify' }))).toEqual({
      about: 'nothing',
    });
  });

  test.each<[string, Record<string, string | undefined>, object]>([
    ['of another app', { app_id: '2021000000000002' }, {}],
    ['without content', { biz_content: undefined }, {}],
    ['whose content is no JSON', { biz_content: '{"out_biz_no"' }, {}],
    ['that arrived and does not say when', {}, { pay_date: undefined }],
    ['that arrived without a number', {}, { order_id: undefined }],
    ['with another amount than one', {}, { trans_amount: '1e2' }],
  ])('%s is refused', (_, members, more) => {
    expect(() => read(transferNotice('SUCCESS', more, members))).toThrow(CallbackRefused);
  });

  test('that somebody else has signed is refused', () => {
    expect(() => read(transferNotice('SUCCESS'), { by: 'somebody else' })).toThrow(CallbackRefused);
  });
});
