import { answerAgreement, openAgreement, type ShownAgreement } from '../../agreement-page.ts';
import type { Answer, Call } from '../../server.ts';
import { takesFault, type Desk } from '../desk.ts';
import { Refusal } from '../refusal.ts';
import { xml } from '../version-2/answer.ts';
import { asking, signatureOf, type Fields } from '../version-2/fields.ts';
import { offerAgreement, touchAgreement } from './agreements.ts';
import type { Agreement } from './book.ts';

const states = { OFFERED: 'open', REFUSED: 'refused', SIGNED: 'signed', TERMINATED: 'ended' } as const;

const shown = (agreement: Agreement): ShownAgreement => ({
  token: agreement.token,
  subject: agreement.display_account,
  number: agreement.contract_code,
  state: states[agreement.status],
});

const text = (status: number, body: string): Answer => ({
  status,
  headers: { 'Content-Type': 'text/plain; charset=utf-8' },
  body,
});

/** Signed over what the fields say, whatever an address made of them. */
const fieldsIn = (desk: Desk, call: Call): Fields => {
  const fields: Fields = Object.fromEntries(call.query);
  const { appid, mchid, api_v2_key } = desk.issued;
  if (fields['mch_id'] !== mchid || fields['appid'] !== appid)
    throw new Refusal(400, 'APPID_MCHID_NOT_MATCH', 'appid和mch_id不匹配');
  const signType = fields['sign']?.length === 64 ? 'HMAC-SHA256' : 'MD5';
  if (fields['sign'] !== signatureOf(fields, api_v2_key, signType)) throw new Refusal(400, 'SIGNERROR', '签名错误');
  return fields;
};

/** 公众号纯签约: the payer comes within WeChat, with an address that the merchant has signed. */
const inWechat = (desk: Desk, call: Call): Answer =>
  openAgreement(desk.store.transaction(() => offerAgreement(desk, fieldsIn(desk, call))));

/**
 * H5 纯签约: the merchant's server asks where to lead the payer, with HMAC-SHA256 alone. The answer is not signed.
 * @see https://pay.weixin.qq.com/wiki/doc/api/pap.php?chapter=18_16&index=3
 */
const inBrowser = (desk: Desk, call: Call): Answer => {
  const fields = fieldsIn(desk, call);
  if (fields['sign']?.length !== 64) throw new Refusal(400, 'SIGNERROR', '签名类型错误');
  asking(fields, 'clientip');
  const { token } = desk.store.transaction(() => offerAgreement(desk, fields));
  const redirect_url = `${call.origin}/agreements/${token}`;
  return xml({ return_code: 'SUCCESS', return_msg: 'OK', result_code: 'SUCCESS', redirect_url });
};

const doors = new Map<string, (desk: Desk, call: Call) => Answer>([
  ['/papay/entrustweb', inWechat],
  ['/papay/h5entrustweb', inBrowser],
]);

export const isOfAgreements = ({ path }: Call): boolean => doors.has(path) || path.startsWith('/agreements/');

export const answerAgreementPage = (desk: Desk, call: Call): Answer => {
  const door = doors.get(call.path);
  if (!door)
    return answerAgreement(
      {
        channel: '微信支付',
        find: (token) => {
          const agreement = desk.agreements.named('token', token);
          return agreement && shown(agreement);
        },
        touch: ({ number }, gesture) => desk.store.transaction(() => touchAgreement(desk, number, gesture)),
      },
      call,
    );
  if (call.method !== 'GET') return { status: 405, headers: { Allow: 'GET' } };
  if (takesFault(desk, 'server_error')) return text(500, '系统异常');
  try {
    return door(desk, call);
  } catch (error) {
    if (error instanceof Refusal) return text(error.status, `${error.code} ${error.message}`);
    throw error;
  }
};
