import { Failure } from '#kernel/failure.ts';
import type { App } from '#merchants/app.ts';
import type { Merchant } from '#merchants/merchant.ts';
import type { Payment } from '#payments/payment.ts';
import { placePayment, type Deps as PlacingDeps } from '#payments/placing/place-payment.ts';
import { sliding, windowsOf } from '#risk/window.ts';

import { isWithin, orderNumber, type StoreCode } from './store-code.ts';

export type Deps = PlacingDeps & {
  readonly app: (id: string) => Promise<App | undefined>;
  readonly storeCode: (id: string) => Promise<StoreCode | undefined>;
};

/** A code at which somebody can pay now, with whom it is for. */
export interface Counter {
  readonly code: StoreCode;
  readonly app: App;
  readonly merchant: Merchant;
}

/** Nothing for a code that is not there, is switched off, or is of a merchant or an app that takes no money: nobody is told which. */
export const counterAt = async (deps: Pick<Deps, 'app' | 'merchant' | 'storeCode'>, id: string) => {
  const code = await deps.storeCode(id);
  if (code?.status !== 'enabled') return undefined;
  const [app, merchant] = await Promise.all([deps.app(code.app_id), deps.merchant(code.merchant_id)]);
  const isOpen = app?.status === 'active' && merchant?.status === 'active' && merchant.app_id === app.id;
  return isOpen ? { code, app, merchant } : undefined;
};

/** In ten minutes: from one address, of which a crowd may share one, and of one code. */
const windowSeconds = 600;
const most = { ip: 60, code: 1_000 } as const;

/** Nobody has been judged when a payment is placed without a method: so it is counted here, by code and address. */
const countOrRefuse = async (deps: Deps, { code }: Counter, ip: string, amount: bigint): Promise<void> => {
  const isTooMany = async (by: keyof typeof most, subject: string) => {
    const velocity = { by: 'ip', window_seconds: windowSeconds } as const;
    const windows = windowsOf({ id: `store_code_${by}`, velocity, subject }, code.app_id, deps.now());
    const { current, previous } = await deps.risk.velocity.add(windows, amount);
    return sliding(current, previous, windows).count > most[by];
  };
  const found = await Promise.all([isTooMany('ip', `${code.id}#${ip}`), isTooMany('code', code.id)]);
  if (found.some(Boolean)) throw new Failure('too_many_requests');
};

/** Places what the payer has said, for the app whose code it is; said twice from one page, it is one payment. */
export const payAtCounter = async (
  deps: Deps,
  counter: Counter,
  { amount, once, ip }: { amount: bigint; once: string; ip: string },
): Promise<Payment> => {
  const { code, app } = counter;
  if (!isWithin(code, amount)) throw new Failure('amount_out_of_range');
  await countOrRefuse(deps, counter, ip, amount);
  const { payment } = await placePayment(deps, app, {
    merchant_id: code.merchant_id,
    merchant_order_id: orderNumber(code, once),
    amount,
    currency: 'CNY',
    subject: code.name,
    product_code: code.product_code,
    payer: { ip },
    expires_in_seconds: code.expires_in_seconds,
    store_id: code.store_id,
    terminal_id: code.terminal_id,
    metadata: { store_code: code.id },
  });
  return payment;
};
