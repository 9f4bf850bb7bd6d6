import { randomBytes } from 'node:crypto';

import { until } from '../demo/wait.ts';
import { operatorClient } from '../demo/wire/clients.ts';
import { Approval, Difference, list, Payout } from '../demo/wire/answers.ts';
import { expecting } from '../demo/wire/http.ts';
import type { Wish } from './scenes.ts';

export const finance = ({ hands: { stage } }: Wish) => ({
  maker: operatorClient(stage.api, stage.finance_maker.token),
  checker: operatorClient(stage.api, stage.finance_checker.token),
});

export const approve = async (wish: Wish, id: string): Promise<void> => {
  const { checker } = finance(wish);
  expecting(await checker.post(`/admin/v1/approvals/${id}/approve`), [200], Approval);
  wish.say(`approved ${id} as the checker`);
};

/** Money that came late is kept by two people: then it is available. */
const keepLate = async (wish: Wish, paymentId: string): Promise<void> => {
  const { maker } = finance(wish);
  const late = await until('the late money on its desk', 30, async () => {
    const page = await maker.get('/admin/v1/differences?status=open&limit=100');
    return expecting(page, [200], list(Difference)).data.find(({ platform }) => platform?.id === paymentId);
  });
  const task = { kind: 'keep', difference_id: late.id };
  await approve(wish, expecting(await maker.post('/admin/v1/approvals', { task }), [200, 201], Approval).id);
};

const read = async ({ hands }: Wish, id: string) => expecting(await hands.app.get(`/v1/payouts/${id}`), [200], Payout);

const untilIs = (wish: Wish, id: string, status: string) =>
  until(`payout ${id} to be ${status}`, 60, async () => {
    const payout = await read(wish, id);
    return payout.status === status ? payout : undefined;
  });

/** Alipay's sandbox knows nobody whose number ends so. */
const nobody = '13800040004';

/** Whose transfer waits for what the sandbox is told of it. */
const slow = '13800010003';

/** What has ended is asked about once a day. */
const nextDay = async ({ hands }: Wish): Promise<void> => {
  await hands.sandbox.advance(26 * 3_600);
  await hands.readClock();
};

const paidOut = async (
  wish: Wish,
  lateBy: (wish: Wish) => Promise<string>,
  { account, status }: { account: string; status: string },
): Promise<Payout> => {
  const { hands, amount, notifyUrl, say } = wish;
  await keepLate(wish, await lateBy({ ...wish, amount: 2 * amount }));
  const asked = expecting(
    await hands.app.post('/v1/payouts', {
      merchant_id: hands.stage.merchant_id,
      merchant_payout_id: `trigger-${randomBytes(6).toString('hex')}`,
      amount,
      currency: 'CNY',
      payee: { kind: 'alipay_account', account, name: '某人' },
      ...(notifyUrl !== undefined && { notify_url: notifyUrl }),
    }),
    [201],
    Payout,
  );
  say(`asked for ${asked.id}: ${asked.status}`);
  const { data } = expecting(
    await finance(wish).checker.get('/admin/v1/approvals?status=pending&limit=100'),
    [200],
    list(Approval),
  );
  const waits = data.find(({ subject }) => subject.id === asked.id);
  if (waits) await approve(wish, waits.id);
  return untilIs(wish, asked.id, status);
};

/** `lateBy`: how money comes late by Alipay; answers its payment. */
export const payoutScenes = (lateBy: (wish: Wish) => Promise<string>) => ({
  'payout.succeeded': {
    what: 'available money is paid out to an account at Alipay, approved by a checker',
    play: async (wish: Wish) =>
      void (await paidOut(wish, lateBy, { account: 'someone@example.com', status: 'succeeded' })),
  },
  'payout.failed': {
    what: 'Alipay knows nobody by that account',
    play: async (wish: Wish) => void (await paidOut(wish, lateBy, { account: nobody, status: 'failed' })),
  },
  'payout.returned': {
    what: 'a payout arrives and comes back; moves the clock by a day',
    play: async (wish: Wish) => {
      const payout = await paidOut(wish, lateBy, { account: 'someone@example.com', status: 'succeeded' });
      await wish.hands.sandbox.touch(payout.channel_transfer_no, 'bounce');
      await nextDay(wish);
      await untilIs(wish, payout.id, 'returned');
    },
  },
  'payout.succeeded_late': {
    what: 'a payout fails at its payee, is given back, and is paid all the same; moves the clock by a day',
    play: async (wish: Wish) => {
      const { sandbox } = wish.hands;
      const waits = await paidOut(wish, lateBy, { account: slow, status: 'processing' });
      await sandbox.touch(waits.channel_transfer_no, 'fail');
      await untilIs(wish, waits.id, 'failed');
      await sandbox.touch(waits.channel_transfer_no, 'arrive');
      await nextDay(wish);
    },
  },
});
