import * as z from 'zod';

import type { Channel } from '#channels/channel.ts';
import { yuan } from '#channels/files/row.ts';
import type { TransferOutcome, TransferRef, TransferToPlace } from '#channels/transfer.ts';

import { outcomeOf, product, Transfer } from './transfer-state.ts';
import { contentOf, isRefused, mustBe, send, unanswered, within8Seconds, type Reply, type Wire } from './wire.ts';

/*
 * 单笔转账 to an account at Alipay. The same `out_biz_no` pays once: sent again, it answers for the first. Alipay wants the app to
 * sign with a certificate for it (公钥证书模式).
 */

/** Refusals after which nothing was paid, whatever is done afterwards. SYSTEM_ERROR and PAYMENT_INFO_INCONSISTENCY are not such. */
const neverPaid = new Set([
  'BALANCE_IS_NOT_ENOUGH',
  'CARD_BIN_ERROR',
  'EXCEED_LIMIT_DM_AMOUNT',
  'EXCEED_LIMIT_DM_MAX_AMOUNT',
  'EXCEED_LIMIT_ENT_SM_AMOUNT',
  'EXCEED_LIMIT_MM_AMOUNT',
  'EXCEED_LIMIT_PERSONAL_SM_AMOUNT',
  'EXCEED_LIMIT_SM_AMOUNT',
  'EXCEED_LIMIT_SM_MIN_AMOUNT',
  'INVALID_PARAMETER',
  'MEMO_REQUIRED_IN_TRANSFER_ERROR',
  'NO_ACCOUNT_RECEIVE_PERMISSION',
  'PAYCARD_UNABLE_PAYMENT',
  'PAYEE_ACC_OCUPIED',
  'PAYEE_NOT_EXIST',
  'PAYEE_USER_INFO_ERROR',
  'PAYER_BALANCE_NOT_ENOUGH',
  'PAYER_DATA_INCOMPLETE',
  'PAYER_STATUS_ERROR',
  'PERMIT_CHECK_PERM_LIMITED',
  'PERMIT_NON_BANK_LIMIT_PAYEE',
  'PERMIT_PAYER_FORBIDDEN',
  'PERMIT_PAYER_LOWEST_FORBIDDEN',
  'PERM_AML_NOT_REALNAME_REV',
  'REMARK_HAS_SENSITIVE_WORD',
]);

const answered = (wire: Wire, body: unknown, { channelTransferNo, amount }: TransferRef): TransferOutcome => {
  const found = Transfer.parse(body);
  mustBe('transfer', found.out_biz_no, channelTransferNo);
  if (found.trans_amount !== undefined) mustBe('amount', yuan(found.trans_amount), yuan(amount));
  return outcomeOf(found, wire.now());
};

const placingRefused = (reply: Reply): TransferOutcome => {
  const { subCode: code, message } = reply;
  if (isRefused(reply) && neverPaid.has(code)) return { kind: 'failed', failure: { code, message } };
  throw unanswered('transferring', reply);
};

/** An account is named by its login, a mail address or a mobile number, or by its user number. */
const payeeOf = ({ payee }: TransferToPlace) => {
  if (payee.kind !== 'alipay_account') throw new Error(`Alipay is not asked to pay to a ${payee.kind}`);
  const { account: identity, name } = payee;
  const identity_type = /^2088\d{12}$/.test(identity) ? 'ALIPAY_USER_ID' : 'ALIPAY_LOGON_ID';
  return { identity, identity_type, name };
};

export const transfersOf = (wire: Wire): NonNullable<Channel['transfers']> => ({
  async place(transfer) {
    const content = {
      ...product,
      out_biz_no: transfer.channelTransferNo,
      trans_amount: yuan(transfer.amount),
      order_title: transfer.title,
      payee_info: payeeOf(transfer),
    };
    const ask = { method: 'alipay.fund.trans.uni.transfer', content, notifyUrl: transfer.notifyUrl };
    const reply = await send(wire, ask, within8Seconds());
    if (reply.code !== '10000') return placingRefused(reply);
    return answered(wire, reply.body, transfer);
  },

  async query(transfer) {
    const content = { ...product, out_biz_no: transfer.channelTransferNo };
    const reply = await send(wire, { method: 'alipay.fund.trans.common.query', content }, within8Seconds());
    if (isRefused(reply) && reply.subCode === 'ORDER_NOT_EXIST') return { kind: 'absent' };
    return answered(wire, contentOf('querying a transfer', reply, z.unknown()), transfer);
  },
});
