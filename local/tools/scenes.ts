import { randomBytes } from 'node:crypto';

import * as z from 'zod';

import { nextInShanghai, shanghaiDate } from '../demo/clock.ts';
import { Stopped, until } from '../demo/wait.ts';
import { Batch, list, Payment, Refund } from '../demo/wire/answers.ts';
import { expecting } from '../demo/wire/http.ts';
import { uploadStatement } from '../demo/wire/statements.ts';
import type { Fault } from '../demo/wire/sandbox.ts';
import { agreementScenes } from './agreement-scenes.ts';
import { payoutScenes } from './payout-scenes.ts';
import { payReleased } from './settlement-scene.ts';
import type { Hands } from './stage.ts';

/** What each scene is asked with. */
export interface Wish {
  readonly hands: Hands;
  readonly amount: number;
  readonly notifyUrl: string | undefined;
  readonly say: (line: string) => void;
}

const place = async ({ hands, amount, notifyUrl, say }: Wish, over: object = {}): Promise<Payment> => {
  const answer = await hands.app.post('/v1/payments', {
    merchant_id: hands.stage.merchant_id,
    merchant_order_id: `trigger-${randomBytes(6).toString('hex')}`,
    amount,
    currency: 'CNY',
    subject: 'Triggered',
    method: 'wechat_native',
    ...(notifyUrl !== undefined && { notify_url: notifyUrl }),
    ...over,
  });
  const payment = expecting(answer, [201], Payment);
  say(`placed ${payment.id}`);
  return payment;
};

const read = async ({ hands }: Wish, id: string) =>
  expecting(await hands.app.get(`/v1/payments/${id}`), [200], Payment);

const untilIs = (wish: Wish, id: string, status: string) =>
  until(`payment ${id} to be ${status}`, 60, async () => {
    const payment = await read(wish, id);
    return payment.status === status ? payment : undefined;
  });

const orderNo = ({ attempts }: Payment) => attempts.at(-1)?.channel_order_no ?? '';

const paid = async (wish: Wish, over: object = {}): Promise<Payment> => {
  const payment = await place(wish, over);
  await wish.hands.sandbox.pay(orderNo(payment));
  return untilIs(wish, payment.id, 'paid');
};

const refunded = async (wish: Wish, status: string): Promise<void> => {
  const payment = await paid(wish);
  if (status === 'failed') await wish.hands.sandbox.arm('refund_fails');
  const asked = { payment_id: payment.id, merchant_refund_id: `trigger-${randomBytes(6).toString('hex')}` };
  const refund = expecting(
    await wish.hands.app.post('/v1/refunds', { ...asked, amount: wish.amount, reason: 'triggered' }),
    [201],
    Refund,
  );
  wish.say(`refunding ${refund.id}`);
  await until(`refund ${refund.id} to be ${status}`, 60, async () => {
    const now = expecting(await wish.hands.app.get(`/v1/refunds/${refund.id}`), [200], Refund);
    return now.status === status ? now : undefined;
  });
};

const batchOf = async (wish: Wish, bytes: Buffer, status: string): Promise<void> => {
  const { hands, say } = wish;
  const date = shanghaiDate(hands.now());
  const sha = await uploadStatement(hands.stage, { date, name: `trigger-${Date.now()}.csv`, bytes });
  const query = `channel_account_id=${hands.stage.channel_accounts.wechat}&bill_date=${date}&kind=trade&limit=100`;
  const batch = await until(`the batch of ${date} to be ${status}`, 60, async () => {
    const page = expecting(await hands.operator.get(`/admin/v1/reconciliation/batches?${query}`), [200], list(Batch));
    return page.data.find((found) => found.object_sha256 === sha && found.status === status);
  });
  say(
    `batch ${batch.id}: ${batch.status}${batch.verdict ? `, ${batch.verdict}` : ''}${batch.error ? `: line ${batch.error.line}, ${batch.error.reason}` : ''}`,
  );
};

/** Money reaches a merchant a day later: the platform's clock is moved there. */
const settled = async (wish: Wish): Promise<readonly unknown[]> => {
  const { hands, say } = wish;
  await paid(wish);
  for (const time of ['00:01', '10:31', '14:01']) {
    const to = nextInShanghai(hands.now(), time);
    say(`the platform's clock is moved to ${to.toISOString()}`);
    await hands.sandbox.advance(Math.ceil((to.getTime() - hands.now().getTime()) / 1_000));
    await hands.readClock();
  }
  const { data } = JSON.parse((await hands.app.get('/v1/settlements')).text);
  if (!Array.isArray(data) || data.length === 0)
    throw new Stopped('nothing was settled: is a day before it not reconciled?');
  say(`settled: ${data.length} settlements in all`);
  return data;
};

const Rules = z.looseObject({
  id: z.string(),
  app_id: z.string().optional(),
  version: z.int(),
  rules: z.array(z.unknown()),
});

