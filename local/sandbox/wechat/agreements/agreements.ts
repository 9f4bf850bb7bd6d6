import { randomBytes, randomInt } from 'node:crypto';
import { beijingTime } from '../../beijing.ts';
import type { AgreementGesture, PayeeOutcome } from '../../channel.ts';
import { notifyVersion2 } from '../callbacks.ts';
import { nowOf, type Desk } from '../desk.ts';
import { paramError } from '../refusal.ts';
import { asking, type Fields } from '../version-2/fields.ts';
import type { Agreement } from './book.ts';

const YEARS_MS = 5 * 365 * 86_400_000;

/**
 * The payer's browser, or the merchant's server, has come with what the merchant signed: there is no agreement before it is
 * confirmed. The same number again is the same.
 * @see https://pay.weixin.qq.com/wiki/doc/api/pap.php?chapter=18_1&index=1
 */
export const offerAgreement = (desk: Desk, fields: Fields): Agreement => {
  const contract_code = asking(fields, 'contract_code');
  const plan_id = asking(fields, 'plan_id');
  if (plan_id !== desk.issued.papay_plan_id) throw paramError('plan_id');
  if (!/^[0-9A-Za-z]{1,32}$/.test(contract_code)) throw paramError('contract_code');
  if (!/^\d{1,19}$/.test(asking(fields, 'request_serial'))) throw paramError('request_serial');
  if (!/^\d{10}$/.test(asking(fields, 'timestamp'))) throw paramError('timestamp');
  if (asking(fields, 'version') !== '1.0') throw paramError('version');
  if (/[^\0-\uFFFF]/u.test(asking(fields, 'contract_display_account'))) throw paramError('contract_display_account');
  const known = desk.agreements.named('contract_code', contract_code);
  if (known !== undefined) return known;
  const serial = String(desk.books.nextSerial()).padStart(10, '0');
  const agreement: Agreement = {
    contract_code,
    contract_id: `Wx${randomInt(1_000_000, 10_000_000)}${serial}`,
    plan_id,
    request_serial: asking(fields, 'request_serial'),
    display_account: asking(fields, 'contract_display_account'),
    openid: `o${randomBytes(20).toString('base64url')}`,
    token: randomBytes(16).toString('hex'),
    notify_url: asking(fields, 'notify_url'),
    status: 'OFFERED',
  };
  desk.agreements.save(agreement);
  return agreement;
};

/** Seconds since 1970, as queries write times. */
const seconds = (at: number): string => String(Math.floor(at / 1000));

/** @see https://pay.weixin.qq.com/wiki/doc/api/pap.php?chapter=18_2&index=7 */
export const agreementFields = (agreement: Agreement): Fields => {
  const { signed_at = 0, terminated_at, termination_mode = '0', termination_remark = '' } = agreement;
  return {
    contract_id: agreement.contract_id,
    plan_id: agreement.plan_id,
    request_serial: agreement.request_serial,
    contract_code: agreement.contract_code,
    contract_display_account: agreement.display_account,
    contract_state: agreement.status === 'SIGNED' ? '0' : '1',
    contract_signed_time: seconds(signed_at),
    contract_expired_time: seconds(signed_at + YEARS_MS),
    ...(terminated_at !== undefined && {
      contract_terminated_time: seconds(terminated_at),
      contract_termination_mode: termination_mode,
      contract_termination_remark: termination_remark,
    }),
    openid: agreement.openid,
  };
};

/** Notifications write Beijing's time. An end is told where the plan says: here, where the signing was. */
const tell = (desk: Desk, agreement: Agreement, change: 'ADD' | 'DELETE'): void => {
  const { signed_at = 0, terminated_at = 0, termination_mode = '0' } = agreement;
  const times: Fields =
    change === 'ADD'
      ? { operate_time: beijingTime(signed_at), contract_expired_time: beijingTime(signed_at + YEARS_MS) }
      : { operate_time: beijingTime(terminated_at), contract_termination_mode: termination_mode };
  notifyVersion2(desk, agreement.notify_url, {
    result_code: 'SUCCESS',
    mch_id: desk.issued.mchid,
    contract_code: agreement.contract_code,
    plan_id: agreement.plan_id,
    openid: agreement.openid,
    change_type: change,
    contract_id: agreement.contract_id,
    request_serial: agreement.request_serial,
    ...times,
  });
};

export const terminate = (desk: Desk, agreement: Agreement, mode: '2' | '3', remark = ''): void => {
  const ended: Agreement = {
    ...agreement,
    status: 'TERMINATED',
    terminated_at: nowOf(desk),
    termination_mode: mode,
    termination_remark: remark,
  };
  desk.agreements.save(ended);
  tell(desk, ended, 'DELETE');
};

/** The payer's hand on an agreement: what is open is signed or refused, what stands is ended. */
export const touchAgreement = (desk: Desk, contractCode: string, gesture: AgreementGesture): PayeeOutcome => {
  const agreement = desk.agreements.named('contract_code', contractCode);
  if (agreement === undefined) return { kind: 'unknown' };
  if (agreement.status !== (gesture === 'unsign' ? 'SIGNED' : 'OFFERED'))
    return { kind: 'over', state: agreement.status };
  if (gesture === 'unsign') {
    terminate(desk, agreement, '2');
    return { kind: 'done', state: 'TERMINATED' };
  }
  const after: Agreement =
    gesture === 'sign'
      ? { ...agreement, status: 'SIGNED', signed_at: nowOf(desk) }
      : { ...agreement, status: 'REFUSED' };
  desk.agreements.save(after);
  if (gesture === 'sign') tell(desk, after, 'ADD');
  return { kind: 'done', state: after.status };
};
