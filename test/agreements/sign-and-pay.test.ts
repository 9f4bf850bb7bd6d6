import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { heard } from '#agreements/agreement.ts';
import { PaymentToDeduct } from '#agreements/operations.ts';
import { signAndPay } from '#agreements/sign-and-pay.ts';
import { signAgreement } from '#agreements/sign-agreement.ts';
import { agreementStore } from '#agreements/store.ts';
import { showOrder } from '#cashier/show-order.ts';
import { consequencesOf } from '#changes/change.ts';
import type { AgreementOutcome } from '#channels/agreement.ts';
import type { Method } from '#channels/channel.ts';
import { derivedId } from '#kernel/id.ts';
import { addAttempt } from '#payments/placing/add-attempt.ts';
import { RechargeToPlace, type AgreementWithPayment } from '#payments/operations.ts';
import { Payment, paymentId, Prepaid, requestClose } from '#payments/payment.ts';
import { placePayment, type Order } from '#payments/placing/place-payment.ts';
import * as z from 'zod';

import * as given from '../given.ts';
import { profile } from '../cashier/given.ts';
import { shop } from '../shop.ts';
import { tables } from '../tables.ts';

let the: Awaited<ReturnType<typeof tables>>;
beforeAll(async () => (the = await tables()));
afterAll(() => the.stop());

const limits = { amount_max: 2_000n, period: { unit: 'month' as const, count: 1 } };
const agreed = (over: Partial<AgreementWithPayment> = {}): AgreementWithPayment => ({
  merchant_agreement_id: 'member-1',
  limits,
  ...over,
});
const refusal = (code: string) => expect.objectContaining({ code });

/** A shop whose first and cheapest account takes money alone; at the second a payer can sign while paying, in two ways. */
const signingShop = () => {
  const at = shop(the.db);
  const rate = (rate_ppm: number) => ({ rate_ppm, fixed: 0n, min: 0n });
  const plain = { ...at.account, cost: rate(1_000) };
  const signing = given.channelAccount({
    id: derivedId('chn', at.merchant.id),
    methods: ['wechat_native', 'wechat_h5', 'wechat_jsapi', 'wechat_code', 'wechat_agreement'],
    cost: rate(6_000),
  });
  const merchant = { ...at.merchant, channel_account_ids: [plain.id, signing.id] };
  const agreements = agreementStore(the.db, 'orders', () => at.clock.now);
  const silent = () => Promise.reject(new Error('nobody signs here'));
  const deps = {
    ...at.deps,
    agreements,
    agreementCallbackUrl: () => 'https://pay.example/callbacks',
    merchant: async () => merchant,
    open: async (id: string) => {
      const opened = await at.deps.open(id);
      if (id !== signing.id) return { ...opened, account: plain };
      const capabilities = given.capabilities({
        methods: signing.methods,
        agreements: {
          methods: ['wechat_h5'],
          whilePaying: ['wechat_native', 'wechat_h5'],
          deduction: 'wechat_agreement',
        },
      });
      const channel = { ...opened.channel, agreements: { sign: silent, query: silent, terminate: silent } };
      return { account: signing, kind: { ...opened.kind, capabilities }, channel };
    },
  };
  const order = (over: Partial<Order> = {}): Order => given.placement({ merchant_id: merchant.id, ...over });
  const place = (over: Partial<Order> = {}, asked: Partial<AgreementWithPayment> = {}) =>
    signAndPay(deps, at.app, order(over), agreed(asked));
  const tell = async (id: string, outcome: AgreementOutcome) =>
    agreements.save(heard(await agreements.get(id), outcome, at.clock.now));
  const sent = () => [...at.paper.orders.values()].map(({ order: each }) => each);
  return { ...at, deps, merchant, signing, agreements, order, place, tell, sent };
};

const active: AgreementOutcome = { kind: 'active', channelAgreementNo: 'C1', signedAt: given.noon };

