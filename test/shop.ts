import { ulid } from 'ulid';

import { approvalStore } from '#approvals/store.ts';
import type { Channel, ChannelKind, OrderToPlace, Outcome, RefundOutcome, RefundToPlace } from '#channels/channel.ts';
import type { OpenAccount } from '#channels/open.ts';
import { agreementStore } from '#agreements/store.ts';
import { flowStore } from '#flow/store.ts';
import { Failure } from '#kernel/failure.ts';
import { derivedId } from '#kernel/id.ts';
import { accountId, change, type Subject } from '#ledger/account.ts';
import { post } from '#ledger/post.ts';
import { ledgerStore } from '#ledger/store.ts';
import { applyOutcome } from '#payments/following/apply-outcome.ts';
import { journalsOf } from '#payments/journals.ts';
import type { PaymentToPlace } from '#payments/operations.ts';
import { channelOrderNo, type Payment } from '#payments/payment.ts';
import { placePayment, type Deps as PaymentDeps } from '#payments/placing/place-payment.ts';
import { markerWrites, paymentStore } from '#payments/store.ts';
import { committer } from '#platform/commit.ts';
import type { Database } from '#platform/database.ts';
import { journalsOf as refundJournalsOf, successJournal } from '#refunds/journals.ts';
import type { Approving } from '#refunds/making/approval.ts';
import { refundStore } from '#refunds/store.ts';
import type { Deps as RefundDeps } from '#refunds/making/send-refund.ts';
import { settlementStore } from '#settlement/store.ts';

import * as given from './given.ts';

/** On a busy machine a race may outlast its five seconds: then its refusal says to try again, and so does this. */
export const patiently = async <Result>(ask: () => Promise<Result>): Promise<Result> => {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof Failure && error.code === 'conflict')) throw error;
    }
  }
};

/** A channel in memory: it keeps one order for each number, as channels do, and answers what the test has it answer. */
export const paperChannel = (now: () => Date) => {
  const orders = new Map<string, { order: OrderToPlace; outcome: Outcome }>();
  const refunds = new Map<string, { refund: RefundToPlace; outcome: RefundOutcome }>();
  const says = {
    refund: (refund: RefundToPlace): RefundOutcome => ({
      kind: 'processing',
      channelRefundNo: refund.channelRefundNo,
      acceptedAt: now(),
    }),
  };
  const channel: Channel = {
    identity: given.identity,
    place: async (order) => {
      const known = orders.get(order.channelOrderNo);
      if (known && known.outcome.kind !== 'pending') return { kind: 'ask' };
      orders.set(order.channelOrderNo, { order, outcome: { kind: 'pending' } });
      return { kind: 'placed', action: { type: 'qr_code', content: `weixin://${order.channelOrderNo}` } };
    },
    query: async ({ channelOrderNo: no }) => orders.get(no)?.outcome ?? { kind: 'absent' },
    close: async ({ channelOrderNo: no }) => {
      const known = orders.get(no);
      if (!known) return { kind: 'absent' };
      if (known.outcome.kind === 'succeeded') return { kind: 'ask' };
      known.outcome = { kind: 'closed' };
      return { kind: 'closed' };
    },
    refund: async (refund) => {
      const known = refunds.get(refund.channelRefundNo);
      if (known) return known.outcome;
      const outcome = says.refund(refund);
      refunds.set(refund.channelRefundNo, { refund, outcome });
      return outcome;
    },
    queryRefund: async ({ channelRefundNo: no }) => refunds.get(no)?.outcome ?? { kind: 'absent' },
    fetchStatement: async () => ({ kind: 'not_yet' }),
    readCallback: ({ body }) => ({
      about: 'payment',
      channelOrderNo: String(body),
      outcome: orders.get(String(body))?.outcome ?? { kind: 'pending' },
    }),
  };
  return { channel, orders, refunds, says };
};

