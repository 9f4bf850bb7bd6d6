import { sum } from '../books/arithmetic.ts';
import { expectedOf, trialOf, type Expected } from '../books/expected.ts';
import { each } from '../wait.ts';
import { Account, list, Refund, TrialBalance, type Payment } from '../wire/answers.ts';
import { expecting } from '../wire/http.ts';
import type { World } from '../world.ts';
import { paymentNow } from './orders.ts';

const AT_ONCE = 8;

const comparePayments = async (world: World, expected: Expected): Promise<void> => {
  const payments = await each([...world.placed.values()], AT_ONCE, (payment) => paymentNow(world, payment));
  const of = (status: string): readonly Payment[] => payments.filter((payment) => payment.status === status);
  const [paid, late] = [of('paid'), of('paid_late')];
  const figure = world.figures.section('payments');
  figure('paid, count', expected.paid.count, paid.length);
  figure('paid, amount', expected.paid.amount, sum(paid.map(({ amount }) => amount)));
  figure('fees on payments', expected.fees, sum(paid.map(({ fee }) => fee ?? 0n)));
  figure('paid late, count', expected.late.count, late.length);
  figure('paid late, amount', expected.late.amount, sum(late.map(({ amount }) => amount)));
  figure('closed unpaid, count', expected.closed, of('closed').length);
  figure('refunded, as payments say', expected.refunds.amount, sum(payments.map((one) => one.amount_refunded)));
};

const compareRefunds = async ({ app, refunds, figures }: World, expected: Expected): Promise<void> => {
  const all = await each(refunds, AT_ONCE, async (id) => expecting(await app.get(`/v1/refunds/${id}`), [200], Refund));
  const succeeded = all.filter(({ status }) => status === 'succeeded');
  const figure = figures.section('refunds');
  figure('refunds, count', expected.refunds.count, succeeded.length);
  figure('refunds, amount', expected.refunds.amount, sum(succeeded.map(({ amount }) => amount)));
  figure('fees returned', expected.feesReturned, sum(succeeded.map((refund) => refund.fee_returned)));
};

/** Each event counts once, by its webhook-id; what never should be told is counted too. */
const compareWebhooks = ({ receiver, figures, placed, notebook }: World, expected: Expected): void => {
  const events = receiver.events();
  const figure = figures.section('webhooks, each event once by its webhook-id');
  for (const [type, count] of Object.entries(expected.events)) {
    figure(type, count, events.filter((event) => event.type === type).length);
  }
  figure('webhooks of any other type', 0, events.filter(({ type }) => !Object.hasOwn(expected.events, type)).length);
  figure('webhooks without a valid signature', 0, receiver.notBelieved().length);
  const late = notebook.orders().flatMap(({ number, fate }) => (fate === 'late' ? (placed.get(number)?.id ?? []) : []));
  const toldPaid = events.filter(({ type }) => type === 'payment.paid');
  figure('late money told as paid', 0, toldPaid.filter(({ about }) => late.includes(about)).length);
  figure('amount told as paid', expected.paid.amount, sum(toldPaid.map(({ amount }) => amount)));
};

/** How a reader calls the accounts. */
const namesOf: Readonly<Record<keyof Expected['balances'], string>> = {
  channel_clearing: 'channel clearing',
  channel_cost: 'channel cost',
  fee_income: 'fee income',
  merchant_pending: 'merchant pending',
  merchant_available: 'merchant available',
  merchant_held: 'merchant held',
  suspense: 'late money in suspense',
};

const subjects = [
  'channel_clearing',
  'channel_cost',
  'fee_income',
  'merchant_pending',
  'merchant_available',
  'merchant_held',
  'suspense',
] as const satisfies (keyof Expected['balances'])[];

const compareBalances = async ({ app, admin, stage, figures }: World, expected: Expected): Promise<void> => {
  const accounts = expecting(await app.get(`/v1/accounts?owner=${stage.merchant_id}`), [200], list(Account)).data;
  const trial = expecting(await admin.get('/admin/v1/ledger/trial-balance'), [200], TrialBalance);
  const balances = figures.section('balances of the merchant');
  const ledger = figures.section('trial balance of the whole ledger');
  for (const subject of subjects) {
    const ofIt = accounts.filter((account) => account.subject === subject).map(({ balance }) => balance);
    balances(namesOf[subject], expected.balances[subject], sum(ofIt));
  }
  const { debit, credit } = trialOf(expected);
  ledger('trial balance, debit', debit, trial.debit);
  ledger('trial balance, credit', credit, trial.credit);
  ledger('trial balance, difference', 0n, trial.difference);
};

/** Asks for everything once more and lays it beside what our own list comes to. */
export const closeBooks = async (world: World): Promise<void> => {
  const expected = expectedOf(world.notebook.orders());
  await comparePayments(world, expected);
  await compareRefunds(world, expected);
  compareWebhooks(world, expected);
  await compareBalances(world, expected);
  const left = (await world.sandbox.armed()).join(', ');
  world.figures.section('bad luck')('faults that did not happen', 'none', left === '' ? 'none' : left);
};
