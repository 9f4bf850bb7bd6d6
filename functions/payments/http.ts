import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import * as z from 'zod';

import { signAndPay } from '#agreements/sign-and-pay.ts';
import { agreementStore } from '#agreements/store.ts';
import { CashierView, showCashier } from '#cashier/operations.ts';
import { cashierOf } from '#cashier/show-cashier.ts';
import { cashierLink } from '#cashier/wire.ts';
import { tail } from '#kernel/id.ts';
import { ledgerStore } from '#ledger/store.ts';
import { appCaller } from '#merchants/wire.ts';
import { urlAllowed } from '#notifications/endpoints/url.ts';
import { database } from '#platform/database.ts';
import { env } from '#platform/env.ts';
import { accepted, api, created, ok, route } from '#platform/http.ts';
import { cancelPayment } from '#refunds/making/cancel-payment.ts';
import { refundDeps } from '#refunds/wire.ts';

import { addAttempt, paymentOf } from './placing/add-attempt.ts';
import { answerChallenge, sendCodeAgain } from './placing/answer-challenge.ts';
import { closePayment } from './following/close-payment.ts';
import * as operations from './operations.ts';
import { paymentId, statusOf, type Payment } from './payment.ts';
import { placePayment } from './placing/place-payment.ts';
import { placeRecharge } from './placing/place-recharge.ts';
import { rechargeView } from './recharge.ts';
import { paymentsOfStore } from './store.ts';
import { paymentView } from './view.ts';
import { placingDeps, wire } from './wire.ts';

const db = database();
const wired = wire(db);
const findAccount = ledgerStore(db, env('BOOKS_TABLE')).findAccount;
const loopbackAllowed = env('LOOPBACK_ALLOWED') === 'yes';
const deps = placingDeps(wired, (url) => urlAllowed(url, { loopbackAllowed }));
const agreements = agreementStore(db, env('ORDERS_TABLE'), wired.now);
const refunds = refundDeps(wired, db);
const inStore = paymentsOfStore(db, env('BOOKS_TABLE'), wired.payments);
const linkOf = cashierLink(wired.now);
const shown = async (payment: Payment) => paymentView(payment, await linkOf(payment));

export const handler = api(
  appCaller(wired, new SecretsManagerClient()),
  route(operations.placePayment, async (app, input) => {
    const { agreement, ...order } = input;
    const { payment, isNew } = agreement
      ? await signAndPay({ ...deps, agreements }, app, order, agreement)
      : await placePayment(deps, app, order);
    return isNew ? created(await shown(payment)) : ok(await shown(payment));
  }),
  route(operations.placeRecharge, async (app, input) => {
    const { payment, isNew } = await placeRecharge({ ...deps, findAccount }, app, input);
    const shownRecharge = rechargeView(payment, await linkOf(payment));
    return isNew ? created(shownRecharge) : ok(shownRecharge);
  }),
  route(operations.getRecharge, async (app, { id }) => {
    const payment = await paymentOf(deps, app, `pay_${tail(id)}`);
    return ok(rechargeView(payment, await linkOf(payment)));
  }),
  route(operations.getPayment, async (app, { id }) => ok(await shown(await paymentOf(deps, app, id)))),
  route(operations.findPayments, async (app, { merchant_order_id, store_id, store_code_id, limit, cursor }) => {
    if (merchant_order_id === undefined) {
      const by = store_id === undefined ? 'store_code_id' : 'store_id';
      const { payments, next } = await inStore(app.id, { by, id: store_id ?? store_code_id ?? '', limit, cursor });
      return ok({ data: await Promise.all(payments.map(shown)), next_cursor: next });
    }
    const payment = await deps.find(paymentId(app.id, merchant_order_id));
    return ok({ data: payment ? [await shown(payment)] : [], next_cursor: null });
  }),
  route(operations.addAttempt, async (app, input) => {
    const { payment, isNew } = await addAttempt(deps, app, input);
    return isNew ? created(await shown(payment)) : ok(await shown(payment));
  }),
  route(operations.cancelPayment, async (app, { id }) => {
    const { payment, isDone } = await cancelPayment({ payments: deps, refunds }, app, id);
    return isDone ? ok(await shown(payment)) : accepted(await shown(payment));
  }),
  route(showCashier, async (app, asked) => ok(z.encode(CashierView, await cashierOf(deps, app, asked)))),
  route(operations.answerChallenge, async (app, { id, ...said }) =>
    ok(
      await shown(
        'answer' in said
          ? await answerChallenge(deps, app, { id, answer: said.answer })
          : await sendCodeAgain(deps, app, id),
      ),
    ),
  ),
  route(operations.closePayment, async (app, { id }) => {
    const payment = await closePayment(deps, app, id);
    return statusOf(payment) === 'closed' ? ok(await shown(payment)) : accepted(await shown(payment));
  }),
);
