import { chargeOn, sharesReturned, sum, yuan } from '../books/arithmetic.ts';
import { terms, walletCast } from '../terms.ts';
import { seek, until } from '../wait.ts';
import { Account, list, Payment, Recharge, Transfer, TrialBalance } from '../wire/answers.ts';
import { expecting, problemOf, shown } from '../wire/http.ts';
import { scene, type World } from '../world.ts';
import { bodyOf, numberOf, paymentNow, told, type NewOrder } from './orders.ts';
import { refunded } from './regret.ts';

const { recharge, alone, composite, given } = walletCast;
/** What was charged goes back first, and only the rest to the balance. */
const toBalance = composite.refund - composite.charged;

const openAccount = async ({ app }: World, user: string): Promise<Account> =>
  expecting(
    await app.post('/v1/accounts', { user, subject: 'user_balance', currency: terms.currency }),
    [200],
    Account,
  );

const accountsOf = async ({ app }: World, owner: string): Promise<readonly Account[]> =>
  expecting(await app.get(`/v1/accounts?owner=${encodeURIComponent(owner)}&limit=100`), [200], list(Account)).data;

const balanceOf = (accounts: readonly Account[], subject: string): bigint =>
  sum(accounts.filter((account) => account.subject === subject).map(({ balance }) => balance));

/** Like any order, with what makes it one of a balance. */
const ask = (world: World, order: NewOrder, over: object) =>
  world.app.post('/v1/payments', { ...bodyOf(world, order), ...over });

const untilPaid = async (world: World, payment: Payment): Promise<Payment> => {
  await told(world, 'payment.paid', [payment.id]);
  return paymentNow(world, payment);
};

/** The order number of what a payer still has to pay. */
const askedOf = ({ attempts }: Payment): string => attempts.at(-1)?.channel_order_no ?? '';

/** 充值: a payment whose money is the user's, not the merchant's. */
const chargeAccount = async (world: World, account: Account): Promise<void> => {
  const { app, sandbox, say } = world;
  const {
    merchant_order_id: number,
    subject: _,
    ...body
  } = bodyOf(world, {
    name: 'recharge',
    amount: recharge,
    subject: '',
  });
  const asked = expecting(
    await app.post('/v1/recharges', { ...body, merchant_recharge_id: number, account: account.id }),
    [201],
    Recharge,
  );
  await sandbox.pay(askedOf(asked.payment));
  const { status } = await until(`recharge ${asked.id}`, 20, async () => {
    const now = expecting(await app.get(`/v1/recharges/${asked.id}`), [200], Recharge);
    return now.status === 'succeeded' ? now : undefined;
  });
  await until('the recharge in the account', 20, async () =>
    balanceOf(await accountsOf(world, account.owner), 'user_balance') === recharge ? true : undefined,
  );
  say(
    `  A user recharges ${yuan(recharge)} by WeChat: ${status}. The money is owed to the user; the merchant has no part in it.`,
  );
};

/** More than there is is refused by the ledger itself, in the transaction that would take it. */
const payTooMuch = async (world: World, account: Account): Promise<void> => {
  const { say, figures } = world;
  const order = { name: 'too-much', amount: recharge + 1n, subject: 'A tea ceremony' };
  const payment = expecting(
    await ask(world, order, { method: 'balance', payer: { account: account.id } }),
    [201],
    Payment,
  );
  say(
    `  ${yuan(order.amount)} from a balance of ${yuan(recharge)}: ${payment.attempts[0]?.status}; nothing was taken.`,
  );
  figuresOf(figures)('more than the balance has', 'failed', payment.attempts[0]?.status);
};

const payAlone = async (world: World, account: Account): Promise<void> => {
  const order = { name: 'by-balance', amount: alone, subject: 'A tea tray' };
  const payment = expecting(
    await ask(world, order, { method: 'balance', payer: { account: account.id } }),
    [201],
    Payment,
  );
  const { status } = await untilPaid(world, payment);
  world.say(`  ${yuan(alone)} is paid with the balance alone: ${status}.`);
};

