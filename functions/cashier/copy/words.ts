import type { Obstacle } from '../offers.ts';
import type { Text } from './language.ts';

/** Everything else that stands on the page. */
export const words = {
  pay: { zh: '支付', en: 'Pay' },
  payTo: { zh: '收款方', en: 'Paying' },
  amount: { zh: '应付金额', en: 'Amount due' },
  amountPaid: { zh: '实付金额', en: 'Amount paid' },
  amountPlain: { zh: '订单金额', en: 'Order amount' },
  verify: { zh: '付款前请核对收款方和金额。', en: 'Check the payee and the amount before you pay.' },
  subject: { zh: '商品', en: 'For' },
  orderNo: { zh: '订单号', en: 'Order no.' },
  details: { zh: '订单信息', en: 'Your order' },
  timeLeft: { zh: '剩余支付时间', en: 'Time left' },
  until: { zh: '支付截止时间', en: 'Pay before' },
  secondsLeft: { zh: '剩余支付时间 {seconds} 秒', en: '{seconds} seconds left to pay' },
  methods: { zh: '支付方式', en: 'Payment methods' },
  noMethods: {
    zh: '在这里没有可用的支付方式，原因见下。',
    en: 'None of the methods can be used here, for these reasons.',
  },
  otherMethod: { zh: '换一种支付方式', en: 'Use another method' },
  back: { zh: '返回', en: 'Back' },
  again: { zh: '重新获取付款方式', en: 'Ask the channel again' },
  check: { zh: '我已支付，查询结果', en: 'I have paid: check the result' },
  open: { zh: '打开{wallet}付款', en: 'Open {wallet} to pay' },
  openHere: { zh: '在本机打开', en: 'Open on this device' },
  goOn: { zh: '继续付款', en: 'Continue to pay' },
  signIn: { zh: '正在打开{wallet}支付', en: 'Opening {wallet} Pay' },
  signInWhy: {
    zh: '{wallet}会告诉我们用哪个账户付款，不会提供您的个人资料。',
    en: '{wallet} tells us which account pays, and nothing else about you.',
  },
  scan: { zh: '打开{wallet}，用“扫一扫”扫描二维码', en: 'Open {wallet} on your phone and scan the code' },
  code: { zh: '{wallet}付款二维码，金额 {amount}', en: '{wallet} payment code for {amount}' },
  otp: { zh: '验证码', en: 'Verification code' },
  confirm: { zh: '确认', en: 'Continue' },
  resend: { zh: '重新发送验证码', en: 'Send another code' },
  remit: {
    zh: '请从您的银行转账，并在附言中填写下面的附言。',
    en: 'Transfer the amount from your bank, with this reference in the remarks.',
  },
  remitWhy: {
    zh: '凭附言认出您的款项。银行入账并核对后订单才算付款成功，通常需要一个工作日；可以关闭本页。',
    en: 'Your money is known by the reference. The order is paid once the bank has booked it and it is confirmed, usually within a working day. You can close this page.',
  },
  holder: { zh: '户名', en: 'Account name' },
  account: { zh: '账号', en: 'Account number' },
  bank: { zh: '开户行', en: 'Bank' },
  reference: { zh: '附言', en: 'Reference' },
  copy: { zh: '复制', en: 'Copy' },
  copiedText: { zh: '已复制', en: 'Copied' },
  inAppHint: {
    zh: '如果没有跳转，请点右上角菜单，选择“在浏览器打开”。',
    en: 'If nothing opens, use the menu at the top right and choose “Open in browser”.',
  },
  copyLink: { zh: '复制本页链接', en: 'Copy the link to this page' },
  copied: { zh: '链接已复制', en: 'Link copied' },
  toMerchant: { zh: '返回商户', en: 'Back to the merchant' },
  returning: { zh: '即将自动返回商户', en: 'Taking you back to the merchant' },
  stay: { zh: '留在本页', en: 'Stay here' },
  language: { zh: 'English', en: '中文' },
  otherLanguage: { zh: 'en', en: 'zh' },
  paidAt: { zh: '支付时间', en: 'Paid at' },
  by: { zh: '支付方式', en: 'Paid with' },
  wallet: { zh: '支付应用', en: 'your payment app' },
} as const satisfies Readonly<Record<string, Text>>;

/** Whose app it is, by the first word of a method. */
export const wallets: Readonly<Record<string, Text>> = {
  wechat: { zh: '微信', en: 'WeChat' },
  alipay: { zh: '支付宝', en: 'Alipay' },
  unionpay: { zh: '云闪付', en: 'UnionPay' },
  bestpay: { zh: '翼支付', en: 'Bestpay' },
  jdpay: { zh: '京东支付', en: 'JD Pay' },
  lakala: { zh: '微信或支付宝', en: 'WeChat or Alipay' },
};

/** Why a method is shown but cannot be chosen. A refusal that is not named here says that the method is not available. */
export const obstacles: Readonly<Partial<Record<Obstacle, Text>>> = {
  in_mini_program: { zh: '请返回小程序支付', en: 'Go back to the mini program to pay' },
  in_wechat: { zh: '请在微信中打开', en: 'Open this page in WeChat' },
  in_browser: { zh: '请在浏览器中打开', en: 'Open this page in your browser' },
  on_phone: { zh: '请在手机上打开', en: 'Open this page on your phone' },
  on_desktop: { zh: '请在电脑上打开', en: 'Open this page on a computer' },
  scan_from_other: { zh: '需在另一台设备上显示二维码', en: 'Needs the code shown on another device' },
  in_app: { zh: '请在商户的 App 中支付', en: 'Pay in the merchant’s app' },
  at_counter: { zh: '请在收银台出示付款码', en: 'Show your payment code at the counter' },
  payer_member_required: { zh: '请从商户的公众号进入', en: 'Open it from the merchant’s official account' },
  amount_out_of_range: { zh: '金额超出此方式的限额', en: 'The amount is outside this method’s limits' },
  currency_not_supported: { zh: '不支持此币种', en: 'Does not take this currency' },
  method_not_available: { zh: '商户未开通', en: 'Not offered by this merchant' },
};
export const notAvailable: Text = { zh: '暂不可用', en: 'Not available' };
