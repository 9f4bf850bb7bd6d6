import { createHash } from 'node:crypto';

import { inForce } from '#cashier/profile.ts';
import type { Method } from '#channels/channel.ts';
import { Failure } from '#kernel/failure.ts';
import type { Id } from '#kernel/id.ts';
import type { App } from '#merchants/app.ts';
import { served, type Merchant, type Service } from '#merchants/merchant.ts';
import type { Write } from '#platform/commit.ts';
import { contend, lost } from '#platform/contend.ts';
import type { Wallet } from '#wallets/hold.ts';

import { methodFor } from '../in-store.ts';
import { assessPayment, judged, type Judged } from './judge-payment.ts';
import { PaymentToPlace, type AgreementWithPayment } from '../operations.ts';
import { paymentId, rechargePaymentId, type PaidAgreement, type Payment } from '../payment.ts';
import { newAttempts } from './new-attempts.ts';
import { sendStages } from './send-stages.ts';
import type { Deps as AttemptDeps } from './start-attempt.ts';
import * as z from 'zod';

export type Deps = AttemptDeps & {
  readonly merchant: (id: string) => Promise<Merchant | undefined>;
  readonly urlAllowed: (url: string) => boolean;
  readonly find: (id: string) => Promise<Payment | undefined>;
};

const sorted = (value: unknown): unknown =>
  value !== null && typeof value === 'object' && !Array.isArray(value)
    ? Object.fromEntries(
        Object.entries(value)
          .toSorted(([a], [b]) => (a < b ? -1 : 1))
          .map(([name, member]) => [name, sorted(member)]),
      )
    : value;

/** What an app asks for; what is to be signed with it is a purpose. */
export type Order = Omit<PaymentToPlace, 'agreement'>;

/** 代扣: what is charged by an agreement, without a payer. */
interface Deduction {
  readonly agreement: Id<'agr'>;
  readonly method: Method;
  /** What charges this payment; refuses what the agreement does not allow. */
  readonly charge: (paymentId: string) => Promise<PaidAgreement>;
  /** What must be true together with the payment. */
  readonly beside: (payment: Payment) => readonly Write[];
}

/** 签约并支付: what the payer is asked to sign while paying. */
interface Signing {
  readonly asked: AgreementWithPayment;
  /** Where it will be signed; refuses what cannot be. */
  readonly at: (merchant: Merchant, method: Method | undefined) => Promise<PaidAgreement>;
  /** What must be true together with the payment: its number is of nothing else. */
  readonly beside: (payment: Payment) => readonly Write[];
}

/** 充值: the payment is for a user's account. Its numbers are another series than those of orders. */
interface Purpose {
  readonly beneficiary?: Wallet;
  readonly deduction?: Deduction;
  readonly signing?: Signing;
}

const idOf = (app: App, { merchant_order_id }: Order, { beneficiary }: Purpose) =>
  beneficiary ? rechargePaymentId(app.id, merchant_order_id) : paymentId(app.id, merchant_order_id);

/** A digest of what was asked for. Where the payer stood is not part of it: a retry may come from another address. */
const contentOf = (input: Order, { beneficiary, deduction, signing }: Purpose): string => {
  const payer = input.payer && { ...input.payer, ip: undefined, device: undefined };
  const named = payer && Object.values(payer).some((member) => member !== undefined) ? payer : undefined;
  const wire = z.encode(PaymentToPlace, { ...input, agreement: signing?.asked, payer: named });
  return createHash('sha256')
    .update(JSON.stringify(sorted({ ...wire, beneficiary, agreement: deduction?.agreement ?? wire.agreement })))
    .digest('base64url');
};

/** A merchant of the app for which this may be begun; another's is not there. */
export const merchantFor = async (
  deps: Pick<Deps, 'merchant'>,
  app: App,
  id: string,
  service: Service = 'payment',
): Promise<Merchant> => {
  const merchant = await deps.merchant(id);
  if (!merchant || merchant.app_id !== app.id) throw new Failure('not_found', { detail: 'there is no such merchant' });
  return served(merchant, service);
};

/** Without a method the payer chooses, where there is something to choose from. */
const checkCashier = async (deps: Deps, app: App, productCode: string | undefined): Promise<void> => {
  const profile = productCode === undefined ? undefined : await deps.profile(app.id, productCode);
  if (!inForce(profile, deps.now()))
    throw new Failure('method_required', {
      detail: 'a payer can choose only by a product_code that has a cashier profile',
    });
};

