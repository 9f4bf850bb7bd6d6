import { CallbackRefused, type Heard, type RawCallback } from '#channels/channel.ts';
import { saying } from '#channels/text.ts';

import { neverPaid, outcomeOf } from '../outcome.ts';
import { changeOf } from './agreement.ts';
import { transactionOf } from './order.ts';
import { isGenuine } from './wire.ts';
import { fieldsOf, type Fields, xmlOf } from './xml.ts';

/*
 * What version 2 tells: 签约、解约结果通知 and 扣款结果通知. Nothing signed says when it was sent, so none is too old: what a late
 * one says was true once, and both agreements and payments take that.
 */

/** A notification has a few KB. */
const sizeLimit = 64_000;

/** Version 3 speaks JSON, version 2 XML. */
export const isOfVersion2 = ({ body }: RawCallback): boolean => /^\s*</.test(body.subarray(0, 16).toString('latin1'));

const agreementHeard = (fields: Fields): Heard => {
  const { contract_code } = fields;
  if (!contract_code || contract_code.length > 32) throw new CallbackRefused('the callback names no agreement');
  return { about: 'agreement', agreementNo: contract_code, outcome: changeOf(fields) };
};

/** Only a refusal that is explicit ends a deduction; whatever else did not succeed is asked about. */
const paymentHeard = (fields: Fields): Heard => {
  const { out_trade_no, result_code, trade_state, err_code = '', err_code_des = '' } = fields;
  if (!out_trade_no || out_trade_no.length > 32) throw new CallbackRefused('the callback names no order');
  const about = { about: 'payment', channelOrderNo: out_trade_no } as const;
  if (result_code === 'SUCCESS') {
    // Whose payment it is stands on the receipt and is compared there, so that a mismatch is kept and seen.
    const { outcome } = outcomeOf(transactionOf({ ...fields, trade_state: trade_state || 'SUCCESS' }));
    return { ...about, outcome };
  }
  const failure = { code: err_code.slice(0, 64), message: saying(err_code_des) };
  return { ...about, outcome: neverPaid(err_code) ? { kind: 'failed', failure } : { kind: 'pending' } };
};

const heardOf = (fields: Fields, mchid: string): Heard => {
  if (fields['change_type'] === undefined)
    return fields['out_trade_no'] === undefined ? { about: 'nothing' } : paymentHeard(fields);
  if (fields['mch_id'] !== mchid) throw new CallbackRefused('the agreement is of another merchant');
  return agreementHeard(fields);
};

/** What is empty is not signed: it says nothing. */
const signedOf = (fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== ''));

/**
 * The signature is within: it is taken apart first, within limits, and believed only once it is verified. Which of the two kinds
 * WeChat uses here no document says: a signature is of the one that makes its length, and either needs our key.
 */
export const readCallback = (
  { body }: RawCallback,
  { mchid, key }: { readonly mchid: string; readonly key: string | undefined },
): Heard => {
  if (key === undefined) throw new CallbackRefused('this account does not speak version 2');
  if (body.length > sizeLimit) throw new CallbackRefused('the callback is too large');
  try {
    const fields = fieldsOf(new TextDecoder('utf-8', { fatal: true }).decode(body));
    const signType = fields['sign']?.length === 32 ? 'MD5' : 'HMAC-SHA256';
    if (!isGenuine(fields, { key, signType })) throw new CallbackRefused('the signature does not match');
    if (fields['return_code'] !== 'SUCCESS') return { about: 'nothing' };
    return heardOf(signedOf(fields), mchid);
  } catch (error) {
    if (error instanceof CallbackRefused) throw error;
    // Its content may name a payer: it stays out of the message.
    throw new CallbackRefused('the callback cannot be read');
  }
};

export const acknowledgement = (taken: boolean): string =>
  xmlOf(taken ? { return_code: 'SUCCESS', return_msg: 'OK' } : { return_code: 'FAIL', return_msg: '失败' });
