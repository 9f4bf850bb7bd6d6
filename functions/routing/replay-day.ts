import { versionAt, type CashierProfile } from '#cashier/profile.ts';
import type { ChannelAccount } from '#channels/account.ts';
import type { ChannelKind } from '#channels/channel.ts';
import { Failure } from '#kernel/failure.ts';
import type { Merchant } from '#merchants/merchant.ts';
import { isWinner } from '#payments/attempt.ts';
import type { Payment } from '#payments/payment.ts';

import type { Candidate } from './candidate.ts';
import { successOn, type Health } from './health.ts';
import type { RoutingRules } from './rules.ts';
import { simulated, type Played, type Simulated } from './simulate.ts';

interface Deps {
  readonly merchantsOf: (appId: string) => Promise<Merchant[]>;
  readonly account: (id: string) => Promise<ChannelAccount | undefined>;
  readonly channelKind: (name: string) => ChannelKind | undefined;
  readonly profile: (appId: string, productCode: string) => Promise<CashierProfile | undefined>;
  readonly health: (accountId: string) => Promise<Health | undefined>;
  /** The payments that one shard of an account and day shows. */
  readonly paidIn: (accountId: string, date: string, shard: string) => Promise<string[]>;
  readonly payments: (ids: readonly string[]) => Promise<Payment[]>;
  readonly shards: readonly string[];
}

interface Asked {
  readonly app_id: string;
  readonly date: string;
  readonly currency: string;
  readonly rules: RoutingRules['rules'];
}

/** What one answer has time and room for. */
const paymentsAtMost = 5_000;

/** At most so many, evenly from all of them. */
const sampleOf = (ids: readonly string[], atMost: number): readonly string[] =>
  ids.length <= atMost
    ? ids
    : ids.filter((_, at) => Math.floor((at * atMost) / ids.length) !== Math.floor(((at - 1) * atMost) / ids.length));

/** Shard by shard, each of them a fair share of the day; so what is read is a fair sample when there is too much. */
const readDay = async (deps: Deps, accountIds: readonly string[], { app_id, date, currency }: Asked) => {
  const found = new Map<string, Payment>();
  let isWhole = true;
  for (const shard of deps.shards) {
    const pages = await Promise.all(accountIds.map((id) => deps.paidIn(id, date, shard)));
    const ids = sampleOf([...new Set(pages.flat())], paymentsAtMost - found.size);
    isWhole &&= ids.length === new Set(pages.flat()).size;
    for (const payment of await deps.payments(ids)) found.set(payment.id, payment);
    if (!isWhole) break;
  }
  const payments = [...found.values()].filter((each) => each.app_id === app_id && each.currency === currency);
  return { payments, isWhole };
};

const candidatesFor = async (deps: Deps, merchants: readonly Merchant[]) => {
  const ids = [...new Set(merchants.flatMap(({ channel_account_ids }) => channel_account_ids))];
  const found = await Promise.all(
    ids.map(async (id): Promise<Candidate[]> => {
      const account = await deps.account(id);
      const kind = account && deps.channelKind(account.channel);
      return kind ? [{ account, kind }] : [];
    }),
  );
  return new Map(found.flat().map((candidate) => [candidate.account.id, candidate]));
};

const playedOf = async ({ profile }: Deps, payments: readonly Payment[], date: string): Promise<Played[]> =>
  (
    await Promise.all(
      payments.map(async (payment): Promise<Played[]> => {
        const { app_id, product_code } = payment;
        const found = product_code === undefined ? undefined : await profile(app_id, product_code);
        return payment.attempts
          .filter((attempt) => isWinner(attempt) && attempt.receipt?.flow_date === date)
          .map((attempt) => ({
            payment,
            attempt,
            businessType: found && versionAt(found, attempt.created_at).business_type,
          }));
      }),
    )
  ).flat();

/** Plays a day's payments again under other rules: what they would have cost, and how likely they would have gone well. */
export const replayDay = async (deps: Deps, asked: Asked): Promise<Simulated & { readonly whole: boolean }> => {
  const merchants = await deps.merchantsOf(asked.app_id);
  const candidates = await candidatesFor(deps, merchants);
  const unknown = asked.rules.flatMap(({ prefer }) => prefer).find((each) => !candidates.has(each.channel_account_id));
  if (unknown)
    throw new Failure('invalid_request', {
      errors: [{ pointer: '/rules', detail: `no merchant of the app has ${unknown.channel_account_id}` }],
    });
  const ids = [...candidates.keys()];
  const { payments, isWhole } = await readDay(deps, ids, asked);
  const healths = new Map<string, Health | undefined>(
    await Promise.all(ids.map(async (id) => [id, await deps.health(id)] as const)),
  );
  const played = await playedOf(deps, payments, asked.date);
  const accountsOf = new Map<string, Merchant['channel_account_ids']>(
    merchants.map(({ id, channel_account_ids }) => [id, channel_account_ids]),
  );
  const result = simulated(played, {
    rules: asked,
    candidatesOf: (merchantId) => (accountsOf.get(merchantId) ?? []).flatMap((id) => candidates.get(id) ?? []),
    successOf: (id) => successOn(healths.get(id), asked.date),
  });
  return { ...result, whole: isWhole };
};
