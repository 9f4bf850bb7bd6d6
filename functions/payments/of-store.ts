import { IdOf } from '#kernel/id.ts';
import type { Listing } from '#platform/listed.ts';

import type { Payment } from './payment.ts';

/** Of one app: what is paid in a store, or by one printed code of it. */
export const storeList = {
  store_id: (appId: string, id: string) => `store#${appId}#${id}`,
  store_code_id: (appId: string, id: string) => `store_code#${appId}#${id}`,
} as const;
export type OfStore = keyof typeof storeList;

/** A payment stands in lists beside the books: it is named by what its place is called, which is longer. */
export const paymentIn = (place: string): string => place.slice(0, place.indexOf('#'));

/** Where a new payment is found again by its store and by its code: for good, and for nothing that has no store. */
export const storeListings = (was: Payment | undefined, is: Payment): Listing[] => {
  if (was) return [];
  const place = `${is.created_at.toISOString()}#${is.id}`;
  // The one mark of a code that a payment keeps; an app that writes it itself moves its own list alone.
  const code = IdOf('sto').safeParse(is.metadata?.['store_code']).data;
  return [
    ...(is.store_id === undefined
      ? []
      : [{ id: `${is.id}#of-store`, list: storeList.store_id(is.app_id, is.store_id), place }]),
    ...(code === undefined ? [] : [{ id: `${is.id}#of-code`, list: storeList.store_code_id(is.app_id, code), place }]),
  ];
};
