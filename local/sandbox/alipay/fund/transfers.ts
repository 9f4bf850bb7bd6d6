import { createHash } from 'node:crypto';
import * as z from 'zod';
import { beijingDate, beijingTime } from '../../beijing.ts';
import type { PayeeOutcome } from '../../channel.ts';
import type { Store } from '../../store.ts';
import { nowOf, takesFault, type Desk } from '../desk.ts';
import { omenOf } from '../../omens.ts';
import { OK, price } from '../trade/views.ts';
import { refused } from '../wire/refusal.ts';
import { notifyOfFunds } from '../wire/callbacks.ts';
import type { Request } from '../wire/requests.ts';

const Transfer = z.object({
  out_biz_no: z.string(),
  order_id: z.string(),
  pay_fund_order_id: z.string(),
  amount: z.int(),
  title: z.string(),
  payee: z.string(),
  /** Of everything the merchant sent: a repeated transfer must be the same transfer. */
  digest: z.string(),
  at: z.int(),
  status: z.enum(['DEALING', 'SUCCESS', 'FAIL', 'REFUND']),
  /** Where its changes are told: real Alipay keeps one address for each app, 应用网关, set at its console. */
  notify_url: z.string().optional(),
});
export type Transfer = z.infer<typeof Transfer>;

const cardFailure = { error_code: 'PAYEE_CARD_INFO_ERROR', fail_reason: '收款方银行卡信息有误' };

const Document = z.object({ doc: z.string() });

/** Money on its way out of the merchant's balance. */
export class Transfers {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
    store.define(
      'CREATE TABLE IF NOT EXISTS alipay_transfers (out_biz_no TEXT PRIMARY KEY, order_id TEXT UNIQUE, doc TEXT NOT NULL)',
    );
  }

  named(by: 'out_biz_no' | 'order_id', number: string): Transfer | undefined {
    const row = this.#store.one(Document, `SELECT doc FROM alipay_transfers WHERE ${by} = ?`, number);
    return row && Transfer.parse(JSON.parse(row.doc));
  }

  save(transfer: Transfer): void {
    this.#store.run(
      `INSERT INTO alipay_transfers (out_biz_no, order_id, doc) VALUES (?, ?, ?)
       ON CONFLICT (out_biz_no) DO UPDATE SET doc = excluded.doc`,
      transfer.out_biz_no,
      transfer.order_id,
      JSON.stringify(transfer),
    );
  }
}

/** What some merchants pay for a transfer, whatever its amount: ¥0.10. */
const FEE = 10;

/** How the row of a fee is called and numbered was never seen: as that of a payment here, by the other of the transfer's numbers. */
const amounts = {
  转账: ({ amount }: Transfer) => -amount,
  转账退回: ({ amount }: Transfer) => amount,
  收费: () => -FEE,
} as const;

const move = (desk: Desk, transfer: Transfer, type: keyof typeof amounts): void =>
  desk.account.move({
    at: nowOf(desk),
    type,
    amount: amounts[type](transfer),
    trade_no: type === '收费' ? transfer.order_id : transfer.pay_fund_order_id,
    out_no: transfer.out_biz_no,
    name: transfer.title,
    party: transfer.payee,
    remark: '',
  });

/** Final states are told. @see https://opendocs.alipay.com/mini/02d2y4 */
const tell = (desk: Desk, transfer: Transfer): void => {
  const { out_biz_no, order_id, pay_fund_order_id, amount, at, status, notify_url } = transfer;
  if (status === 'DEALING') return;
  notifyOfFunds(desk, notify_url, {
    out_biz_no,
    order_id,
    pay_fund_order_id,
    product_code: 'TRANS_ACCOUNT_NO_PWD',
    biz_scene: 'DIRECT_TRANSFER',
    origin_interface: 'alipay.fund.trans.uni.transfer',
    action_type: 'FINISH',
    status,
    trans_amount: price(amount),
    pay_date: beijingTime(at),
    ...(status === 'FAIL' ? cardFailure : {}),
  });
};

const refuseUnlessPayable = (desk: Desk, { payee_info: payee, trans_amount: amount }: Request<'transfer'>): void => {
  const omen = omenOf(payee.identity);
  if (payee.identity_type === 'ALIPAY_LOGON_ID' && payee.name === undefined)
    throw refused('INVALID_PARAMETER', '参数有误：payee_info.name');
  if (omen === 'refused') throw refused('PAYEE_NOT_EXIST', '收款账号不存在或姓名有误，建议核实账号和姓名是否准确');
  if (omen === 'invalid') throw refused('PAYEE_USER_INFO_ERROR', '支付宝账号和姓名不匹配，请确认姓名是否正确');
  if (desk.account.balance() < amount) throw refused('PAYER_BALANCE_NOT_ENOUGH', '付款方余额不足');
};

