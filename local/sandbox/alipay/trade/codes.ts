/** 16 to 24 digits that begin with 25 to 30. @see https://opendocs.alipay.com/open/194/106039 */
export const isPayerCode = (code: string): boolean => /^(?:2[5-9]|30)\d{14,22}$/.test(code);
