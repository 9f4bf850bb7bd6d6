import type { Standing } from '../standing.ts';
import type { Text } from './language.ts';

/** What a payer reads: what it is, what happened to the money, what to do now. */
export interface Say {
  readonly title: Text;
  readonly money: Text;
  readonly next: Text;
}

export const nothingCharged: Text = { zh: '没有扣款。', en: 'You have not been charged.' };
const doNotPayAgain: Text = {
  zh: '请勿重复付款，商户会处理这笔款项；如有疑问，请提供订单号联系商户。',
  en: 'Please do not pay again. The merchant will take care of it; contact them with the order number if in doubt.',
};
export const orderAgain: Text = { zh: '请回到商户重新下单。', en: 'Please go back to the merchant and order again.' };

/** Every state the page can show. `network_lost` is the page's own: the platform is not asked when it cannot be reached. */
export const standings: Readonly<Record<Standing | 'network_lost' | 'not_found', Say>> = {
  open: {
    title: { zh: '选择支付方式', en: 'Choose how to pay' },
    money: nothingCharged,
    next: { zh: '请选择一种方式继续。', en: 'Choose a method to continue.' },
  },
  starting: {
    title: { zh: '正在准备支付', en: 'Preparing your payment' },
    money: nothingCharged,
    next: { zh: '通常只需几秒，页面会自动更新。', en: 'This usually takes a few seconds. The page updates by itself.' },
  },
  waiting: {
    title: { zh: '等待付款', en: 'Waiting for your payment' },
    money: { zh: '付款前不会扣款。', en: 'You are not charged before you confirm.' },
    next: { zh: '付款后页面会自动更新。', en: 'The page updates by itself once you have paid.' },
  },
  unknown: {
    title: { zh: '正在确认', en: 'Confirming your payment' },
    money: {
      zh: '支付渠道还没有给出结果。如果您已经付款，款项不会丢失。',
      en: 'The payment channel has not confirmed yet. If you have paid, your money is not lost.',
    },
    next: { zh: '请勿重复付款，页面会自动更新。', en: 'Please do not pay again. The page updates by itself.' },
  },
  failed: {
    title: { zh: '支付未成功', en: 'The payment did not go through' },
    money: nothingCharged,
    next: { zh: '可以重试，或换一种支付方式。', en: 'Try again, or choose another method.' },
  },
  challenged: {
    title: { zh: '请验证是您本人', en: 'Please verify that it is you' },
    money: nothingCharged,
    next: { zh: '请输入商户发给您的六位验证码。', en: 'Enter the six digits that the merchant has sent you.' },
  },
  paid: {
    title: { zh: '支付成功', en: 'Payment successful' },
    money: { zh: '商户已收到您的付款。', en: 'The merchant has received your payment.' },
    next: { zh: '您可以关闭本页。', en: 'You can close this page.' },
  },
  late: {
    title: { zh: '已收款，处理中', en: 'Received, being processed' },
    money: {
      zh: '您的付款在订单关闭之后到账。',
      en: 'Your payment arrived after the order had been closed.',
    },
    next: doNotPayAgain,
  },
  duplicate: {
    title: { zh: '已收款，处理中', en: 'Received, being processed' },
    money: {
      zh: '这个订单收到了不止一笔付款，订单本身已支付成功。',
      en: 'This order was paid more than once. The order itself is paid.',
    },
    next: doNotPayAgain,
  },
  closed: {
    title: { zh: '订单已关闭', en: 'This order is closed' },
    money: { zh: '没有收到付款。', en: 'No payment was received.' },
    next: orderAgain,
  },
  expired: {
    title: { zh: '订单已超时', en: 'This order has expired' },
    money: { zh: '没有收到付款。', en: 'No payment was received.' },
    next: orderAgain,
  },
  network_lost: {
    title: { zh: '网络连接已断开', en: 'You are offline' },
    money: { zh: '这不影响已经完成的付款。', en: 'A payment you have made is not affected.' },
    next: { zh: '恢复后页面会自动更新。', en: 'The page updates when the connection is back.' },
  },
  not_found: {
    title: { zh: '页面不存在或已失效', en: 'This page does not exist or has expired' },
    money: { zh: '打开本页不会扣款。', en: 'Opening this page does not charge you.' },
    next: {
      zh: '请检查链接是否完整，或回到商户重新打开。',
      en: 'Check that the link is complete, or open it again from the merchant.',
    },
  },
};
