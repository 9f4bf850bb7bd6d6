import type { Text } from '#cashier/copy/language.ts';
import { nothingCharged, type Say } from '#cashier/copy/standings.ts';

export const words = {
  amount: { zh: '付款金额（元）', en: 'Amount in yuan' },
  limits: { zh: '{min} 至 {max}', en: 'From {min} to {max}' },
  go: { zh: '下一步', en: 'Continue' },
} as const satisfies Record<string, Text>;

const again: Text = { zh: '请再输入一次。', en: 'Please enter it again.' };

/** What is wrong with what was typed. */
export const wrongs = {
  amount: {
    title: { zh: '金额不正确', en: 'That is not an amount that can be paid here' },
    money: nothingCharged,
    next: again,
  },
  stale: { title: { zh: '页面已过期', en: 'This page is too old' }, money: nothingCharged, next: again },
  busy: {
    title: { zh: '付款人数过多', en: 'Too many people are paying here' },
    money: nothingCharged,
    next: { zh: '请稍后再试，或请店员帮助。', en: 'Try again in a moment, or ask at the counter.' },
  },
} as const satisfies Record<string, Say>;
export type Wrong = keyof typeof wrongs;

export const closed: Say = {
  title: { zh: '此收款码暂不能使用', en: 'This code cannot be used' },
  money: nothingCharged,
  next: { zh: '请向店员询问其他付款方式。', en: 'Please ask at the counter how else you can pay.' },
};
