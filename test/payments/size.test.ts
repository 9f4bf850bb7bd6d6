import { expect, test } from 'vitest';
import { marshall } from '@aws-sdk/util-dynamodb';
import { DynamoDBClient, type AttributeValue } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

import { hear, type Payment } from '#payments/payment.ts';
import { paymentStore } from '#payments/store.ts';

import * as given from '../given.ts';

/** DynamoDB's published rules of item sizes: names and texts in UTF-8, numbers by digits, three bytes for a list or map, one for each member. */
const sizeOf = (value: AttributeValue): number => {
  if (value.S !== undefined) return Buffer.byteLength(value.S);
  if (value.N !== undefined)
    return Math.ceil(value.N.replace(/^-|\.|^0+|0+$/g, '').length / 2) + 1 + (value.N.startsWith('-') ? 1 : 0);
  if (value.L !== undefined) return 3 + value.L.reduce((bytes, item) => bytes + 1 + sizeOf(item), 0);
  if (value.M !== undefined) return 3 + membersOf(value.M) + Object.keys(value.M).length;
  return 1;
};
const membersOf = (members: Record<string, AttributeValue>): number =>
  Object.entries(members).reduce((bytes, [name, value]) => bytes + Buffer.byteLength(name) + sizeOf(value), 0);

const store = paymentStore(
  DynamoDBDocumentClient.from(new DynamoDBClient({ region: 'eu-central-1' })),
  'orders',
  () => given.noon,
);
const itemSize = (payment: Payment) =>
  membersOf(marshall(store.write(payment).Put?.Item, { removeUndefinedValues: true }));

/** As a shop places it: long numbers, a Chinese subject, an address for webhooks, a little metadata. */
const typical = {
  merchant_order_id: '20260302100000123456',
  subject: '乌龙茶 500g 礼盒装',
  payer: { ip: '203.0.113.7' },
  notify_url: 'https://shop.example/webhooks/suanpan',
  metadata: { store: 'sh-014' },
  version: 0,
};
const action = { type: 'qr_code', content: 'weixin://wxpay/bizpayurl?pr=p4lpSuKzz' } as const;

test('the size of an item follows the published rules', () => {
  expect(membersOf(marshall({ a: 'é', n: 12_345, z: -7, l: [1, true], m: { k: null } }))).toBe(
    1 + 2 + (1 + 4) + (1 + 3) + (1 + 3 + 1 + 2 + 1 + 1) + (1 + 3 + 1 + 1 + 1),
  );
});

test('a payment as placed is one write unit', () => {
  const placed = given.payment({ ...typical, attempts: [given.attempt()] });
  expect(itemSize(placed)).toBeLessThanOrEqual(1_024);
  const answered = given.payment({ ...typical, attempts: [given.attempt({ action })] });
  expect(itemSize(answered)).toBeLessThanOrEqual(1_024);
});

const route = {
  rule: 'mostly_the_cheapest',
  health: 100,
  others: (['circuit_open', 'refused_before', 'not_preferred', 'outweighed', 'dearer'] as const).map((why) => ({
    account: given.channelAccount().id,
    cost: 10_000_000n,
    health: 100,
    why,
  })),
};

test('why an account was chosen is bounded: with as many others as there may be a paid payment is two write units', () => {
  const [attempt] = given.paid().attempts;
  const paid = given.paid({ ...typical, attempts: [{ ...attempt!, route, placing_ms: 7_999 }] });
  expect(itemSize(paid)).toBeLessThanOrEqual(2_048);
  const kept = store.parse(store.write(paid).Put?.Item).attempts[0]?.route;
  expect(kept).toEqual({ ...route, others: route.others.slice(0, 4) });
});

test('with one other account a payment as placed is still one write unit', () => {
  const two = { rule: 'lowest_cost', health: 99, others: [{ ...route.others[4]!, cost: 80n, health: 97 }] };
  const placed = given.payment({
    ...typical,
    attempts: [given.attempt({ action, route: two, placing_ms: 180 })],
  });
  expect(itemSize(placed)).toBeLessThanOrEqual(1_024);
});

test('a payment that was judged, without a word about it, is still one write unit as placed', () => {
  const risk = { decision: 'pass', rule_version: 17 } as const;
  const placed = given.payment({ ...typical, risk, attempts: [given.attempt({ action, placing_ms: 180 })] });
  expect(itemSize(placed)).toBeLessThanOrEqual(1_024);
});

test('a payment with which an agreement is signed is still one write unit as placed', () => {
  const agreement = given.payment({
    agreement: { id: given.agreement().id, channel_account_id: given.channelAccount().id },
  });
  const placed = given.payment({ ...typical, agreement: agreement.agreement, attempts: [given.attempt()] });
  expect(itemSize(placed)).toBeLessThanOrEqual(1_024);
});

test('a payment that was signed for a phone is two write units while it waits, and has none of that when it is paid', () => {
  const params = {
    appId: 'wxab8acd895ab1638a',
    timeStamp: '1772416800',
    nonceStr: '0123456789abcdef0123456789abcdef',
    package: 'prepay_id=wx201410272009395522657a690389285100',
    signType: 'RSA',
    paySign: 'A'.repeat(344),
  };
  const signed = given.attempt({ action: { type: 'sdk', params }, action_until: given.noon });
  const waiting = given.payment({ ...typical, attempts: [signed] });
  expect(itemSize(waiting)).toBeLessThanOrEqual(2_048);
  const outcome = { kind: 'succeeded', receipt: given.money() } as const;
  const [attempt] = hear(waiting, 1, outcome, { identity: given.identity, now: given.noon }).attempts;
  expect([attempt?.status, attempt?.action, attempt?.action_until]).toEqual(['succeeded', undefined, undefined]);
});

test('a payment as paid is two at the most, also with a refund', () => {
  const paid = given.paid(typical);
  expect(itemSize(paid)).toBeLessThanOrEqual(2_048);
  const refunds = {
    succeeded: 3_000n,
    in_flight: 0n,
    fee_returned: 30n,
    cost_returned: 18n,
    accepted: 3_000n,
    from_pending: 2_970n,
    count_from_pending: 1,
    amount_from_pending: 3_000n,
  };
  expect(itemSize({ ...paid, refunds })).toBeLessThanOrEqual(2_048);
});
