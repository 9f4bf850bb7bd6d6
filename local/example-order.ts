import { signed } from './demo/wire/signing.ts';
import type { Platform } from './platform.ts';

/** How many orders of one day may have been paid before nobody needs another example. */
const triesAtMost = 20;

/**
 * The address of a cashier page that can be paid now: an order of today which is placed once and found again until somebody
 * has paid it, so that starting the platform ten times does not leave ten orders behind.
 */
export const exampleCashier = async ({ runtime, stage }: Platform): Promise<string | undefined> => {
  const [product] = stage.products;
  if (product === undefined) return undefined;
  const url = new URL('/v1/payments', stage.api);
  for (let number = 1; number <= triesAtMost; number += 1) {
    const created = runtime.clock.now();
    const body = JSON.stringify({
      merchant_id: stage.merchant_id,
      merchant_order_id: `example-${created.toISOString().slice(0, 10)}-${number}`,
      amount: 8_800,
      currency: 'CNY',
      subject: 'Longjing tea, 250 g',
      product_code: product,
      expires_in_seconds: 1_296_000,
    });
    const { headers } = signed({ method: 'POST', url, body, created }, { ...stage.app, alg: 'ed25519' });
    const response = await fetch(url, { method: 'POST', headers, body });
    const payment: unknown = await response.json();
    if (!response.ok || typeof payment !== 'object' || payment === null || !('cashier_url' in payment))
      return undefined;
    if (typeof payment.cashier_url === 'string') return payment.cashier_url;
  }
  return undefined;
};
