/** A refusal by its 返回码. What most codes are called is not published: these are the sandbox's own, with the words that Lakala uses. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}
