/** A refusal in WeChat's words: `{ code, message, detail }` with the status its documentation gives the code. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;
  readonly code: string;
  readonly detail: Readonly<Record<string, unknown>> | undefined;

  constructor(status: number, code: string, message: string, detail?: Readonly<Record<string, unknown>>) {
    super(message);
    this.status = status;
    this.code = code;
    this.detail = detail;
  }
}

export const paramError = (message: string, detail?: Readonly<Record<string, unknown>>): Refusal =>
  new Refusal(400, 'PARAM_ERROR', message, detail);

export const invalidRequest = (message: string): Refusal => new Refusal(400, 'INVALID_REQUEST', message);

export const systemError = (): Refusal => new Refusal(500, 'SYSTEM_ERROR', '系统异常，请稍后重试');