/**
 * Pays an Alipay account out of the merchant's balance. Real merchants must sign it in certificate mode; keys do here.
 * @see https://opendocs.alipay.com/open/62987723_alipay.fund.trans.uni.transfer
 */
export const acceptTransfer = (desk: Desk, request: Request<'transfer'>, notifyUrl: string | undefined): Transfer => {
  const now = nowOf(desk);
  const digest = createHash('sha256').update(JSON.stringify(request)).digest('hex');
  const known = desk.transfers.named('out_biz_no', request.out_biz_no);
  if (known !== undefined) {
    if (known.digest !== digest) throw refused('PAYMENT_INFO_INCONSISTENCY', '两次请求商户单号一样，但是参数不一致');
    return known;
  }
  refuseUnlessPayable(desk, request);
  const serial = String(desk.books.nextSerial()).padStart(12, '0');
  const day = beijingDate(now).replaceAll('-', '');
  const transfer: Transfer = {
    out_biz_no: request.out_biz_no,
    order_id: `${day}110070000002${serial}`,
    pay_fund_order_id: `${day}110070001502${serial}`,
    amount: request.trans_amount,
    title: request.order_title ?? '转账',
    payee: request.payee_info.identity,
    digest,
    at: now,
    status: omenOf(request.payee_info.identity) === 'waits' ? 'DEALING' : 'SUCCESS',
    notify_url: notifyUrl,
  };
  desk.transfers.save(transfer);
  move(desk, transfer, '转账');
  if (takesFault(desk, 'transfer_fee')) move(desk, transfer, '收费');
  tell(desk, transfer);
  return transfer;
};

const named = ({ out_biz_no, order_id, pay_fund_order_id, status }: Transfer) => ({
  ...OK,
  out_biz_no,
  order_id,
  pay_fund_order_id,
  status,
});

export const transferView = (transfer: Transfer) => ({ ...named(transfer), trans_date: beijingTime(transfer.at) });

/** @see https://opendocs.alipay.com/open/58a29899_alipay.fund.trans.common.query */
export const transferQueryView = (transfer: Transfer) => ({
  ...named(transfer),
  order_fee: '0.00',
  ...(transfer.status === 'SUCCESS'
    ? { trans_amount: price(transfer.amount), pay_date: beijingTime(transfer.at) }
    : {}),
  ...(transfer.status === 'FAIL' ? cardFailure : {}),
});

export const findTransfer = (desk: Desk, { out_biz_no, order_id }: Request<'transferQuery'>): Transfer => {
  const transfer =
    order_id === undefined
      ? desk.transfers.named('out_biz_no', out_biz_no ?? '')
      : desk.transfers.named('order_id', order_id);
  if (transfer === undefined) throw refused('ORDER_NOT_EXIST', '转账订单不存在');
  return transfer;
};

const ends = { arrive: 'SUCCESS', fail: 'FAIL', bounce: 'REFUND' } as const;

/** What a gesture can be made with. One that failed can arrive all the same: it leaves a second time. */
const begins: Readonly<Record<keyof typeof ends, readonly Transfer['status'][]>> = {
  arrive: ['DEALING', 'FAIL'],
  fail: ['DEALING'],
  bounce: ['SUCCESS'],
};

/** What happens at the payee's: a transfer under way arrives or fails, one that has arrived bounces; money that did not stay comes back. */
export const touchTransfer = (desk: Desk, outBizNo: string, gesture: keyof typeof ends): PayeeOutcome => {
  const transfer = desk.transfers.named('out_biz_no', outBizNo);
  if (transfer === undefined) return { kind: 'unknown' };
  if (!begins[gesture].includes(transfer.status)) return { kind: 'over', state: transfer.status };
  const after: Transfer = { ...transfer, status: ends[gesture] };
  desk.transfers.save(after);
  if (gesture !== 'arrive') move(desk, after, '转账退回');
  else if (transfer.status === 'FAIL') move(desk, after, '转账');
  tell(desk, after);
  return { kind: 'done', state: after.status };
};
