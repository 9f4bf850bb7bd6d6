import { randomInt } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { request as http } from 'node:http';
import { request as https } from 'node:https';

import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';

import { agreementStore } from '#agreements/store.ts';
import { profileId } from '#cashier/profile.ts';
import { cashierKey } from '#cashier/wire.ts';
import { openChannels, type OpenChannel } from '#channels/open.ts';
import { channelKind } from '#channels/registry.ts';
import { configurationStore, type ConfigurationStore } from '#configuration/store.ts';
import { asker } from '#notifications/endpoints/endpoint.ts';
import { tellOnce } from '#notifications/fleeting.ts';
import { publisher } from '#platform/bus.ts';
import { committer, type Commit } from '#platform/commit.ts';
import type { Database } from '#platform/database.ts';
import { env } from '#platform/env.ts';
import { log } from '#platform/log.ts';
import { secretReader } from '#platform/secrets.ts';
import { sender } from '#platform/sender.ts';
import { velocityStore } from '#risk/store.ts';
import { healthReader, healthStore } from '#routing/store.ts';
import { walletsOf } from '#wallets/wire.ts';

import { challengeEvent } from './events.ts';
import { scanLooksSeconds } from './in-store.ts';
import { quickLookSeconds } from './following/next-look.ts';
import type { Deps } from './placing/place-payment.ts';
import { markerWrites, paymentStore, type PaymentStore } from './store.ts';

export const now = () => new Date();

/** What the functions that act on payments and refunds share, made once for each environment. */
export interface Wired {
  readonly db: Database;
  readonly now: () => Date;
  readonly commit: Commit;
  readonly configuration: ConfigurationStore;
  readonly open: OpenChannel;
  readonly payments: PaymentStore;
  readonly lookSoon: (id: string, isScan?: boolean) => Promise<void>;
  readonly noteOutage: (what: string, error: unknown) => void;
}

/** Two delayed messages; when they cannot be sent, the due index has the thing within a minute all the same. */
const looksBy = (queueUrl: string) => {
  const send = sender(new SQSClient(), queueUrl);
  return async (id: string, isScan = false) => {
    const waits = isScan ? scanLooksSeconds : quickLookSeconds;
    await send(waits.map((delaySeconds) => ({ body: { id }, delaySeconds }))).catch((error: unknown) =>
      log.error('a look could not be queued', error, { id }),
    );
  };
};

export const wire = (db: Database): Wired => {
  const configuration = configurationStore(db, env('CONFIG_TABLE'), now);
  const secretsOf = secretReader(new SecretsManagerClient(), env('CHANNEL_SECRETS'), now);
  return {
    db,
    now,
    commit: committer(db),
    configuration,
    open: openChannels({
      account: configuration.channelAccount,
      channelKind,
      secretsOf: (id, { secrets }) => secretsOf(id, secrets),
      now,
      wallets: walletsOf(db, now),
    }),
    payments: paymentStore(db, env('ORDERS_TABLE'), now),
    lookSoon: looksBy(env('LOOKS_QUEUE')),
    noteOutage: (what, error) => log.error('channel outage', error, { what }),
  };
};

/** The address at which channels call us back about an account. */
export const callbackUrl = ({ channel, id }: { channel: string; id: string }, kind = '') =>
  `${env('PUBLIC_URL')}/callbacks/${channel}/${id}${kind}`;

/** What takes in and looks after payments. */
export const paymentDeps = (wired: Wired) => ({
  ...wired,
  find: wired.payments.find,
  markers: markerWrites(env('ORDERS_TABLE')),
});

/** Risk is judged where payments are placed: with counters, an engine's answer, and codes that are told to nobody else. */
const riskDeps = ({ db, configuration }: Wired): Deps['risk'] => {
  const network = { lookup: (hostname: string) => lookup(hostname, { all: true }), https, http };
  const telling = {
    publish: publisher(new EventBridgeClient(), env('BUS')),
    app: configuration.app,
    send: sender(new SQSClient(), env('NOTICES_QUEUE')),
  };
  return {
    rules: configuration.riskRules,
    velocity: velocityStore(db, env('BOOKS_TABLE')),
    ask: asker(network, { loopbackAllowed: env('LOOPBACK_ALLOWED') === 'yes' }),
    key: cashierKey(now),
    newCode: () => String(randomInt(1_000_000)).padStart(6, '0'),
    tellCode: async (payment, code) => {
      const { id, challenge } = payment;
      if (!challenge) return;
      await tellOnce(telling, challengeEvent(payment, challenge, code), challenge.expires_at).catch((error: unknown) =>
        log.error('a code could not be told: the payer can ask for another', error, { payment_id: id }),
      );
    },
  };
};

/** What begins payments, for apps and for payers. */
export const placingDeps = (wired: Wired, urlAllowed: (url: string) => boolean): Deps => ({
  ...paymentDeps(wired),
  merchant: wired.configuration.merchant,
  feePlan: wired.configuration.feePlan,
  routingRules: wired.configuration.routingRules,
  health: healthReader(healthStore(wired.db, env('BOOKS_TABLE')), now),
  profile: (appId, productCode) => wired.configuration.cashierProfile(profileId(appId, productCode)),
  callbackUrl,
  agreement: (id) => agreementStore(wired.db, env('ORDERS_TABLE'), now).get(id),
  urlAllowed,
  risk: riskDeps(wired),
});