/** A rule that asks for a code for this very amount; the rules that stood before stand again afterwards. */
const challenged = async (wish: Wish): Promise<void> => {
  const { hands, amount, say } = wish;
  const path = '/admin/v1/risk-rules';
  const standing = async () =>
    expecting(await hands.operator.get(`${path}?limit=100`), [200], list(Rules)).data.find(
      ({ app_id }) => app_id === hands.stage.app.id,
    );
  const when = { currency: 'CNY', amount_min: amount, amount_max: amount };
  const rules = [{ id: 'triggered', when, verdict: 'challenge' }];
  const before = await standing();
  if (before) await hands.put(`${path}/${before.id}`, { ...before, id: undefined, rules });
  else
    expecting(await hands.operator.post(path, { name: 'Triggered', app_id: hands.stage.app.id, rules }), [201], Rules);
  say('a rule asks for a code; the clock is moved by half a minute, after which it acts');
  await hands.sandbox.advance(31);
  await hands.readClock();
  const payment = await place(wish);
  if (payment.status !== 'challenged') throw new Stopped(`${payment.id} is ${payment.status}`);
  const now = await standing();
  if (now) await hands.put(`${path}/${now.id}`, { ...now, id: undefined, rules: before?.rules ?? [] });
  await hands.sandbox.advance(31);
  await hands.readClock();
};

const lateByAlipay = async (wish: Wish): Promise<string> => {
  const payment = await place(wish, { method: 'alipay_qr' });
  await wish.hands.sandbox.arm('paid_after_close', 'alipay');
  await wish.hands.app.post(`/v1/payments/${payment.id}/close`, {});
  await wish.hands.sandbox.tryPaying(orderNo(payment), 'alipay');
  return (await untilIs(wish, payment.id, 'paid_late')).id;
};

/** How each event comes about, for real: an app asks, a payer pays, a channel confirms. One entry for each event type. */
export const scenes: Readonly<Record<string, { readonly what: string; readonly play: (wish: Wish) => Promise<void> }>> =
  {
    'payment.paid': { what: 'a payer pays', play: async (wish) => void (await paid(wish)) },
    'payment.closed': {
      what: 'the app closes what nobody has paid',
      play: async (wish) => {
        const payment = await place(wish);
        await wish.hands.app.post(`/v1/payments/${payment.id}/close`, {});
        await untilIs(wish, payment.id, 'closed');
      },
    },
    'payment.challenge_required': {
      what: 'a risk rule asks for a code; moves the clock by a minute',
      play: challenged,
    },
    'payment.paid_late': {
      what: 'the channel confirms that it is closed, and takes the money all the same',
      play: async (wish) => {
        const payment = await place(wish);
        await wish.hands.sandbox.arm('paid_after_close');
        await wish.hands.app.post(`/v1/payments/${payment.id}/close`, {});
        await untilIs(wish, payment.id, 'paid_late');
      },
    },
    'payment.duplicate': {
      what: 'a payer pays the order of the method that was given up, and the other one too',
      play: async (wish) => {
        const payment = await place(wish);
        await wish.hands.sandbox.arm('paid_after_close');
        const answer = await wish.hands.app.post(`/v1/payments/${payment.id}/attempts`, {
          method: 'wechat_h5',
          payer: { ip: '203.0.113.7' },
        });
        await wish.hands.sandbox.tryPaying(orderNo(expecting(answer, [200, 201], Payment)));
        await until(`payment ${payment.id} to be paid twice`, 60, async () => {
          const { attempts } = await read(wish, payment.id);
          return attempts.filter(({ status }) => status === 'succeeded').length > 1 || undefined;
        });
      },
    },
    'refund.succeeded': { what: 'a paid payment goes back whole', play: (wish) => refunded(wish, 'succeeded') },
    'refund.failed': {
      what: 'the channel accepts a refund and cannot make it',
      play: (wish) => refunded(wish, 'failed'),
    },
    ...payoutScenes(lateByAlipay),
    ...agreementScenes,
    'settlement.released': {
      what: 'a day is reconciled and released to the merchant; moves the clock',
      play: async (wish) => void (await settled(wish)),
    },
    'settlement.paid': {
      what: 'what was released is paid to the merchant’s filed account, approved by a checker; moves the clock',
      play: (wish) => payReleased(wish, settled),
    },
    'reconciliation.completed': {
      what: 'the bill of the running day is uploaded and matched',
      play: async (wish) => {
        await paid(wish);
        await batchOf(wish, await wish.hands.sandbox.bill(shanghaiDate(wish.hands.now())), 'completed');
      },
    },
    'reconciliation.abnormal': {
      what: 'a file that is no bill is uploaded',
      play: (wish) => batchOf(wish, Buffer.from(`this is no bill ${Date.now()}\n`), 'abnormal'),
    },
  };

export const faults: readonly Fault[] = ['lose_callback', 'duplicate_callback'];
