import type { Desk } from '../desk.ts';
import { Refusal } from '../refusal.ts';
import { asking, type Fields } from '../version-2/fields.ts';
import { agreementFields, offerAgreement, terminate } from './agreements.ts';
import type { Agreement } from './book.ts';

/** By WeChat's number, or by the plan's and the merchant's. What nobody ever signed does not exist. */
const agreementNamed = (desk: Desk, fields: Fields): Agreement => {
  const { contract_id, plan_id } = fields;
  const found =
    contract_id === undefined
      ? desk.agreements.named('contract_code', asking(fields, 'contract_code'))
      : desk.agreements.named('contract_id', contract_id);
  const isMeant = found !== undefined && (contract_id !== undefined || found.plan_id === plan_id);
  if (!isMeant || found.signed_at === undefined) throw new Refusal(400, 'CONTRACT_NOT_EXIST', '签约协议不存在');
  return found;
};

export const queryContract = (desk: Desk, fields: Fields): Fields => {
  if (asking(fields, 'version') !== '1.0') throw new Refusal(400, 'PARAM_ERROR', 'version');
  return agreementFields(agreementNamed(desk, fields));
};

/** @see https://pay.weixin.qq.com/wiki/doc/api/pap.php?chapter=18_4&index=8 */
export const deleteContract = (desk: Desk, fields: Fields): Fields => {
  const remark = asking(fields, 'contract_termination_remark');
  const agreement = agreementNamed(desk, fields);
  if (agreement.status !== 'SIGNED') throw new Refusal(400, 'CONTRACT_NOT_EXIST', '签约协议已解约');
  terminate(desk, agreement, '3', remark);
  const { contract_id, plan_id, contract_code } = agreement;
  return { contract_id, plan_id, contract_code };
};

/** APP 预签约. */
export const preEntrust = (desk: Desk, fields: Fields): Fields => ({
  pre_entrustweb_id: offerAgreement(desk, fields).token,
});
