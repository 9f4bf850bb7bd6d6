import { constants, privateDecrypt } from 'node:crypto';

import { describe, expect, test } from 'vitest';

import { CallbackRefused } from '#channels/channel.ts';
import type { TransferToPlace } from '#channels/transfer.ts';

import { account, keys, notification } from './server.ts';
import {
  accountWith,
  answering,
  appid,
  channel,
  kind,
  mchid,
  no,
  now,
  ok,
  secrets,
  server,
  settings,
} from './world.ts';

/* 商家转账 to a user's change at WeChat. */

const transfer: TransferToPlace = {
  channelTransferNo: '01KG7X0000TRANSFER0000001',
  amount: 10_050n,
  currency: 'CNY',
  createdAt: now,
  payee: { kind: 'wechat_user', account: 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o', name: '张三' },
  title: '提现',
  notifyUrl: 'https://pay.example.com/callbacks/wechat/chn_1/payouts',
};
const scene = { scene_id: '1005', report_infos: [{ info_type: '岗位类型', info_content: '骑手' }] };
const opened = () => kind.open(accountWith({ ...settings(), transfer: scene }), secrets, () => now);
const transfers = () => opened().transfers!;

const no1 = '1330000071100999991182020050700019480001';
const bill = (state: string, more: object = {}) => ({
  mch_id: mchid,
  out_bill_no: transfer.channelTransferNo,
  transfer_bill_no: no1,
  appid,
  state,
  transfer_amount: 10_050,
  create_time: '2026-01-31T09:59:50+08:00',
  update_time: '2026-01-31T10:00:01+08:00',
  ...more,
});
const arrived = { kind: 'succeeded', channelTradeNo: no1, at: new Date('2026-01-31T02:00:01.000Z') };
const sent = (): Record<string, unknown> => JSON.parse(server.received.at(-1)!.body);

describe('a transfer to a user at WeChat', () => {
  test('is made by accounts that say in which scene, and by no other', () => {
    expect(kind.capabilities.payees).toEqual(['wechat_user']);
    expect(channel.transfers).toBeUndefined();
    expect(opened().transfers).toBeDefined();
    expect(() => kind.settings.parse({ ...settings(), transfer: { scene_id: 'x' } })).toThrow();
  });

  test('is sent with what WeChat documents, its payee’s name for WeChat’s eyes alone', async () => {
    const placed = { ...bill('WAIT_USER_CONFIRM', { package_info: 'affffddafdfafddffda==' }), update_time: undefined };
    answering(ok(placed));
    expect(await transfers().place(transfer)).toEqual({
      kind: 'processing',
      waitsForPayee: true,
      action: { type: 'sdk', params: { mchId: mchid, appId: appid, package: 'affffddafdfafddffda==' } },
    });
    const { user_name, ...rest } = sent();
    expect(server.received.at(-1)).toMatchObject({
      method: 'POST',
      target: '/v3/fund-app/mch-transfer/transfer-bills',
      headers: { 'wechatpay-serial': account.platformSerial },
    });
    expect(rest).toEqual({
      appid,
      out_bill_no: transfer.channelTransferNo,
      transfer_scene_id: '1005',
      openid: 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o',
      transfer_amount: 10_050,
      transfer_remark: '提现',
      notify_url: transfer.notifyUrl,
      transfer_scene_report_infos: scene.report_infos,
    });
    const key = { key: keys.platform.privateKey, padding: constants.RSA_PKCS1_OAEP_PADDING };
    expect(privateDecrypt(key, Buffer.from(String(user_name), 'base64')).toString()).toBe('张三');
  });

  test('below 0.30 yuan names nobody, as WeChat wants it; a long title is cut', async () => {
    answering(ok(bill('PROCESSING', { transfer_amount: 29 })));
    await transfers().place({ ...transfer, amount: 29n, title: '茶'.repeat(40) });
    expect(sent()).toMatchObject({ transfer_amount: 29, transfer_remark: '茶'.repeat(32) });
    expect(sent()).not.toHaveProperty('user_name');
  });

  test.each([
    { kind: 'alipay_account', account: 'payee@example.com', name: '张三' },
    { kind: 'bank_account', account: '6222000000000000', name: '张三', bank: 'ICBC' },
  ] as const)('is not made to $kind', async (payee) => {
    await expect(transfers().place({ ...transfer, payee })).rejects.toThrow(payee.kind);
    expect(server.received).toEqual([]);
  });

  test.each([
    ['ACCEPTED', {}, { kind: 'processing' }],
    ['PROCESSING', {}, { kind: 'processing' }],
    ['TRANSFERING', {}, { kind: 'processing' }],
    ['CANCELING', {}, { kind: 'processing' }],
    ['A_NEW_STATE', {}, { kind: 'processing' }],
    ['WAIT_USER_CONFIRM', {}, { kind: 'processing', waitsForPayee: true }],
    ['SUCCESS', {}, arrived],
    // Placing tells no time of success: asking does.
    ['SUCCESS', { update_time: undefined }, { kind: 'processing' }],
    ['SUCCESS', { transfer_bill_no: undefined }, { kind: 'processing' }],
    [
      'FAIL',
      { fail_reason: 'NAME_NOT_CORRECT' },
      { kind: 'failed', failure: { code: 'NAME_NOT_CORRECT', message: '' } },
    ],
    ['CANCELLED', {}, { kind: 'failed', failure: { code: 'CANCELLED', message: '' } }],
  ])('in state %s with %o is %o', async (state, more, outcome) => {
    answering(ok(bill(state, more)));
    expect(await transfers().query(transfer)).toEqual(outcome);
    expect(server.received.at(-1)).toMatchObject({
      method: 'GET',
      target: `/v3/fund-app/mch-transfer/transfer-bills/out-bill-no/${transfer.channelTransferNo}`,
    });
  });

  test.each([
    ['of another number', { out_bill_no: 'ANOTHER' }],
    ['of another amount', { transfer_amount: 10_051 }],
  ])('that is answered %s is unknown', async (_, more) => {
    answering(ok(bill('SUCCESS', more)));
    await expect(transfers().query(transfer)).rejects.toThrow('another');
    await expect(transfers().place(transfer)).rejects.toThrow('another');
  });

  test.each([
    [400, 'PARAM_ERROR'],
    [403, 'NO_AUTH'],
    [403, 'NOT_ENOUGH'],
  ])('that WeChat refuses with %d %s has not been made', async (status, code) => {
    answering(no(status, code));
    expect(await transfers().place(transfer)).toEqual({ kind: 'failed', failure: { code, message: '说明' } });
  });

  test.each([
    [400, 'INVALID_REQUEST'],
    [400, 'ALREADY_EXISTS'],
    [400, ''],
    [404, 'NOT_FOUND'],
    [429, 'PARAM_ERROR'],
    [500, 'PARAM_ERROR'],
    [500, 'SYSTEM_ERROR'],
  ])('that WeChat answers with %d %j may have been made', async (status, code) => {
    answering(no(status, code));
    await expect(transfers().place(transfer)).rejects.toThrow('transferring');
  });

  test('that WeChat knows nothing of is absent; any other refusal says nothing', async () => {
    answering(no(404, 'NOT_FOUND'));
    expect(await transfers().query(transfer)).toEqual({ kind: 'absent' });
    for (const [status, code] of [
      [404, ''],
      [400, 'NOT_FOUND'],
      [500, 'NOT_FOUND'],
    ] as const) {
      answering(no(status, code));
      await expect(transfers().query(transfer)).rejects.toThrow('querying a transfer');
    }
  });
});

describe('a notification of WeChat about a transfer', () => {
  const told = (state: string, more: object = {}, associatedData = '') =>
    notification('MCHTRANSFER.BILL.FINISHED', bill(state, more), now, { associatedData });

  test.each([
    ['SUCCESS', {}, arrived],
    ['FAIL', { fail_reason: 'OVERDUE_CLOSE' }, { kind: 'failed', failure: { code: 'OVERDUE_CLOSE', message: '' } }],
  ])('%s %o is %o', (state, more, outcome) => {
    expect(opened().readCallback(told(state, more))).toEqual({
      about: 'payout',
      payoutNo: transfer.channelTransferNo,
      amount: 10_050n,
      outcome,
    });
  });

  test.each([
    ['of another merchant', { mch_id: '1900000002' }],
    ['of nobody', { mch_id: undefined }],
    ['without a number', { out_bill_no: undefined }],
  ])('%s is refused', (_, more) => {
    expect(() => opened().readCallback(told('SUCCESS', more))).toThrow(CallbackRefused);
  });

  test('that somebody else has signed is refused', () => {
    const forged = notification('MCHTRANSFER.BILL.FINISHED', bill('SUCCESS'), now, { by: 'somebody else' });
    expect(() => opened().readCallback(forged)).toThrow(CallbackRefused);
  });
});
