import { callbackUrl, type Wired } from '#payments/wire.ts';
import { env } from '#platform/env.ts';

import type { Deps } from './look-at-agreement.ts';
import { agreementStore, type AgreementStore } from './store.ts';

export const agreementDeps = (wired: Wired): Deps & { readonly agreements: AgreementStore } => ({
  ...wired,
  agreements: agreementStore(wired.db, env('ORDERS_TABLE'), wired.now),
  agreementCallbackUrl: (account) => callbackUrl(account, '/agreements'),
});
