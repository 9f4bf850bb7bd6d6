import type { Call, Reply } from '../../server.ts';
import type { Issued } from '../credentials.ts';
import { Refusal } from './refusal.ts';
import { signedByMerchant, signedFields, type Fields } from './signature.ts';

export const fieldsOf = (call: Call): Fields => {
  const all = [...new URLSearchParams(call.body)];
  const fields = Object.fromEntries(all);
  if (Object.keys(fields).length !== all.length) throw new Refusal('10', '：字段重复');
  return fields;
};

/** Who calls, and in what manner. */
export const verifyMerchant = (fields: Fields, issued: Issued): void => {
  if (fields['version'] !== '5.1.0' || fields['signMethod'] !== '01') throw new Refusal('10', '：version或signMethod');
  if (!/^utf-?8$/i.test(fields['encoding'] ?? '')) throw new Refusal('10', '：encoding');
  if (fields['merId'] !== issued.mer_id) throw new Refusal('31');
  if (!signedByMerchant(fields, issued)) throw new Refusal('11');
};

/** What every answer repeats of its question. */
const REPEATED = ['txnType', 'txnSubType', 'bizType', 'accessType', 'merId', 'orderId', 'txnTime', 'reqReserved'];

/** Pairs as they are: replies are not encoded as forms are. */
export const reply = (asked: Fields, said: Fields, issued: Issued): Reply => {
  const repeated = Object.fromEntries(REPEATED.map((name) => [name, asked[name] ?? '']));
  const fields = signedFields({ ...repeated, ...said }, issued);
  return {
    status: 200,
    headers: { 'Content-Type': 'text/html;charset=UTF-8' },
    body: Object.entries(fields)
      .map(([name, value]) => `${name}=${value}`)
      .join('&'),
  };
};

export const ok = { respCode: '00', respMsg: '成功[0000000]' } as const;
export const refusalFields = ({ code, message }: Refusal): Fields => ({
  respCode: code,
  respMsg: `${message}[6100030]`,
});
