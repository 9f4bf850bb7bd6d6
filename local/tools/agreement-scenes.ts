import { randomBytes } from 'node:crypto';

import * as z from 'zod';

import { Stopped, until } from '../demo/wait.ts';
import { expecting } from '../demo/wire/http.ts';
import type { Wish } from './scenes.ts';

const Agreement = z.object({
  id: z.string(),
  agreement_no: z.string(),
  status: z.string(),
  action: z.object({ type: z.string(), url: z.string().optional() }).nullable(),
});

const untilIs = ({ hands }: Wish, id: string, status: string) =>
  until(`agreement ${id} to be ${status}`, 60, async () => {
    const agreement = expecting(await hands.app.get(`/v1/agreements/${id}`), [200], Agreement);
    return agreement.status === status ? agreement : undefined;
  });

/** A payer opens the page of Alipay's sandbox, and signs there. */
const signed = async (wish: Wish) => {
  const { hands, amount, notifyUrl, say } = wish;
  const answer = await hands.app.post('/v1/agreements', {
    merchant_id: hands.stage.merchant_id,
    merchant_agreement_id: `trigger-${randomBytes(6).toString('hex')}`,
    method: 'alipay_wap',
    subject: 'Triggered',
    currency: 'CNY',
    limits: { amount_max: amount, period: { unit: 'month', count: 1 } },
    ...(notifyUrl !== undefined && { notify_url: notifyUrl }),
  });
  const agreement = expecting(answer, [201], Agreement);
  say(`asked for ${agreement.id}`);
  await fetch(agreement.action?.url ?? '', { redirect: 'manual' });
  await hands.sandbox.touchAgreement(agreement.agreement_no, 'sign');
  return untilIs(wish, agreement.id, 'active');
};

export const agreementScenes = {
  'agreement.active': {
    what: 'a payer signs at Alipay what may be charged',
    play: async (wish: Wish) => void (await signed(wish)),
  },
  'agreement.terminated': {
    what: 'the app terminates what a payer has signed',
    play: async (wish: Wish) => {
      const { id } = await signed(wish);
      const answer = await wish.hands.app.post(`/v1/agreements/${id}/terminate`, {});
      if (![200, 202].includes(answer.status)) throw new Stopped(`${id} could not be terminated: ${answer.text}`);
      await untilIs(wish, id, 'terminated');
    },
  },
};
