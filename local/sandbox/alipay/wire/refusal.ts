/**
 * A refusal in Alipay's words. The HTTP status is 200 whatever happens; `code` says whose fault it is, `sub_code` what is wrong.
 * @see https://opendocs.alipay.com/common/02km9f
 */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: string;
  readonly msg: string;
  readonly subCode: string;

  constructor(kind: keyof typeof kinds, subCode: string, subMsg: string) {
    super(subMsg);
    this.code = kinds[kind].code;
    this.msg = kinds[kind].msg;
    this.subCode = subCode;
  }

  document(): Record<string, string> {
    return { code: this.code, msg: this.msg, sub_code: this.subCode, sub_msg: this.message };
  }
}

const kinds = {
  unavailable: { code: '20000', msg: 'Service Currently Unavailable' },
  missing: { code: '40001', msg: 'Missing Required Arguments' },
  invalid: { code: '40002', msg: 'Invalid Arguments' },
  business: { code: '40004', msg: 'Business Failed' },
} as const;

export const refused = (subCode: string, subMsg: string): Refusal => new Refusal('business', subCode, subMsg);
export const invalid = (subCode: string, subMsg: string): Refusal => new Refusal('invalid', subCode, subMsg);

/** Whether anything was done is not said: the merchant has to ask. */
export const systemError = (): Refusal => new Refusal('unavailable', 'aop.ACQ.SYSTEM_ERROR', '系统异常');

export const tradeNotExist = (): Refusal => refused('ACQ.TRADE_NOT_EXIST', '交易不存在');
