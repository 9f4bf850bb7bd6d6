import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';

import { appCaller } from '#merchants/wire.ts';
import { urlAllowed } from '#notifications/endpoints/url.ts';
import { paymentView } from '#payments/view.ts';
import { placingDeps, wire } from '#payments/wire.ts';
import { database } from '#platform/database.ts';
import { env } from '#platform/env.ts';
import { accepted, api, created, ok, route } from '#platform/http.ts';

import { agreementId } from './agreement.ts';
import { deduct } from './deduct.ts';
import * as operations from './operations.ts';
import { signAgreement } from './sign-agreement.ts';
import { agreementOf, terminateAgreement } from './terminate-agreement.ts';
import { agreementView } from './view.ts';
import { agreementDeps } from './wire.ts';

const wired = wire(database());
const loopbackAllowed = env('LOOPBACK_ALLOWED') === 'yes';
const deps = { ...placingDeps(wired, (url) => urlAllowed(url, { loopbackAllowed })), ...agreementDeps(wired) };

export const handler = api(
  appCaller(wired, new SecretsManagerClient()),
  route(operations.signAgreement, async (app, input) => {
    const { agreement, isNew } = await signAgreement(deps, app, input);
    return isNew ? created(agreementView(agreement)) : ok(agreementView(agreement));
  }),
  route(operations.findAgreements, async (app, { merchant_agreement_id }) => {
    const agreement = await deps.agreements.find(agreementId(app.id, merchant_agreement_id));
    return ok({ data: agreement ? [agreementView(agreement)] : [], next_cursor: null });
  }),
  route(operations.getAgreement, async (app, { id }) => ok(agreementView(await agreementOf(deps, app, id)))),
  route(operations.terminateAgreement, async (app, { id }) => {
    const agreement = await terminateAgreement(deps, app, id);
    return agreement.status === 'terminating' ? accepted(agreementView(agreement)) : ok(agreementView(agreement));
  }),
  route(operations.deduct, async (app, input) => {
    const { payment, isNew } = await deduct(deps, app, input);
    return isNew ? created(paymentView(payment)) : ok(paymentView(payment));
  }),
);
