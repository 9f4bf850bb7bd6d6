/**
 * What a worker thread and its host say to each other: types only, because every cold start would pay for a schema
 * library it does not need.
 */
export interface Start {
  readonly folder: string;
  readonly handler: string;
  readonly name: string;
  readonly arn: string;
  readonly memoryMb: number;
  readonly clock: SharedArrayBuffer;
}

export interface Invocation {
  readonly requestId: string;
  readonly payload: string;
  readonly deadline: number;
}

export type Level = 'debug' | 'info' | 'warn' | 'error';

export type Said =
  /** The code is loaded, or has failed to; on AWS the time limit counts from here. */
  | { readonly kind: 'ready' }
  | {
      readonly kind: 'log';
      readonly level: Level;
      readonly text: string;
      /** Whether it may be an object of its own: what is said to the console as text stays text, as on AWS. */
      readonly mayBeRecord: boolean;
      readonly requestId: string;
    }
  | {
      readonly kind: 'done';
      readonly requestId: string;
      readonly payload: string;
      readonly failed: boolean;
      /** Of this thread, while the handler ran. */
      readonly cpuMicroseconds: number;
    };
