import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import * as z from 'zod';

import { openChannels } from '#channels/open.ts';
import { channelKind, channelKinds } from '#channels/registry.ts';
import { configurationStore } from '#configuration/store.ts';
import { readFlow } from '#flow/read-flow.ts';
import { flowStore, readingOnce } from '#flow/store.ts';
import { database } from '#platform/database.ts';
import { env } from '#platform/env.ts';
import { secretReader } from '#platform/secrets.ts';
import { now, wire } from '#reconciliation/wire.ts';

import { fetchStatements } from './fetch-statements.ts';

const db = database();
const flow = flowStore(db, env('ORDERS_TABLE'), now);
const configuration = configurationStore(db, env('CONFIG_TABLE'), now);
const secretsOf = secretReader(new SecretsManagerClient(), env('CHANNEL_SECRETS'), now);
const deps = {
  ...wire(db),
  channelAccounts: configuration.channelAccounts,
  statementsOf: (channel: string) => channelKinds.get(channel)?.capabilities.statements ?? [],
  open: openChannels({
    account: configuration.channelAccount,
    channelKind,
    secretsOf: (id, { secrets }) => secretsOf(id, secrets),
    now,
  }),
  // The only batch that is opened here has ended before it began.
  start: () => Promise.reject(new Error('fetching starts no workflow')),
};

/** The schedule's own instant, never "now": a run that comes late is still the run of its time. */
const Run = z.object({ scheduled_at: z.iso.datetime() });

export const handler = (event: unknown) =>
  fetchStatements({ ...deps, readFlow: readFlow(readingOnce(flow)) }, new Date(Run.parse(event).scheduled_at));
