import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';

import { profileId } from '#cashier/profile.ts';
import { openChannels, type OpenChannel } from '#channels/open.ts';
import { channelKind } from '#channels/registry.ts';
import { configurationStore, type ConfigurationStore } from '#configuration/store.ts';
import { committer, type Commit } from '#platform/commit.ts';
import type { Database } from '#platform/database.ts';
import { env } from '#platform/env.ts';
import { log } from '#platform/log.ts';
import { secretReader } from '#platform/secrets.ts';
import { sender } from '#platform/sender.ts';
import { healthReader, healthStore } from '#routing/store.ts';
import { walletsOf } from '#wallets/wire.ts';

import { scanLooksSeconds } from './in-store.ts';
import { quickLookSeconds } from './next-look.ts';
import type { Deps } from './place-payment.ts';
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

export const paymentDeps = (wired: Wired, urlAllowed: (url: string) => boolean): Deps => ({
  ...wired,
  find: wired.payments.find,
  merchant: wired.configuration.merchant,
  feePlan: wired.configuration.feePlan,
  routingRules: wired.configuration.routingRules,
  health: healthReader(healthStore(wired.db, env('BOOKS_TABLE')), now),
  profile: (appId, productCode) => wired.configuration.cashierProfile(profileId(appId, productCode)),
  markers: markerWrites(env('ORDERS_TABLE')),
  callbackUrl: (account) => callbackUrl(account),
  urlAllowed,
});
