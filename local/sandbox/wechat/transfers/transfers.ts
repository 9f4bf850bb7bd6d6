import { constants, createHash, privateDecrypt, randomBytes } from 'node:crypto';
import { beijingDate, beijingInstant } from '../../beijing.ts';
import type { PayeeGesture, PayeeOutcome } from '../../channel.ts';
import { omenOf } from '../../omens.ts';
import { notify } from '../callbacks.ts';
import { nowOf, takesFault, type Desk } from '../desk.ts';
import { invalidRequest, paramError, Refusal } from '../refusal.ts';
import type { TransferRequest } from '../requests.ts';
import type { Bill } from './book.ts';

const DAY_MS = 86_400_000;
const NAME_CHECKED_FROM = 30;
const NAME_NEEDED_FROM = 200_000;

/** A day after it was made an untaken transfer is over: nobody has to write that down. */
const standing = (bill: Bill, now: number): Bill => {
  const isOver = bill.state === 'WAIT_USER_CONFIRM' && now - bill.created_at >= DAY_MS;
  if (!isOver) return bill;
  return { ...bill, state: 'FAIL', fail_reason: 'OVERDUE_CLOSE', updated_at: bill.created_at + DAY_MS };
};

/** 敏感信息加密: RSAES-OAEP with the platform's own key. */
const unsealed = (desk: Desk, sealed: string): string => {
  try {
    const key = { key: desk.issued.platform_private_key_pem, padding: constants.RSA_PKCS1_OAEP_PADDING };
    return privateDecrypt(key, Buffer.from(sealed, 'base64')).toString('utf8');
  } catch {
    throw paramError('敏感信息解密失败', { field: '/user_name' });
  }
};

const nameOf = (desk: Desk, { user_name, transfer_amount }: TransferRequest): string | undefined => {
  if (user_name === undefined && transfer_amount >= NAME_NEEDED_FROM)
    throw paramError('转账金额大于等于2000元，收款用户姓名必填', { field: '/user_name' });
  if (user_name !== undefined && transfer_amount < NAME_CHECKED_FROM)
    throw paramError('转账金额小于0.3元，不支持填写收款用户姓名', { field: '/user_name' });
  return user_name === undefined ? undefined : unsealed(desk, user_name);
};

const again = (known: Bill, digest: string): Bill => {
  if (known.digest !== digest) throw invalidRequest('商户单号已存在，且请求参数不一致');
  return known;
};

export interface Accepted {
  readonly bill: Bill;
  /** Whether its answer is told. */
  readonly heard: boolean;
}

/** 发起转账. @see https://pay.weixin.qq.com/doc/v3/merchant/4012716434 */
export const acceptTransfer = (desk: Desk, request: TransferRequest): Accepted => {
  const now = nowOf(desk);
  const { user_name: _, ...said } = request;
  const name = nameOf(desk, request);
  const digest = createHash('sha256')
    .update(JSON.stringify({ ...said, name }))
    .digest('hex');
  const known = desk.transfers.named(request.out_bill_no);
  if (known) return { bill: standing(again(known, digest), now), heard: true };
  const omen = omenOf(request.openid);
  if (omen === 'refused') throw new Refusal(403, 'NOT_ENOUGH', '商户账户资金不足');
  if (omen === 'invalid') throw paramError('openid不合法', { field: '/openid' });
  const serial = String(desk.books.nextSerial()).padStart(10, '0');
  const bill: Bill = {
    out_bill_no: request.out_bill_no,
    transfer_bill_no: `1330000071100999991182${beijingDate(now).replaceAll('-', '')}${serial}`,
    openid: request.openid,
    amount: request.transfer_amount,
    remark: request.transfer_remark,
    notify_url: request.notify_url,
    digest,
    package_info: randomBytes(48).toString('base64'),
    created_at: now,
    updated_at: now,
    state: 'WAIT_USER_CONFIRM',
  };
  desk.transfers.save(bill);
  return { bill, heard: !takesFault(desk, 'timeout_but_paid') };
};

const notFound = (): Refusal => new Refusal(404, 'NOT_FOUND', '记录不存在');

export const findTransfer = (desk: Desk, outBillNo: string): Bill => {
  const bill = desk.transfers.named(outBillNo);
  if (!bill) throw notFound();
  return standing(bill, nowOf(desk));
};

export const placedView = ({ out_bill_no, transfer_bill_no, created_at, state, package_info, fail_reason }: Bill) => ({
  out_bill_no,
  transfer_bill_no,
  create_time: beijingInstant(created_at),
  state,
  ...(state === 'WAIT_USER_CONFIRM' ? { package_info } : {}),
  ...(fail_reason === undefined ? {} : { fail_reason }),
});

/** 商户单号查询转账单, and what MCHTRANSFER.BILL.FINISHED carries. @see https://pay.weixin.qq.com/doc/v3/merchant/4012716437 */
export const transferView = (desk: Desk, bill: Bill) => ({
  mch_id: desk.issued.mchid,
  out_bill_no: bill.out_bill_no,
  transfer_bill_no: bill.transfer_bill_no,
  appid: desk.issued.appid,
  state: bill.state,
  transfer_amount: bill.amount,
  transfer_remark: bill.remark,
  ...(bill.fail_reason === undefined ? {} : { fail_reason: bill.fail_reason }),
  openid: bill.openid,
  create_time: beijingInstant(bill.created_at),
  update_time: beijingInstant(bill.updated_at),
});

const ends = { arrive: { state: 'SUCCESS' }, fail: { state: 'FAIL', fail_reason: 'PAYEE_ACCOUNT_ABNORMAL' } } as const;

/** The user takes it, or WeChat finds that the user cannot. What has been taken does not come back. */
export const touchTransfer = (desk: Desk, outBillNo: string, gesture: PayeeGesture): PayeeOutcome => {
  const found = desk.transfers.named(outBillNo);
  if (!found) return { kind: 'unknown' };
  const bill = standing(found, nowOf(desk));
  if (gesture === 'bounce' || bill.state !== 'WAIT_USER_CONFIRM') return { kind: 'over', state: bill.state };
  const after: Bill = { ...bill, ...ends[gesture], updated_at: nowOf(desk) };
  desk.transfers.save(after);
  if (after.notify_url !== undefined)
    notify(desk, after.notify_url, 'MCHTRANSFER.BILL.FINISHED', transferView(desk, after));
  return { kind: 'done', state: after.state };
};
