import * as z from 'zod';

import { Stopped, until } from '../demo/wait.ts';
import { list } from '../demo/wire/answers.ts';
import { expecting } from '../demo/wire/http.ts';
import { approve, finance } from './payout-scenes.ts';
import type { Wish } from './scenes.ts';

const Paying = z.object({
  id: z.string(),
  merchant_id: z.string(),
  status: z.string(),
  payout: z.object({ no: z.int(), approval_id: z.string().nullable() }).nullable(),
});

const Merchant = z.looseObject({ id: z.string(), payout_account: z.unknown().optional() });

/** Without an account that was filed nothing is paid: one is, unless there is one. */
const fileAccount = async ({ hands, say }: Wish): Promise<void> => {
  const path = `/admin/v1/merchants/${hands.stage.merchant_id}`;
  const { id: _, ...merchant } = expecting(await hands.operator.get(path), [200], Merchant);
  if (merchant.payout_account) return;
  const payout_account = { kind: 'alipay_account', account: 'merchant@example.com', name: '某商户' };
  await hands.put(path, { ...merchant, payout_account });
  say('an account at Alipay is filed for the merchant');
};

/** What the longest released of the merchant's settlements is paid by two people of finance. */
export const payReleased = async (wish: Wish, settled: (wish: Wish) => Promise<unknown>): Promise<void> => {
  await fileAccount(wish);
  await settled(wish);
  const { maker } = finance(wish);
  const path = '/admin/v1/settlements';
  const { data } = expecting(await maker.get(`${path}?status=payable&limit=100`), [200], list(Paying));
  const payable = data.find(({ merchant_id }) => merchant_id === wish.hands.stage.merchant_id);
  if (!payable) throw new Stopped('nothing is payable to the merchant');
  const no = (payable.payout?.no ?? 0) + 1;
  const { payout } = expecting(await maker.post(`${path}/${payable.id}/pay`, { no }), [201], Paying);
  wish.say(`${payable.id} is to be paid`);
  if (payout?.approval_id) await approve(wish, payout.approval_id);
  await until(`settlement ${payable.id} to be paid`, 60, async () => {
    const { status } = expecting(await maker.get(`${path}/${payable.id}`), [200], Paying);
    return status === 'paid' || undefined;
  });
};
