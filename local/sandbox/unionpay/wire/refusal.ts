/** A refusal by its 应答码. @see https://open.unionpay.com/tjweb/support/faq/mchlist?code= */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: keyof typeof messages;

  constructor(code: keyof typeof messages, detail = '') {
    super(`${messages[code]}${detail}`);
    this.code = code;
  }
}

const messages = {
  '03': '交易通讯超时，请发起查询交易',
  '10': '报文格式错误',
  '11': '验证签名失败',
  '12': '重复交易',
  '30': '交易未通过，请尝试使用其他银联卡支付或联系95516',
  '31': '商户状态不正确',
  '32': '无此交易权限',
  '33': '交易金额超限',
  '34': '查无此交易',
  '35': '原交易不存在或状态不正确',
  '36': '与原交易信息不符',
  '44': '输入的二维码有误',
  '98': '文件不存在',
} as const;
