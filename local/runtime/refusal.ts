/** Something the assembly or a caller asks for that this runtime does not do. It is said by name, never skipped. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
}

/** An error in the words of an AWS API: `code` travels to the SDK client, which throws an error of that name. */
export class ServiceError extends Error {
  override readonly name = 'ServiceError';
  readonly code: string;
  readonly status: number;
  constructor(code: string, message: string, status = 400) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
