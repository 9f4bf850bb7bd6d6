import type { Clock } from '../clock.ts';
import type { Faults, Fault } from '../faults.ts';
import type { Postman } from '../postman.ts';
import type { Store } from '../store.ts';
import type { Agreements } from './agreements/book.ts';
import type { Books } from './books.ts';
import type { Issued } from './credentials.ts';
import type { Transfers } from './transfers/book.ts';

export const CHANNEL = 'wechat';

/** The rate agreed with the sandbox merchant: 0.60 %. */
export const FEE_PPM = 6000;

/** What every transaction of the channel works with. */
export interface Desk {
  readonly issued: Issued;
  readonly books: Books;
  readonly agreements: Agreements;
  readonly transfers: Transfers;
  readonly store: Store;
  readonly faults: Faults;
  readonly postman: Postman;
  readonly clock: Clock;
}

export const nowOf = (desk: Desk): number => desk.clock.now().getTime();
export const takesFault = (desk: Desk, fault: Fault): boolean => desk.faults.take(CHANNEL, fault);
