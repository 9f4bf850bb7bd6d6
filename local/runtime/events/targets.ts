import { Refusal } from '../refusal.ts';

/** Something that can be sent to. `refuse` throws when the thing that an ARN names is not on this machine. */
export interface TargetKind {
  deliver(arn: string, payload: string): void;
  check(arn: string): void;
}

const serviceOf = (arn: string): string => arn.split(':')[2] ?? '';

/**
 * Where events, schedules and failed invocations go. Delivering writes down: a delivery belongs to the transaction that
 * causes it, and is carried out afterwards.
 */
export class Targets {
  readonly #kinds = new Map<string, TargetKind>();

  register(service: string, kind: TargetKind): void {
    this.#kinds.set(service, kind);
  }

  deliver(arn: string, payload: string): void {
    this.#kindOf(arn).deliver(arn, payload);
  }

  check(path: string, arn: string): void {
    try {
      this.#kindOf(arn).check(arn);
    } catch (error) {
      throw new Refusal(`${path}: the target ${arn} is not supported or not on this machine`, { cause: error });
    }
  }

  #kindOf(arn: string): TargetKind {
    const kind = arn.startsWith('arn:') ? this.#kinds.get(serviceOf(arn)) : undefined;
    if (kind === undefined) throw new Refusal(`the target ${arn} is not supported`);
    return kind;
  }
}
