import type { FailureCode } from '#kernel/failure.ts';

import type { Text } from './language.ts';
import { nothingCharged, orderAgain, type Say } from './standings.ts';

const seeHere: Text = {
  zh: '如果您已经付款，结果会显示在本页。',
  en: 'If you have paid, the result appears on this page.',
};

const tryAgain: Say = {
  title: { zh: '暂时无法完成', en: 'That did not work just now' },
  money: seeHere,
  next: { zh: '请稍后再试。', en: 'Please try again in a moment.' },
};
const otherMethod: Say = {
  title: { zh: '此方式暂不可用', en: 'This method is not available' },
  money: nothingCharged,
  next: { zh: '请换一种支付方式。', en: 'Please choose another method.' },
};
const askMerchant: Say = {
  title: { zh: '商户暂时无法收款', en: 'The merchant cannot take payments at the moment' },
  money: nothingCharged,
  next: { zh: '请联系商户。', en: 'Please contact the merchant.' },
};
const notHere: Say = {
  title: { zh: '无法完成此操作', en: 'This cannot be done here' },
  money: nothingCharged,
  next: { zh: '请刷新页面后重试，或联系商户。', en: 'Reload the page and try again, or contact the merchant.' },
};
const ended: Say = {
  title: { zh: '订单已不能支付', en: 'This order can no longer be paid' },
  money: seeHere,
  next: { zh: '请刷新页面查看结果。', en: 'Reload the page to see the result.' },
};
const refunding: Say = {
  title: { zh: '退款请联系商户', en: 'The merchant handles refunds' },
  money: { zh: '您的款项没有变化。', en: 'Nothing has happened to your money.' },
  next: { zh: '请联系商户。', en: 'Please contact the merchant.' },
};

/** Every refusal there is, as a payer must read it. The compiler asks for the words of each new one. */
export const problems: Readonly<Record<FailureCode, Say>> = {
  invalid_request: notHere,
  signature_invalid: notHere,
  unauthorized: notHere,
  role_required: notHere,
  same_person: notHere,
  action_not_possible: notHere,
  approval_stale: notHere,
  approval_decided: notHere,
  not_found: notHere,
  body_too_large: notHere,
  method_required: {
    title: { zh: '请选择支付方式', en: 'Please choose a method' },
    money: nothingCharged,
    next: { zh: '选择一种方式后再继续。', en: 'Choose one, then continue.' },
  },
  app_suspended: askMerchant,
  merchant_not_active: askMerchant,
  url_not_allowed: askMerchant,
  idempotency_conflict: askMerchant,
  payout_not_available: askMerchant,
  agreement_not_available: askMerchant,
  agreement_not_active: askMerchant,
  agreement_terminated: askMerchant,
  agreement_limit_exceeded: askMerchant,
  insufficient_balance: askMerchant,
  account_not_chargeable: askMerchant,
  payer_code_unknown: askMerchant,
  hold_already_posted: askMerchant,
  hold_already_voided: askMerchant,
  hold_expired: askMerchant,
  post_exceeds_hold: askMerchant,
  conflict: tryAgain,
  busy: tryAgain,
  batch_running: tryAgain,
  too_many_requests: {
    title: { zh: '操作过于频繁', en: 'Too many tries' },
    money: nothingCharged,
    next: { zh: '请稍等片刻再试。', en: 'Please wait a moment, then try again.' },
  },
  attempt_in_flight: {
    title: { zh: '上一次支付还在确认', en: 'Your last try is still being confirmed' },
    money: {
      zh: '如果您已经付款，款项不会丢失。',
      en: 'If you have paid, your money is not lost.',
    },
    next: { zh: '请等待结果，暂时不要换支付方式。', en: 'Wait for the result before choosing another method.' },
  },
  too_many_attempts: {
    title: { zh: '尝试次数过多', en: 'Too many tries' },
    money: nothingCharged,
    next: orderAgain,
  },
  challenge_pending: {
    title: { zh: '请先完成验证', en: 'Please verify first' },
    money: nothingCharged,
    next: { zh: '输入您收到的验证码后再继续。', en: 'Enter the code that you were sent, then continue.' },
  },
  sign_in_failed: {
    title: { zh: '未能完成登录', en: 'Signing in did not work' },
    money: nothingCharged,
    next: { zh: '请再选一次，或换一种支付方式。', en: 'Choose it once more, or choose another method.' },
  },
  challenge_failed: {
    title: { zh: '验证码不正确', en: 'That code is not right' },
    money: nothingCharged,
    next: { zh: '请核对后重新输入。', en: 'Check it and enter it again.' },
  },
  challenge_expired: {
    title: { zh: '验证码已过期', en: 'That code has run out' },
    money: nothingCharged,
    next: { zh: '请重新获取验证码。', en: 'Ask for another code.' },
  },
  payment_not_challenged: ended,
  payment_not_open: ended,
  payment_not_refundable: refunding,
  refund_exceeds_refundable: refunding,
  refund_window_closed: refunding,
  method_not_available: otherMethod,
  payer_member_required: otherMethod,
  amount_out_of_range: otherMethod,
  currency_not_supported: otherMethod,
  unsupported: otherMethod,
};

const isProblem = (text: string): text is FailureCode => Object.hasOwn(problems, text);

/** What an address says was wrong, when it is one of these. */
export const problemIn = (text: string | null): FailureCode | undefined =>
  text !== null && isProblem(text) ? text : undefined;

/** Back from signing in, in a browser that did not begin it. */
export const signInLost: Say = {
  ...problems.sign_in_failed,
  next: { zh: '请重新扫码，或重新打开付款链接。', en: 'Scan the code again, or open the payment link again.' },
};
