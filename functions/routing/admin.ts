import * as z from 'zod';

import { profileId } from '#cashier/profile.ts';
import { channelKinds } from '#channels/registry.ts';
import { only } from '#configuration/permissions.ts';
import { configurationStore } from '#configuration/store.ts';
import { flowStore } from '#flow/store.ts';
import { database } from '#platform/database.ts';
import { env } from '#platform/env.ts';
import { api, ok, route } from '#platform/http.ts';
import { operatorWith, roles, type Operator } from '#platform/operator.ts';
import { shards } from '#platform/table.ts';

import { healthId, usualBreaker, wellnessOf } from './health.ts';
import { findHealth, HealthView, Simulation, simulateRoutes } from './operations.ts';
import { replayDay } from './replay-day.ts';
import { healthStore } from './store.ts';

const now = () => new Date();
const db = database();
const configuration = configurationStore(db, env('CONFIG_TABLE'), now);
const { find } = healthStore(db, env('BOOKS_TABLE'));
const flow = flowStore(db, env('ORDERS_TABLE'), now);

const deps = {
  merchantsOf: configuration.merchantsOf,
  account: configuration.channelAccount,
  channelKind: (name: string) => channelKinds.get(name),
  profile: (appId: string, productCode: string) => configuration.cashierProfile(profileId(appId, productCode)),
  health: (accountId: string) => find(healthId(accountId)),
  paidIn: (accountId: string, date: string, shard: string) => flow.paymentsIn(accountId, date, shard),
  payments: flow.payments,
  shards,
};

const healthOf = async ({
  id,
  breaker = usualBreaker,
}: Awaited<ReturnType<typeof configuration.channelAccounts>>[number]) => {
  const health = await deps.health(id);
  const { rate, latencyMs, ...wellness } = wellnessOf(health, breaker, now());
  return z.encode(HealthView, {
    ...wellness,
    channel_account_id: id,
    success_percent: rate,
    latency_ms: latencyMs,
    opened_at: health?.opened_at ?? null,
  });
};

export const handler = api(
  operatorWith(env('ROLES_CLAIM'), ...roles),
  only(
    'write',
    'routing_rules',
    route(simulateRoutes, async (_: Operator, asked) => {
      const { app_id, date, currency } = asked;
      const result = await replayDay(deps, asked);
      return ok(z.encode(Simulation, { app_id, date, currency, ...result, accounts: [...result.accounts] }));
    }),
  ),
  only(
    'read',
    'routing_rules',
    route(findHealth, async () => {
      const accounts = await configuration.channelAccounts();
      return ok({ data: await Promise.all(accounts.map(healthOf)), next_cursor: null });
    }),
  ),
);
