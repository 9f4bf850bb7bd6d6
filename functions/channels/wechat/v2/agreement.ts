import * as z from 'zod';

import { isForEver, type AgreementOutcome, type AgreementRef, type AgreementsAtChannel } from '#channels/agreement.ts';
import { instantInBeijing } from '#channels/beijing.ts';
import { mustBe } from '#channels/reply.ts';

import { sign, type Papay } from './sign.ts';
import { send, unanswered, within8Seconds } from './wire.ts';
import type { Fields } from './xml.ts';

/*
 * 委托代扣, by version 2: 查询签约关系, 申请解约, and what is told of agreements. How surely each is known, decision 23 says.
 */

const No = z.string().min(1).max(64);

/** Notifications write Beijing's time, queries seconds since 1970: either is read. */
const Time = z.string().transform((text, context) => {
  const at = /^\d{10}$/.test(text) ? new Date(Number(text) * 1_000) : instantInBeijing(text);
  if (at) return at;
  context.addIssue('no time');
  return z.NEVER;
});
const Signed = z.object({ contract_id: No, signedAt: Time, contract_expired_time: Time.optional() });

/** Who ended it: its date, the payer, the merchant by call or by hand, an account that was closed. */
const enders = new Map<string, 'payer' | 'app' | 'channel'>([
  ['1', 'channel'],
  ['2', 'payer'],
  ['3', 'app'],
  ['4', 'app'],
  ['5', 'channel'],
]);

const instantOf = (text: string | undefined) => Time.safeParse(text).data;

const active = (fields: Fields, signedAt: string | undefined): AgreementOutcome => {
  const { contract_id, signedAt: at, contract_expired_time } = Signed.parse({ ...fields, signedAt });
  const validUntil = contract_expired_time && !isForEver(contract_expired_time, at) ? contract_expired_time : undefined;
  return { kind: 'active', channelAgreementNo: contract_id, signedAt: at, validUntil };
};

const terminated = (fields: Fields, at: string | undefined): AgreementOutcome => ({
  kind: 'terminated',
  at: instantOf(at),
  by: enders.get(fields['contract_termination_mode'] ?? ''),
});

/** `contract_state`: 0 stands; 1 does not, and says how it ended where it ever did. */
const standingOf = (fields: Fields): AgreementOutcome => {
  const { contract_state, contract_signed_time, contract_terminated_time, contract_termination_mode = '0' } = fields;
  if (contract_state === '0') return active(fields, contract_signed_time);
  if (contract_state !== '1') return { kind: 'pending' };
  const hasEnded = contract_terminated_time || enders.has(contract_termination_mode);
  return hasEnded ? terminated(fields, contract_terminated_time) : { kind: 'absent' };
};

/** 签约、解约结果通知: `change_type`. */
export const changeOf = (fields: Fields): AgreementOutcome => {
  if (fields['change_type'] === 'ADD') return active(fields, fields['operate_time']);
  if (fields['change_type'] === 'DELETE') return terminated(fields, fields['operate_time']);
  return { kind: 'pending' };
};

/** By WeChat's number where there is one; by the plan's and ours before. */
const named = ({ plan }: Papay, { agreementNo, channelAgreementNo }: AgreementRef): Fields =>
  channelAgreementNo === undefined
    ? { plan_id: plan.plan_id, contract_code: agreementNo }
    : { contract_id: channelAgreementNo };

const query = async (papay: Papay, agreement: AgreementRef, signal = within8Seconds()): Promise<AgreementOutcome> => {
  const content = { ...named(papay, agreement), version: '1.0' };
  const reply = await send(papay.wire, '/papay/querycontract', content, { withNonce: false, signal });
  if (!reply.ok) {
    if (reply.code === 'CONTRACT_NOT_EXIST') return { kind: 'absent' };
    throw unanswered('querying an agreement', reply);
  }
  mustBe('agreement', reply.fields['contract_code'], agreement.agreementNo);
  return standingOf(reply.fields);
};

const terminate = async (papay: Papay, agreement: AgreementRef): Promise<AgreementOutcome> => {
  const signal = within8Seconds();
  const content = { ...named(papay, agreement), contract_termination_remark: '商户解约', version: '1.0' };
  const reply = await send(papay.wire, '/papay/deletecontract', content, { withNonce: false, signal });
  if (reply.ok) {
    for (const [name, value] of Object.entries(named(papay, agreement))) mustBe('agreement', reply.fields[name], value);
    return { kind: 'terminated', at: undefined, by: 'app' };
  }
  // Refused because it has ended before, or for a reason of which nothing follows: a query knows.
  const outcome = await query(papay, agreement, signal);
  if (outcome.kind === 'active') throw unanswered('terminating', reply);
  return outcome;
};

export const agreementsOf = (papay: Papay): AgreementsAtChannel => ({
  sign: (agreement) => sign(papay, agreement),
  query: (agreement) => query(papay, agreement),
  terminate: (agreement) => terminate(papay, agreement),
});
