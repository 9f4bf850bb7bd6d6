/** The time the channels live in. It is the platform's, so that signatures, expiry and retries agree; it must run, not stand. */
export interface Clock {
  now(): Date;
  advance(seconds: number): Promise<void>;
}
