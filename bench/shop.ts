import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';

import * as z from 'zod';

import type { Platform } from '../local/platform.ts';
import { appClient } from '../local/demo/wire/clients.ts';

const Placed = z.looseObject({
  id: z.string(),
  status: z.string(),
  attempts: z.array(z.looseObject({ channel_order_no: z.string() })),
});
type Placed = z.infer<typeof Placed>;

/** A business system that places payments, and the payer who pays them at the sandbox. */
export const openShop = (stage: Platform['stage'], notifyUrl: string) => {
  const client = appClient(stage.api, stage.app, () => new Date());
  const good = ({ status, text }: Awaited<ReturnType<typeof client.get>>): unknown => {
    if (status >= 300) throw new Error(`the platform answered ${status}: ${text}`);
    return JSON.parse(text);
  };
  const read = async (id: string): Promise<Placed> => Placed.parse(good(await client.get(`/v1/payments/${id}`)));
  return {
    read,
    get: async (path: string) => good(await client.get(path)),
    place: async (no: string = randomUUID()): Promise<Placed> =>
      Placed.parse(
        good(
          await client.post('/v1/payments', {
            merchant_id: stage.merchant_id,
            merchant_order_id: no,
            amount: 10_000,
            currency: 'CNY',
            subject: 'Two cups of tea',
            method: 'wechat_native',
            notify_url: notifyUrl,
          }),
        ),
      ),
    pay: async ({ attempts }: Placed): Promise<void> => {
      const url = new URL(`/payer/wechat/${attempts[0]?.channel_order_no ?? ''}/pay`, stage.sandbox);
      const response = await fetch(url, { method: 'POST' });
      if (!response.ok) throw new Error(`the payer could not pay: ${await response.text()}`);
    },
    untilPaid: async (id: string, seconds = 60): Promise<void> => {
      for (let waited = 0; waited < seconds * 20; waited += 1) {
        if ((await read(id)).status === 'paid') return;
        await pause(50);
      }
      throw new Error(`${id} is not paid after ${seconds} s`);
    },
  };
};
