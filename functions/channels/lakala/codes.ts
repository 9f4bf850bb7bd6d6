import type { ChannelFailure } from '#channels/channel.ts';
import { Unanswered } from '#channels/reply.ts';

import type { Reply } from './wire.ts';

/*
 * 返回码. `BBS00000` (聚合扫码) and `000000` (收银台, 退货) say that a call was taken, no more; two of each kind say that nobody knows, and
 * 「其他返回码可视为失败」. What the other codes are called is not published, so what they say is read as well: a number that is known
 * already, an order that is not there, and whatever may be otherwise in a moment, are no failures.
 */

const done = new Set(['BBS00000', '000000']);

/** A payer types a password, or a bank is at work. */
const working = new Set(['BBS11105', 'BBS11112', 'RFD11105', 'RFD11112']);
/** 交易未知. */
const unknown = new Set(['BBS10000', 'BBS00100', 'BBS00101', 'BPS10034']);

/** Codes of a gateway on the way, or of nobody, look otherwise. */
const ofTrading = /^(?:BBS|BPS|RFD|CCSS?)?\d{4,6}$/;
const absent = /(?:订单|交易|流水)(?:信息|记录)?不存在/;
const repeated = /重复|已存在/;
const perhapsLater = /超时|异常|繁忙|稍后|未知|处理中|频繁|不足/;

type Word = 'done' | 'working' | 'absent' | 'repeated' | 'refused' | 'open';

export const wordOf = ({ code, message }: Reply): Word => {
  if (done.has(code)) return 'done';
  if (working.has(code)) return 'working';
  if (unknown.has(code) || !ofTrading.test(code)) return 'open';
  if (absent.test(message)) return 'absent';
  if (repeated.test(message)) return 'repeated';
  return perhapsLater.test(message) ? 'open' : 'refused';
};

export const failureOf = ({ code, message }: Pick<Reply, 'code' | 'message'>): ChannelFailure => ({ code, message });

export const unanswered = (what: string, { code }: Reply) => new Unanswered(`${what}: Lakala answered ${code}`);
