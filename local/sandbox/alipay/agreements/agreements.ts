import { randomBytes, randomInt } from 'node:crypto';
import { beijingDate, beijingTime } from '../../beijing.ts';
import type { AgreementGesture, PayeeOutcome } from '../../channel.ts';
import { nowOf, type Desk } from '../desk.ts';
import type { Order } from '../trade/books.ts';
import { OK } from '../trade/views.ts';
import { notify } from '../wire/callbacks.ts';
import type { Addresses } from '../trade/trades.ts';
import { addressesOf, type Params } from '../wire/gateway.ts';
import { refused } from '../wire/refusal.ts';
import type { Request, SignParams, Terms } from '../wire/requests.ts';
import type { Agreement } from './book.ts';

/** Written where an agreement has no end. */
const FOR_EVER = '2115-02-01 00:00:00';

const instantOf = (beijing: string): number => Date.parse(`${beijing.replace(' ', 'T')}+08:00`);

/** The same number again is the same. */
const offer = (desk: Desk, terms: Terms, addresses: Addresses): Agreement => {
  const now = nowOf(desk);
  const { period_rule_params: rule, external_agreement_no } = terms;
  if (terms.personal_product_code === 'CYCLE_PAY_AUTH_P' && !rule)
    throw refused('INVALID_PARAMETER', '参数有误：period_rule_params');
  const known = desk.agreements.named('external_agreement_no', external_agreement_no);
  if (known !== undefined) return known;
  const serial = String(desk.books.nextSerial()).padStart(8, '0');
  const agreement: Agreement = {
    external_agreement_no,
    agreement_no: `${beijingDate(now).replaceAll('-', '').slice(0, 6)}${randomInt(100_000, 1_000_000)}${serial}`,
    personal_product_code: terms.personal_product_code,
    sign_scene: terms.sign_scene,
    logon_id: terms.external_logon_id,
    alipay_user_id: `2088${randomInt(100_000, 1_000_000)}${randomInt(100_000, 1_000_000)}`,
    token: randomBytes(16).toString('hex'),
    ...addresses,
    single_amount: rule?.single_amount,
    first_on: rule?.execute_time,
    status: 'OFFERED',
  };
  desk.agreements.save(agreement);
  return agreement;
};

/**
 * The payer's browser has come with what the merchant signed: there is no agreement before it is confirmed.
 * @see https://opendocs.alipay.com/open/8bccfa0b_alipay.user.agreement.page.sign
 */
export const offerAgreement = (desk: Desk, request: Request<'sign'>, params: Params): Agreement => {
  const { effect_time } = request;
  if (effect_time !== undefined && instantOf(params['timestamp'] ?? '') + 1_000 * effect_time <= nowOf(desk))
    throw refused('SIGN_REQUEST_EXPIRED', '签约请求已失效');
  return offer(desk, request, addressesOf(params));
};

/**
 * 支付并签约: whoever opens this order is asked to sign as well. Told of at an address of its own, or else at the order's.
 * @see https://opendocs.alipay.com/open/e65d4f60_alipay.trade.app.pay
 */
export const offerWithOrder = (desk: Desk, order: Order, terms: SignParams): Order => {
  const { external_agreement_no } = offer(desk, terms, { notify_url: terms.sign_notify_url ?? order.notify_url });
  const asking = { ...order, external_agreement_no };
  desk.books.saveOrder(asking);
  return asking;
};

/** What is still to be signed with an order. */
export const offeredWith = (desk: Desk, { external_agreement_no: no }: Order): Agreement | undefined => {
  const agreement = no === undefined ? undefined : desk.agreements.named('external_agreement_no', no);
  return agreement?.status === 'OFFERED' ? agreement : undefined;
};

const stands = ({ status }: Agreement): boolean => status === 'NORMAL';

/** By both numbers: Alipay goes by its own. What is not signed, or no more, does not exist. */
export const agreementNamed = (desk: Desk, name: Request<'agreement'>): Agreement => {
  const { agreement_no, external_agreement_no = '' } = name;
  const found =
    agreement_no === undefined
      ? desk.agreements.named('external_agreement_no', external_agreement_no)
      : desk.agreements.named('agreement_no', agreement_no);
  if (found === undefined || !stands(found)) throw refused('USER_AGREEMENT_NOT_EXIST', '用户协议不存在');
  return found;
};

const about = (agreement: Agreement) => ({
  agreement_no: agreement.agreement_no,
  external_agreement_no: agreement.external_agreement_no,
  personal_product_code: agreement.personal_product_code,
  sign_scene: agreement.sign_scene,
  alipay_logon_id: '138******01',
  status: agreement.status,
});

const signedTimes = ({ signed_at = 0 }: Agreement) => ({
  sign_time: beijingTime(signed_at),
  valid_time: beijingTime(signed_at),
  invalid_time: FOR_EVER,
});

/** @see https://opendocs.alipay.com/open/3dab71bc_alipay.user.agreement.query */
export const agreementView = (agreement: Agreement) => ({
  ...OK,
  ...about(agreement),
  ...signedTimes(agreement),
  principal_type: 'CUSTOMER',
  third_party_type: 'PARTNER',
});

const tell = (desk: Desk, url: string | undefined, type: 'sign' | 'unsign', agreement: Agreement): void => {
  const times = type === 'sign' ? signedTimes(agreement) : { unsign_time: beijingTime(agreement.unsigned_at ?? 0) };
  notify(desk, url, {
    notify_type: `dut_user_${type}`,
    // Of money there is nothing in it: no seller is named.
    seller_id: '',
    alipay_user_id: agreement.alipay_user_id,
    ...about(agreement),
    ...times,
  });
};

/** Ends it; whoever ended it says where that is told. */
export const unsign = (desk: Desk, agreement: Agreement, notifyUrl: string | undefined): void => {
  const ended: Agreement = { ...agreement, status: 'UNSIGN', unsigned_at: nowOf(desk) };
  desk.agreements.save(ended);
  tell(desk, notifyUrl ?? agreement.notify_url, 'unsign', ended);
};

/** The payer's hand on an agreement: what is open is signed or refused, what stands is ended. */
export const touchAgreement = (desk: Desk, externalNo: string, gesture: AgreementGesture): PayeeOutcome => {
  const agreement = desk.agreements.named('external_agreement_no', externalNo);
  if (agreement === undefined) return { kind: 'unknown' };
  if (agreement.status !== (gesture === 'unsign' ? 'NORMAL' : 'OFFERED'))
    return { kind: 'over', state: agreement.status };
  if (gesture === 'unsign') {
    unsign(desk, agreement, undefined);
    return { kind: 'done', state: 'UNSIGN' };
  }
  const after: Agreement =
    gesture === 'sign'
      ? { ...agreement, status: 'NORMAL', signed_at: nowOf(desk) }
      : { ...agreement, status: 'REFUSED' };
  desk.agreements.save(after);
  if (gesture === 'sign') tell(desk, after.notify_url, 'sign', after);
  return { kind: 'done', state: after.status };
};
