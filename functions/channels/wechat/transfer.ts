import { constants, publicEncrypt } from 'node:crypto';

import * as z from 'zod';

import type { Channel } from '#channels/channel.ts';
import { mustBe, Unanswered } from '#channels/reply.ts';
import type { TransferOutcome, TransferRef, TransferToPlace } from '#channels/transfer.ts';

import { contentOf, Fen, No, send, Time, type Refusal, type Wire } from './wire.ts';

/*
 * 商家转账 to a user's change at WeChat (零钱), API v3, `/v3/fund-app/mch-transfer`. The user has a day to take it in WeChat, where
 * the product asks for that. The same `out_bill_no` pays once: sent again, it answers for the first, and says anew what the
 * user's device needs. It can be asked about for thirty days.
 */

/** What the merchant has said of its transfers when it applied for them (转账场景). */
export const TransferSettings = z.strictObject({
  scene_id: z.string().regex(/^\d{1,36}$/),
  /** 转账场景报备信息: which members a scene wants is for its own document to say. */
  report_infos: z
    .array(z.strictObject({ info_type: z.string().min(1).max(15), info_content: z.string().min(1).max(32) }))
    .max(10)
    .default([]),
  /** 用户收款感知: what the user sees it as; without it the scene's usual words. */
  perception: z.string().min(1).max(32).optional(),
});
export type TransferSettings = z.infer<typeof TransferSettings>;

/** 商家转账单, as it is told when it is placed, when it is asked about, and in MCHTRANSFER.BILL.FINISHED. */
export const TransferBill = z.object({
  out_bill_no: No,
  transfer_bill_no: No.optional(),
  state: z.string(),
  mch_id: z.string().optional(),
  transfer_amount: Fen.optional(),
  fail_reason: z.string().max(64).optional(),
  update_time: Time.optional(),
  package_info: z.string().max(1_024).optional(),
});
export type TransferBill = z.infer<typeof TransferBill>;

/** A state in our words. ACCEPTED, PROCESSING, TRANSFERING, CANCELING, and any that WeChat may invent, are under way. */
export const transferOutcome = (bill: TransferBill): TransferOutcome => {
  const { state, transfer_bill_no: channelTradeNo, update_time: at, fail_reason: reason } = bill;
  switch (state) {
    case 'SUCCESS':
      // Placing does not say when: asking will.
      return channelTradeNo !== undefined && at ? { kind: 'succeeded', channelTradeNo, at } : { kind: 'processing' };
    case 'FAIL':
    case 'CANCELLED':
      return { kind: 'failed', failure: { code: reason ?? state, message: '' } };
    case 'WAIT_USER_CONFIRM':
      return { kind: 'processing', waitsForPayee: true };
    default:
      return { kind: 'processing' };
  }
};

/**
 * These depend on what we send or on how the merchant stands. INVALID_REQUEST and ALREADY_EXISTS do not: the number may be known.
 * WeChat wants it to be asked about all the same before another number is used: whoever sends does so.
 */
const neverPaid = new Set([
  'PARAM_ERROR',
  'NO_AUTH',
  'NOT_ENOUGH',
  'SIGN_ERROR',
  'APPID_MCHID_NOT_MATCH',
  'MCH_NOT_EXISTS',
]);

const placingRefused = ({ status, code, message }: Refusal): TransferOutcome => {
  if (status >= 400 && status < 500 && status !== 429 && neverPaid.has(code))
    return { kind: 'failed', failure: { code, message } };
  throw new Unanswered(`transferring: WeChat answered ${status} ${code || 'without a code'}`);
};

/** 0.30 yuan: below it WeChat does not check names, and refuses to be told one. */
const nameIsCheckedFrom = 30n;

/** 敏感信息加密: OAEP with SHA-1, by the key that `Wechatpay-Serial` names. */
const sealedFor = ({ platform }: Wire, text: string): string =>
  publicEncrypt({ key: platform.key, padding: constants.RSA_PKCS1_OAEP_PADDING }, Buffer.from(text)).toString('base64');

const payeeOf = (wire: Wire, { payee, amount }: TransferToPlace) => {
  if (payee.kind !== 'wechat_user') throw new Error(`WeChat is not asked to pay to a ${payee.kind}`);
  return { openid: payee.account, ...(amount >= nameIsCheckedFrom && { user_name: sealedFor(wire, payee.name) }) };
};

const checked = (bill: TransferBill, { channelTransferNo, amount }: TransferRef): TransferBill => {
  mustBe('transfer', bill.out_bill_no, channelTransferNo);
  if (bill.transfer_amount !== undefined) mustBe('amount', String(bill.transfer_amount), String(amount));
  return bill;
};

const path = '/v3/fund-app/mch-transfer/transfer-bills';

export const transfersAt = (
  wire: Wire,
  { appid, scene_id, report_infos, perception }: TransferSettings & { readonly appid: string },
): NonNullable<Channel['transfers']> => ({
  async place(transfer) {
    const reply = await send(wire, 'POST', path, {
      appid,
      out_bill_no: transfer.channelTransferNo,
      transfer_scene_id: scene_id,
      ...payeeOf(wire, transfer),
      transfer_amount: Number(transfer.amount),
      transfer_remark: Array.from(transfer.title).slice(0, 32).join(''),
      notify_url: transfer.notifyUrl,
      ...(perception !== undefined && { user_recv_perception: perception }),
      transfer_scene_report_infos: report_infos,
    });
    if (!reply.ok) return placingRefused(reply);
    const bill = checked(TransferBill.parse(contentOf(reply)), transfer);
    const outcome = transferOutcome(bill);
    if (outcome.kind !== 'processing' || bill.package_info === undefined) return outcome;
    // JSAPI and app alike: `requestMerchantTransfer` with these three.
    const params = { mchId: wire.signer.mchid, appId: appid, package: bill.package_info };
    return { ...outcome, action: { type: 'sdk', params } };
  },

  async query(transfer) {
    const reply = await send(wire, 'GET', `${path}/out-bill-no/${encodeURIComponent(transfer.channelTransferNo)}`);
    if (!reply.ok && reply.status === 404 && reply.code === 'NOT_FOUND') return { kind: 'absent' };
    if (!reply.ok)
      throw new Unanswered(`querying a transfer: WeChat answered ${reply.status} ${reply.code || 'without a code'}`);
    return transferOutcome(checked(TransferBill.parse(contentOf(reply)), transfer));
  },
});
