import type { ChannelFailure } from '#channels/channel.ts';
import { saying } from '#channels/text.ts';

/*
 * 应答码. UnionPay's own rule is: 00 done, 03 04 05 unknown, anything else failed. Here a failure is only what is known to be one:
 * 42 says that money was taken too late, and codes are added. Whoever adds one asks first: may money have moved?
 */

/** 00, and A6, 有缺陷的成功: done, with a flaw that is not ours to mend. */
export const isDone = (code: string) => code === '00' || code === 'A6';

/** 查无此交易: nobody has confirmed it there, or it never came. */
export const isAbsent = (code: string) => code === '34';

/** 重复交易: the number is known there. */
export const isRepeated = (code: string) => code === '12';

/** Turned away before any card was asked: the message, the merchant, the amount, the risk. */
const turnedAway = ['10', '11', '13', '30', '31', '32', '33', '36', '38', '40', '43', '44'];

/** The card or its bank said no. */
const declined = ['01', '60', '61', '62', '63', '64', '65', '66', '67', '68', '70', '72', '73', '77', '80', '86'];

const failures = new Set([...turnedAway, ...declined]);
export const isFailure = (code: string) => failures.has(code);

export const failureOf = (code: string, message: string | undefined): ChannelFailure => ({
  code,
  message: saying(message ?? ''),
});
