import type { ChannelAccount } from '#channels/account.ts';
import type { Capabilities, ChannelKind } from '#channels/channel.ts';
import { derivedId, type Id } from '#kernel/id.ts';
import type { Candidate } from '#routing/candidate.ts';
import type { Facts } from '#routing/condition.ts';
import type { Asked } from '#routing/decide.ts';
import type { Wellness } from '#routing/health.ts';
import { RoutingRule } from '#routing/rules.ts';

import * as given from '../given.ts';

export const accountId = (name: string): Id<'chn'> => derivedId('chn', name);

/** An account that takes so many parts per million. */
export const candidate = (
  name: string,
  ppm = 6_000,
  over: Partial<ChannelAccount> = {},
  can: Partial<Capabilities> = {},
): Candidate => ({
  account: given.channelAccount({
    id: accountId(name),
    name,
    cost: { rate_ppm: ppm, fixed: 0n, min: 0n },
    ...over,
  }),
  kind: { name: 'paper', capabilities: given.capabilities(can) } as unknown as ChannelKind,
});

export const facts = (over: Partial<Facts> = {}): Facts => ({
  method: 'wechat_native',
  amount: 10_000n,
  currency: 'CNY',
  merchantId: given.merchant().id,
  productCode: undefined,
  businessType: undefined,
  at: given.noon,
  ...over,
});

export const asked = (over: Partial<Asked> = {}): Asked => ({
  method: 'wechat_native',
  amount: 10_000n,
  currency: 'CNY',
  lot: given.payment().id,
  facts: facts(),
  ...over,
});

/** One rule, as an operator writes it; accounts by their names. */
export const rule = (over: Record<string, unknown> & { prefer?: string[]; exclude?: string[] }) => ({
  rules: [
    RoutingRule.parse({
      id: 'a_rule',
      ...over,
      prefer: (over.prefer ?? []).map((text) => {
        const [name = '', weight = '1'] = text.split(':');
        return { channel_account_id: accountId(name), weight: Number(weight) };
      }),
      exclude: (over.exclude ?? []).map(accountId),
    }),
  ],
});

export const well: Wellness = { state: 'closed', samples: 100, rate: 99, latencyMs: 120 };