/** How a payment begins by its method: judged before it is written, so that what is written is what was decided. */
const begun = async (deps: Deps, merchant: Merchant, payment: Payment, method: Method): Promise<Judged> => {
  const attempts = await newAttempts(deps, merchant, payment, method);
  const assessing = await assessPayment(deps, payment, method);
  // Nobody is counted, and nobody asked, twice for one payment.
  const known = assessing.isCostly ? await deps.find(payment.id) : undefined;
  return known ? { payment: known } : judged(deps, payment, await assessing.conclude(), { method, attempts });
};

/** What the merchant's accounts take at the moment. */
const offeredBy = async ({ open }: Deps, { channel_account_ids }: Merchant): Promise<Method[]> => {
  const accounts = await Promise.all(channel_account_ids.map((id) => open(id)));
  return accounts.flatMap(({ account }) => (account.status === 'enabled' ? account.methods : []));
};

/** Everything that can be refused is refused before anything is written or sent. */
const prepare = async (deps: Deps, app: App, input: Order, purpose: Purpose): Promise<Judged> => {
  const merchant = await merchantFor(deps, app, input.merchant_id);
  const urls = [input.notify_url, input.return_url].filter((url) => url !== undefined);
  if (!urls.every((url) => deps.urlAllowed(url))) throw new Failure('url_not_allowed');
  const { expires_in_seconds, ...kept } = input;
  const { deduction, signing, beneficiary } = purpose;
  const id = idOf(app, input, purpose);
  const charged = await deduction?.charge(id);
  const method = deduction?.method ?? (await methodFor(input.method, input.payer, () => offeredBy(deps, merchant)));
  const agreement = charged ?? (await signing?.at(merchant, method));
  if (input.prepaid && input.prepaid.amount >= input.amount)
    throw new Failure('invalid_request', {
      errors: [{ pointer: '/prepaid/amount', detail: 'less than the amount: pay all of it by that method instead' }],
    });
  if (!method) await checkCashier(deps, app, input.product_code);
  const now = deps.now();
  const payment: Payment = {
    ...kept,
    method,
    ...(beneficiary && { beneficiary }),
    ...(agreement && { agreement }),
    id,
    version: 0,
    app_id: app.id,
    business_order_id: input.business_order_id ?? input.merchant_order_id,
    content: contentOf(input, purpose),
    created_at: now,
    expires_at: new Date(now.getTime() + expires_in_seconds * 1_000),
    attempts: [],
  };
  return method ? begun(deps, merchant, payment, method) : { payment };
};

const sameAgain = (existing: Payment, content: string): Payment => {
  if (existing.content !== content) throw new Failure('idempotency_conflict');
  return existing;
};

/** Writes a new payment, or finds who was first. A transaction on its row refuses without showing it: tried again. */
const create = (
  deps: Deps,
  prepared: Payment,
  { deduction, signing }: Purpose,
): Promise<{ payment: Payment; isNew: boolean }> =>
  contend(async () => {
    const beside = (deduction ?? signing)?.beside(prepared) ?? [];
    const refusals = await deps.commit([deps.payments.write(prepared), ...beside]);
    if (refusals.length === 0) return { payment: { ...prepared, version: 1 }, isNew: true };
    const existing = refusals.find(({ index, row }) => index === 0 && row)?.row;
    if (existing) return { payment: deps.payments.parse(existing), isNew: false };
    if (signing && refusals.some(({ row }) => row))
      throw new Failure('idempotency_conflict', { detail: 'the merchant_agreement_id was used before' });
    // The agreement is another than the one that was decided upon.
    if (deduction && refusals.some(({ index }) => index > 0)) throw new Failure('conflict');
    return lost;
  });

/**
 * Places a payment. One conditional put is creation, idempotency and look-up: the same number with the same content is
 * the same payment, for ever. A repeated placement finishes what a crashed first call began.
 */
export const placePayment = async (
  deps: Deps,
  app: App,
  asked: Order,
  purpose: Purpose = {},
): Promise<{ payment: Payment; isNew: boolean }> => {
  const input = { ...asked, business_order_id: asked.business_order_id ?? asked.merchant_order_id };
  const { payment: prepared, code } = await prepare(deps, app, input, purpose).catch(
    async (refusal: unknown): Promise<Judged> => {
      // A number that was used answers as it did, also when a new placement would be refused by now.
      const existing = refusal instanceof Failure ? await deps.find(idOf(app, input, purpose)) : undefined;
      if (existing) return { payment: sameAgain(existing, contentOf(input, purpose)) };
      throw refusal;
    },
  );
  const created = prepared.version === 0 ? await create(deps, prepared, purpose) : { payment: prepared, isNew: false };
  if (created.isNew && code !== undefined) await deps.risk.tellCode(created.payment, code);
  if (created.isNew) return { payment: await sendStages(deps, created.payment), isNew: true };
  const existing = sameAgain(created.payment, contentOf(input, purpose));
  return { payment: await sendStages(deps, existing), isNew: false };
};
