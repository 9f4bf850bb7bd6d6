import * as z from 'zod';

import { isDeduction, type Method } from '#channels/channel.ts';
import { Failure } from '#kernel/failure.ts';

import { isLive, type Attempt } from './attempt.ts';

/*
 * 被扫: the payer shows a code and the till reads it. It is good once: the payment is paid, or it has failed and is closed.
 */

/** 门店 and 终端, as the shop and its acquirer call them: too short, or not digits alone, so that no card number passes for one. */
export const StoreId = z.string().regex(/^(?!\d{13,19}$)[0-9A-Za-z_-]{1,32}$/);
export const TerminalId = z.string().regex(/^[0-9A-Za-z_-]{1,12}$/);

export const isScanned = (method: string): boolean => method.endsWith('_code');

/** Good once: nobody is there who could try another way. */
export const isOneShot = (method: string): boolean => isScanned(method) || isDeduction(method);

/** What each wallet's codes look like: WeChat 18 digits from 10 to 15, Alipay 16 to 24 from 25 to 30, 云闪付 19 from 62. */
const wallets: readonly (readonly [Method, RegExp])[] = [
  ['wechat_code', /^1[0-5]\d{16}$/],
  ['alipay_code', /^(?:2[5-9]|30)\d{14,22}$/],
  ['unionpay_code', /^62\d{17}$/],
];

/** The method of the wallet that shows this code. */
export const methodOfCode = (code: string): Method | undefined => wallets.find(([, shape]) => shape.test(code))?.[0];

/** Acquirers take the codes of every wallet, also of those that have no prefix here. */
const ofAnyWallet: readonly Method[] = ['lakala_code', 'bank_code'];
const mayBeACode = /^\d{16,24}$/;

/** By which method a code is charged when nobody has named one: its wallet's own, or an acquirer's where that is not offered. */
const methodBy = (code: string, offered: readonly Method[]): Method => {
  const shown = methodOfCode(code);
  const acquirer = mayBeACode.test(code) ? ofAnyWallet.find((method) => offered.includes(method)) : undefined;
  const found = shown !== undefined && offered.includes(shown) ? shown : (acquirer ?? shown);
  if (found) return found;
  throw new Failure('payer_code_unknown', {
    detail: 'payer.auth_code is of no wallet that is known: name the method',
  });
};

/** A wallet is not asked about the code of another. */
export const checkCode = (method: Method, payer: { readonly auth_code?: string | undefined } | undefined): void => {
  const code = payer?.auth_code;
  if (code === undefined || !wallets.some(([wallet]) => wallet === method)) return;
  const shown = methodOfCode(code);
  if (shown === method) return;
  const whose = shown === undefined ? '' : `: it is one of ${shown}`;
  throw new Failure('payer_code_unknown', { detail: `payer.auth_code is no code of ${method}${whose}` });
};

/** What was asked for, or what the payer's code says, of what the merchant's accounts offer. */
export const methodFor = async (
  method: Method | undefined,
  payer: { readonly auth_code?: string | undefined } | undefined,
  offered: () => Promise<readonly Method[]>,
): Promise<Method | undefined> => {
  if (method !== undefined) checkCode(method, payer);
  const code = payer?.auth_code;
  return method ?? (code === undefined ? undefined : methodBy(code, await offered()));
};

/** While a payer types a password, the till asks every five seconds; then it undoes what may still be paid. */
export const scanLooksSeconds = [5, 10, 15, 20, 25, 30, 35, 40, 45, 50] as const;
const patience = 45_000;

/** The payer has had time enough: what was scanned is undone at its channel. */
export const isOverdue = (attempts: readonly Attempt[], now: Date): boolean =>
  attempts.some(
    (attempt) =>
      isScanned(attempt.method) && isLive(attempt) && now.getTime() - attempt.created_at.getTime() >= patience,
  );