describe('a payment with which an agreement is signed', () => {
  test('is written with it, and sent to where it can be signed, with what its payer agrees to', async () => {
    const at = signingShop();
    const { payment, isNew } = await at.place({ payer: { id: 'user-1' }, notify_url: 'https://shop.example/told' });
    expect(isNew).toBe(true);
    expect(payment.attempts).toMatchObject([{ channel_account_id: at.signing.id, route: { rule: 'agreement' } }]);
    const agreement = await at.agreements.get(payment.agreement!.id);
    expect(agreement).toMatchObject({
      payment_id: payment.id,
      status: 'pending',
      subject: payment.subject,
      limits,
      expires_at: payment.expires_at,
      notify_url: 'https://shop.example/told',
      channel_account_id: at.signing.id,
    });
    expect(agreement.method).toBeUndefined();
    expect(at.sent()).toMatchObject([
      { signing: { agreementNo: agreement.id.slice(4), method: 'wechat_native', payerId: 'user-1', limits } },
    ]);
  });

  test('answers the same again, with one agreement, however often and at once it is asked for', async () => {
    const at = signingShop();
    const all = await Promise.all([1, 2, 3, 4].map(() => at.place()));
    expect(all.filter(({ isNew }) => isNew)).toHaveLength(1);
    expect(new Set(all.map(({ payment }) => payment.id)).size).toBe(1);
    expect((await at.agreements.get(all[0]!.payment.agreement!.id)).version).toBe(1);
    expect(at.paper.orders.size).toBe(1);
  });

  test.each<[string, (at: ReturnType<typeof signingShop>) => Promise<unknown>]>([
    ['with other limits', (at) => at.place({}, { limits: { amount_max: 1n } })],
    ['with another agreement', (at) => at.place({}, { merchant_agreement_id: 'member-2' })],
    ['without one', (at) => placePayment(at.deps, at.app, at.order())],
    ['as another payment', (at) => at.place({ merchant_order_id: 'order-2' })],
  ])('is a number that is used: %s it is refused, and nothing is written', async (_, ask) => {
    const at = signingShop();
    const { payment } = await at.place();
    await expect(ask(at)).rejects.toThrow(refusal('idempotency_conflict'));
    expect(await at.deps.payments.get(payment.id)).toEqual(payment);
    expect(await at.deps.find(paymentId(at.app.id, 'order-2'))).toBeUndefined();
    expect(at.paper.orders.size).toBe(1);
  });

  test('leaves no number of an agreement to two orders, nor to an agreement that is signed by itself', async () => {
    const at = signingShop();
    const both = await Promise.allSettled(['a', 'b'].map((merchant_order_id) => at.place({ merchant_order_id })));
    expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(at.paper.orders.size).toBe(1);
    const alone = signAgreement(at.deps, at.app, {
      merchant_id: at.merchant.id,
      merchant_agreement_id: 'member-1',
      method: 'wechat_h5',
      subject: given.placement().subject,
      currency: 'CNY',
      limits,
      expires_in_seconds: 7_200,
    });
    await expect(alone).rejects.toThrow(refusal('idempotency_conflict'));
  });

  test('is paid by nothing by which it could not be signed', async () => {
    const at = signingShop();
    for (const method of ['wechat_jsapi', 'wechat_code'] as const)
      await expect(at.place({ method, payer: { openid: 'o', auth_code: '134567890123456789' } })).rejects.toThrow(
        refusal('agreement_not_available'),
      );
    const prepaid = z.decode(Prepaid, { method: 'balance', account: derivedId('acc', 'a'), amount: 1 });
    expect(() => at.place({ prepaid })).toThrow(refusal('invalid_request'));
    expect(at.paper.orders.size).toBe(0);
    const { payment } = await at.place();
    const by = (method: Method) => addAttempt(at.deps, at.app, { id: payment.id, method, payer: { openid: 'o' } });
    await expect(by('wechat_jsapi')).rejects.toThrow(refusal('agreement_not_available'));
    expect((await at.deps.payments.get(payment.id)).attempts).toMatchObject([{ status: 'pending' }]);
  });

  test('goes to an account that signs by its method, whichever comes first', async () => {
    const at = signingShop();
    const id = derivedId('chn', `${at.merchant.id}#h5`);
    at.merchant.channel_account_ids.unshift(id);
    const open = async (asked: string) => {
      const opened = await at.deps.open(asked === id ? at.signing.id : asked);
      const account = { ...opened.account, id, methods: ['wechat_h5', 'wechat_agreement'] as Method[] };
      return asked === id ? { ...opened, account } : opened;
    };
    const by = async (method: 'wechat_native' | 'wechat_h5', merchant_order_id: string) =>
      (
        await signAndPay({ ...at.deps, open }, at.app, at.order({ method, merchant_order_id }), {
          merchant_agreement_id: merchant_order_id,
        })
      ).payment.attempts.map(({ channel_account_id }) => channel_account_id);
    expect(await by('wechat_native', 'a')).toEqual([at.signing.id]);
    expect(await by('wechat_h5', 'b')).toEqual([id]);
  });

  test('offers its payer only what signs, on a page where they choose', async () => {
    const at = signingShop();
    const methods = (['wechat_native', 'wechat_h5', 'wechat_jsapi', 'alipay_qr'] as const).map((method) => ({
      method,
      display_name: { zh: '支付', en: method },
    }));
    const deps = { ...at.deps, key: async () => 'key', profile: async () => profile({ methods }) };
    const { payment } = await signAndPay(deps, at.app, at.order({ method: undefined, product_code: 'web' }), agreed());
    expect(payment).toMatchObject({ attempts: [], agreement: { channel_account_id: at.signing.id } });
    const offered = async (of: Payment, userAgent = 'Mozilla/5.0 (X11; Linux x86_64)') =>
      (await showOrder(deps, of, { userAgent, ip: '203.0.113.7' })).offers.map(({ method, obstacle }) => [
        method.method,
        obstacle,
      ]);
    expect(await offered(payment)).toEqual([
      ['wechat_native', undefined],
      ['wechat_h5', 'on_phone'],
      ['wechat_jsapi', 'in_wechat'],
      ['alipay_qr', 'agreement_not_available'],
    ]);
    expect(await offered(payment, 'MicroMessenger')).toContainEqual(['wechat_jsapi', 'agreement_not_available']);
    expect(await offered({ ...payment, agreement: undefined })).toContainEqual(['alipay_qr', 'method_not_available']);
  });

  test('is neither a recharge nor a deduction', () => {
    const asked = { agreement: { merchant_agreement_id: 'a' } };
    for (const schema of [RechargeToPlace, PaymentToDeduct])
      expect(schema.safeParse(asked).error?.issues).toContainEqual(
        expect.objectContaining({ code: 'unrecognized_keys', keys: ['agreement'] }),
      );
  });

  test('asks for the same with each attempt, until it is signed or shall not be', async () => {
    const at = signingShop();
    const { payment } = await at.place();
    const { id } = payment.agreement!;
    const by = (method: Method) => addAttempt(at.deps, at.app, { id: payment.id, method });
    const second = (await by('wechat_h5')).payment;
    expect(second.attempts).toMatchObject([{ status: 'closed' }, { channel_account_id: at.signing.id }]);
    const numbers = () => at.sent().map(({ signing }) => signing?.agreementNo);
    expect(numbers()).toEqual([id.slice(4), id.slice(4)]);
    await at.tell(id, active);
    await by('wechat_native');
    expect(numbers().at(-1)).toBeUndefined();
  });

  test('has its agreement asked about once it is paid, and a deduction once it has failed', async () => {
    const at = signingShop();
    const { payment } = await at.place();
    const paid = await at.pay(payment);
    const closed = requestClose({ ...payment, attempts: [] }, 'by_app', given.noon);
    const row = (of: Payment) => z.encode(Payment, of);
    const behind = (before: Payment, after: Payment) =>
      consequencesOf({ pk: after.id, before: row(before), after: row(after) }).unfinished;
    expect(behind(payment, paid)).toEqual([payment.agreement!.id]);
    expect(behind(paid, { ...paid, version: 9 })).toEqual([]);
    expect(behind(payment, closed)).toEqual([]);
    const deducted = (of: Payment) => ({ ...of, agreement: { ...payment.agreement!, no: 'C1' } });
    expect(behind(deducted(payment), deducted(paid))).toEqual([]);
    expect(behind(deducted(payment), deducted(closed))).toEqual([payment.agreement!.id]);
  });
});
