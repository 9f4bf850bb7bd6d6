import type * as z from 'zod';

import { Failure } from '#kernel/failure.ts';
import type { App } from '#merchants/app.ts';
import { router, type Deps as RouteDeps } from '#routing/choose-account.ts';
import type { Merchant } from '#merchants/merchant.ts';

import { environmentOf } from './environment.ts';
import { excludedFrom, offersOf } from './offers.ts';
import type { CashierView, showCashier } from './operations.ts';
import { inForce } from './profile.ts';
import { refusalOf } from './show-order.ts';

type Deps = RouteDeps & { readonly merchant: (id: string) => Promise<Merchant | undefined> };
type Asked = z.output<typeof showCashier.path> & z.output<typeof showCashier.query>;

/** Every browser has an address, though nobody knows yet which. */
const someAddress = '192.0.2.1';

/** What a payer of this product would see, decided as their page decides it. Asking places nothing and counts nobody. */
export const cashierOf = async (deps: Deps, app: App, asked: Asked): Promise<z.output<typeof CashierView>> => {
  const { merchant_id, product_code, amount, currency, openid, user_agent = '' } = asked;
  const merchant = await deps.merchant(merchant_id);
  if (!merchant || merchant.app_id !== app.id) throw new Failure('not_found', { detail: 'there is no such merchant' });
  const now = deps.now();
  const found = await deps.profile(app.id, product_code);
  const profile = inForce(found, now);
  if (!profile) throw new Failure('not_found', { detail: 'the product has no cashier profile in force' });
  const environment = asked.environment ?? environmentOf(user_agent, profile.app_type);
  const paying = {
    amount,
    currency,
    productCode: product_code,
    lot: merchant_id,
    payer: { ip: someAddress, openid },
    canSignIn: true as const,
  };
  const methods = profile.methods.map(({ method }) => method);
  const decide = await router(deps, merchant, paying, methods);
  return {
    product_code,
    merchant_id,
    environment,
    business_type: profile.business_type,
    effective_from: profile.effective_from ?? null,
    next_version_at: found?.scheduled?.find(({ effective_from }) => effective_from > now)?.effective_from ?? null,
    methods: offersOf({ profile, environment, now, refusalOf: refusalOf(decide) }).map(
      ({ method: { method, display_name, icon }, obstacle, promotion }) => ({
        method,
        display_name,
        icon: icon ?? null,
        promotion: promotion ?? null,
        available: obstacle === undefined,
        obstacle: obstacle ?? null,
      }),
    ),
    excluded: excludedFrom(profile),
  };
};