/** A merchant of its own over real stores: what a test does here touches no other test. */
export const shop = (db: Database, plan = given.feePlan()) => {
  const clock = { now: given.noon };
  const now = () => clock.now;
  const account = given.channelAccount({ id: derivedId('chn', ulid()) });
  const app = given.app({ id: derivedId('app', ulid()) });
  const merchant = given.merchant({
    id: derivedId('mch', ulid()),
    app_id: app.id,
    channel_account_ids: [account.id],
  });
  const paper = paperChannel(now);
  const kind: ChannelKind = {
    name: 'paper',
    capabilities: given.capabilities(),
    settings: undefined as never,
    secrets: undefined as never,
    open: () => paper.channel,
    acknowledge: (taken) => ({ status: taken ? 200 : 400, body: '' }),
  };
  const opened: OpenAccount = { account, kind, channel: paper.channel };
  const looks: string[] = [];
  const outages: string[] = [];
  const payments = paymentStore(db, 'orders', now);
  const refunds = refundStore(db, 'orders', now);
  const ledger = ledgerStore(db, 'books');
  const flow = flowStore(db, 'orders', now);
  const shared = {
    payments,
    refunds,
    ledger,
    settlements: settlementStore(db, 'books'),
    commit: committer(db),
    approvals: approvalStore(db, 'books'),
    payOut: async () => Promise.reject(new Error('nothing is paid out here')),
    app: async (id: string) => (id === app.id ? app : undefined),
    channelAccount: async (id: string) => (id === account.id ? account : undefined),
    refundApprovalAbove: async () => merchant.refund_approval_above,
    now,
    open: async () => opened,
    callbackUrl: () => 'https://pay.example/callbacks',
    payoutCallbackUrl: () => 'https://pay.example/callbacks/payouts',
    lookSoon: async (id: string) => void looks.push(id),
    noteOutage: (what: string) => void outages.push(what),
  };
  const deps: PaymentDeps & RefundDeps & Approving & typeof shared = {
    ...shared,
    markers: markerWrites('orders'),
    find: payments.find,
    merchant: async (id) => (id === merchant.id ? merchant : undefined),
    feePlan: async () => plan,
    profile: async () => undefined,
    routingRules: async () => undefined,
    health: async () => undefined,
    risk: given.noRisk,
    urlAllowed: () => true,
    agreement: (id) => agreementStore(db, 'orders', now).get(id),
  };
  const balance = async (subject: Subject, channelAccountId?: string) =>
    (await ledger.findAccount(accountId({ owner: merchant.id, subject, currency: 'CNY', channelAccountId })))
      ?.balance ?? 0n;
  const place = async (no: string, over: Partial<PaymentToPlace> = {}) =>
    (await placePayment(deps, app, given.placement({ merchant_id: merchant.id, merchant_order_id: no, ...over })))
      .payment;
  /** The payer pays the latest attempt; the callback's outcome comes through the one door. */
  const pay = async (payment: Payment, over: Parameters<typeof given.money>[0] = {}) => {
    const no = payment.attempts.length;
    const channelTradeNo = `T${channelOrderNo(payment, payment.attempts[no - 1]!)}`;
    const receipt = given.money({ amount: payment.amount, channelTradeNo, paidAt: clock.now, ...over });
    const known = paper.orders.get(channelOrderNo(payment, payment.attempts[no - 1]!));
    if (known) known.outcome = { kind: 'succeeded', receipt };
    return applyOutcome(deps, payment, { no, outcome: { kind: 'succeeded', receipt }, identity: given.identity });
  };
  return {
    clock,
    account,
    app,
    merchant,
    paper,
    looks,
    outages,
    deps,
    flow,
    balance,
    place,
    pay,
    /** Posts what the stream would: everything that brings or confirms money, of these. */
    fold: async (...ids: string[]) => {
      const journals = await Promise.all(
        ids.map(async (id) =>
          id.startsWith('pay_') ? journalsOf(await payments.get(id)) : successJournal(await refunds.get(id)),
        ),
      );
      return post(deps, journals.flat());
    },
    /** A paid payment whose money is in the books. */
    async paid(no: string, over: Partial<PaymentToPlace> = {}) {
      const payment = await pay(await place(no, over));
      await post(deps, journalsOf(payment));
      return payment;
    },
    /** What every balance must be: the fold of the journals of these payments and refunds, and of these beside. */
    async proved(ids: readonly string[], beside: Parameters<typeof post>[1] = []) {
      const journals = await Promise.all(
        ids.map(async (id) =>
          id.startsWith('pay_') ? journalsOf(await payments.get(id)) : refundJournalsOf(await refunds.get(id)),
        ),
      );
      const folded = new Map<string, bigint>();
      for (const journal of [...journals.flat(), ...beside]) {
        if (!(await ledger.findJournal(journal.id))) throw new Error(`${journal.cause} is not in the books`);
        for (const { subject, side, amount, channel_account_id: channelAccountId } of journal.legs) {
          const id = accountId({ owner: journal.owner, subject, currency: journal.currency, channelAccountId });
          folded.set(id, (folded.get(id) ?? 0n) + change(subject, side, amount));
        }
      }
      const accounts = await ledger.accountsOf(merchant.id);
      const kept = Object.fromEntries(accounts.map(({ id, balance: is }) => [id, is]));
      return { kept, folded: Object.fromEntries(folded) };
    },
  };
};
export type Shop = ReturnType<typeof shop>;