/** 组合支付: a part is held first, the rest is charged by WeChat, and only then is what was held taken. */
const payComposite = async (world: World, account: Account): Promise<Payment> => {
  const { say, sandbox, figures } = world;
  const order = { name: 'composite', amount: composite.held + composite.charged, subject: 'A tea cart' };
  const prepaid = { method: 'balance', account: account.id, amount: Number(composite.held) };
  const payment = expecting(await ask(world, order, { prepaid }), [201], Payment);
  const heldNow = balanceOf(await accountsOf(world, account.owner), 'wallet_held');
  figuresOf(figures)('held while the rest is not paid', composite.held, heldNow);
  await sandbox.pay(askedOf(payment));
  const paid = await untilPaid(world, payment);
  say(
    `  ${yuan(order.amount)} is paid in two parts: ${yuan(heldNow)} held on the balance, ${yuan(composite.charged)} charged by WeChat, then what was held is taken: ${paid.status}.`,
  );
  return paid;
};

const giveAway = async (world: World, from: Account, to: Account): Promise<void> => {
  const { app, say, figures } = world;
  const asked = {
    merchant_transfer_id: numberOf(world, 'given'),
    from: from.id,
    to: to.id,
    amount: Number(given),
    currency: terms.currency,
  };
  const { id } = expecting(await app.post('/v1/transfers', asked), [201], Transfer);
  const again = expecting(await app.post('/v1/transfers', asked), [200], Transfer);
  const other = await app.post('/v1/transfers', { ...asked, amount: Number(given) + 1 });
  say(
    `  ${yuan(given)} are given to another user; asked again it is the same transfer; with one fen more → ${shown(other)}`,
  );
  const figure = figuresOf(figures);
  figure('the same transfer again', id, again.id);
  figure('its number with another amount', 'idempotency_conflict', problemOf(other).code);
};

const figuresOf = (figures: World['figures']) =>
  figures.section('a user with a balance, and what it changed for the merchant');

/** What the user's doings come to for everybody, by our own arithmetic. */
const expected = () => {
  const whole = composite.held + composite.charged;
  const feeOfParts = chargeOn(composite.held, terms.feePpm) + chargeOn(composite.charged, terms.feePpm);
  const [feeBack = 0n] = sharesReturned(feeOfParts, whole, [composite.refund]);
  const fees = chargeOn(alone, terms.feePpm) + feeOfParts - feeBack;
  return {
    user: recharge - alone - composite.held + toBalance - given,
    pending: alone + whole - composite.refund - fees,
    fees,
  };
};

const compare = async (world: World, before: readonly Account[], [user, other]: readonly Account[]): Promise<void> => {
  const { stage, admin, figures } = world;
  const owed = expected();
  const changed = async (subject: string) =>
    balanceOf(await accountsOf(world, stage.merchant_id), subject) - balanceOf(before, subject);
  // Journals of receipts follow within moments: whatever the fee is, all of it is the merchant's or the platform's then.
  const folded = async () => (await changed('merchant_pending')) + (await changed('fee_income'));
  await seek(20, async () => ((await folded()) === owed.pending + owed.fees ? true : undefined));
  const [ofUser, ofOther] = await Promise.all([user, other].map((one) => accountsOf(world, one?.owner ?? '')));
  const figure = figuresOf(figures);
  figure('balance of the user', owed.user, balanceOf(ofUser ?? [], 'user_balance'));
  figure('still held of it', 0n, balanceOf(ofUser ?? [], 'wallet_held'));
  figure('balance of the other user', given, balanceOf(ofOther ?? [], 'user_balance'));
  figure('merchant pending, more by', owed.pending, await changed('merchant_pending'));
  figure('fee income, more by', owed.fees, await changed('fee_income'));
  // What WeChat kept of the part that it charged came back with it.
  figure('channel cost, more by', 0n, await changed('channel_cost'));
  const trial = expecting(await admin.get('/admin/v1/ledger/trial-balance'), [200], TrialBalance);
  figure('trial balance, difference at the end', 0n, trial.difference);
};

/** Balances are money too: recharged, held, taken, given back and given away, and never below zero. */
export const useBalance = async (world: World): Promise<void> => {
  const { say, stage } = world;
  scene(world, 'a user with a balance');
  const before = await accountsOf(world, stage.merchant_id);
  const [user, other] = [await openAccount(world, 'tea-lover'), await openAccount(world, 'friend')];
  await chargeAccount(world, user);
  await payTooMuch(world, user);
  await payAlone(world, user);
  const paid = await payComposite(world, user);
  const done = await refunded(world, paid, 'composite-part', composite.refund);
  say(
    `  ${yuan(done.amount)} of it goes back: ${yuan(composite.charged)} by WeChat, then ${yuan(toBalance)} to the balance.`,
  );
  await giveAway(world, user, other);
  await compare(world, before, [user, other]);
};
