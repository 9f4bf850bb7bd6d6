import { expect, test } from 'vitest';

import { paymentIn, storeListings } from '#payments/of-store.ts';

import * as given from '../given.ts';

const code = 'sto_01KG7X0000STRE00000000000A';

test('a payment of a store is listed once, by its store and its code; one without a store costs no list anything', () => {
  const payment = given.payment({ store_id: 'SH-001', metadata: { store_code: code } });
  const listings = storeListings(undefined, payment);
  expect(listings.map(({ list }) => list)).toEqual([
    `store#${payment.app_id}#SH-001`,
    `store_code#${payment.app_id}#${code}`,
  ]);
  expect(new Set(listings.map(({ id }) => id)).size).toBe(2);
  expect(listings.map(({ id }) => paymentIn(id))).toEqual([payment.id, payment.id]);
  expect(storeListings(payment, { ...payment, version: 2 })).toEqual([]);
  expect(storeListings(undefined, given.payment({}))).toEqual([]);
  expect(storeListings(undefined, given.payment({ metadata: { store_code: 'app#its own' } }))).toEqual([]);
});
